"""Whoever changes an owner, and however: since when they have the record, and what entered or left a pool, is kept."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from dougong.base.ids import record_id
from dougong.engine.dialects.statements import upsert
from dougong.engine.unit import Unit
from dougong.metadata.model import Model
from dougong.metadata.pool import Pool
from dougong.workflows.pools.facts import pools_of, today
from dougong.workflows.pools.tables import events, holds

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row

CAUSE = "pool cause"
"""Under what name a unit's memory has the `Cause` of the owner changes that it makes."""

TOGETHER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a pool changes owners: ``claimed``, ``assigned``, ``returned``, ``reclaimed`` or ``moved``."""

    event: str
    reason: str = ""
    rule: str | None = None


def indifferent(model: Model, object_name: str, fields: Set[str]) -> bool:
    """Whether a change of these fields of an object's records says nothing to pools."""
    return "owner" not in fields or not any(each.object == object_name for each in model.workflows.pools.values())


def after_save(unit: Unit, rows: Sequence[Row]) -> None:
    """Keep what changes of owners mean."""
    known = {each.object for each in unit.runtime.model.workflows.pools.values()}
    changed = [
        row
        for row in rows
        if row.plan.name in known and row.doing in ("create", "update", "restore") and (row.new or row.differs("owner"))
    ]
    for start in range(0, len(changed), TOGETHER):
        _keep(unit, changed[start : start + TOGETHER])


def _keep(unit: Unit, rows: Sequence[Row]) -> None:
    cause = unit.memory.get(CAUSE)
    held, noted = [], []
    for row in rows:
        before, now = _owner(row.before), _owner(row.values)
        accounts = {each.account: each for each in pools_of(unit, row.plan.name)}
        if now is not None:
            held.append(_hold(unit, row, now, _gained(cause, accounts, before, now)))
        if before in accounts or now in accounts:
            noted.append(_event(unit, row, cause, accounts, before, now))
    if held:
        known = upsert(unit.connection.dialect.name, holds).values(held)
        renewed = {name: known.excluded[name] for name in held[0] if name not in ("object", "record_id")}
        unit.connection.execute(known.on_conflict_do_update(index_elements=["object", "record_id"], set_=renewed))
    if noted:
        unit.connection.execute(insert(events), noted)


def _owner(values: Any) -> str | None:
    found = values.get("owner") if values else None
    return getattr(found, "id", found)


def _gained(cause: Cause | None, accounts: dict[str, Pool], before: str | None, now: str) -> str:
    if now in accounts:
        return "pool"
    if cause is not None and cause.event in ("claimed", "assigned"):
        return cause.event
    return "assigned" if before in accounts else "other"


def _hold(unit: Unit, row: Row, owner: str, gained: str) -> dict[str, Any]:
    blank = {"warned_rule": None, "warned_due": None, "warned_on": None}
    own = {"object": row.plan.object.id, "record_id": row.id, "owner_id": owner, "since": unit.now, "gained": gained}
    return own | blank


def _event(
    unit: Unit, row: Row, cause: Cause | None, accounts: dict[str, Pool], before: str | None, now: str | None
) -> dict[str, Any]:
    entered = now in accounts
    pool = accounts[now if entered else before]  # type: ignore[index]
    usual = "entered" if entered else "claimed" if now is not None and now == unit.actor.user_id else "assigned"
    other = before if entered else now
    return {
        "id": record_id(), "object": row.plan.object.id, "record_id": row.id, "pool": pool.name,
        "event": cause.event if cause is not None else usual, "person": None if other in accounts else other,
        "by": unit.actor.user_id, "rule": cause.rule if cause is not None else None,
        "reason": cause.reason if cause is not None else unit.why, "day": today(unit), "at": unit.now,
    }  # fmt: skip
