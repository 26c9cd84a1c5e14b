"""One approval that runs, as it is read, locked and written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from dougong.base.errors import Conflict, NotFound, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine.dialects.among import among
from dougong.engine.saving.plan import plan_of
from dougong.metadata.approval import Approval
from dougong.metadata.model import Object
from dougong.workflows.approvals import definitions
from dougong.workflows.approvals.state import State
from dougong.workflows.approvals.state_json import from_json, to_json
from dougong.workflows.approvals.tables import instances

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

OPEN = ("open", "returned")
"""The statuses of approvals that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A row of `dg_approval`, its state read. `gated` is the change that waits for the approval."""

    id: str
    approval: str
    definition: str
    object: str
    record_id: str
    title: str
    initiator: str
    status: str
    state: State
    round: int
    snapshot: str
    gated: Mapping[str, Any] | None
    parent: str | None
    parent_visit: int | None
    started_at: datetime
    ended_at: datetime | None
    number: int

    def of(self, unit: Unit) -> Object | None:
        """The object of the record, where the application still has it."""
        return next((each for each in unit.runtime.model.objects.values() if each.id == self.object), None)

    def pinned(self, unit: Unit) -> Approval | None:
        """The definition that it goes on with; None where that can no longer be read."""
        return definitions.pinned(unit, self.approval, self.definition)


COLUMNS = tuple(instances.c[name] for name in Running.__slots__)


def read(row: Any) -> Running:
    """The approval in a row of `COLUMNS`."""
    values = dict(zip(Running.__slots__, row, strict=True))
    return Running(**{**values, "state": from_json(values["state"])})


def acted_meanwhile(held: Running) -> Conflict:
    """What is said where an approval is not any more as whoever decides saw it."""
    return Conflict(
        Problem(
            code="approval-moved",
            reason=msg("Somebody else acted on this approval a moment ago."),
            fix=msg("Look at it as it is now, and decide again."),
            thing=f"approval/{held.id}",
        )
    )


def find(unit: Unit, id: str, lock: bool = False) -> Running:
    """One approval; with `lock` nobody else acts on it until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    row = None
    if is_record_id(id):
        statement = select(*COLUMNS).where(instances.c.id == id)
        row = unit.connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    if row is None:
        raise unknown(id)
    return read(row)


def unknown(id: str) -> NotFound:
    """What is said of an approval that is not there, or that the asker may not know of."""
    return NotFound(Problem(code="approval-unknown", thing=f"approval/{id}", reason=msg("There is no such approval.")))


def of_records(unit: Unit, ids: Sequence[str], *, open_only: bool) -> list[Running]:
    """The approvals of some records, the newest first."""
    found = select(*COLUMNS).where(among(instances.c.record_id, "ids")).order_by(instances.c.id.desc())
    if open_only:
        found = found.where(instances.c.ended_at.is_(None))
    return [read(row) for row in unit.connection.execute(found, {"ids": list(ids)})]


def begin(unit: Unit, running: Running) -> None:
    """Write a new approval."""
    unit.connection.execute(insert(instances).values(**_values(running)))


def write(unit: Unit, running: Running) -> Running:
    """Write what an act has changed; the approval as it is then."""
    after = replace(running, number=running.number + 1, round=running.state.round, status=running.state.status)
    if after.status not in OPEN and after.ended_at is None:
        after = replace(after, ended_at=unit.now)
    changed = {key: value for key, value in _values(after).items() if key != "id"}
    unit.connection.execute(update(instances).where(instances.c.id == after.id).values(**changed))
    return after


def rehashed(unit: Unit, held: Running, hash: str) -> Running:
    """Write what an approval is bound to in the end."""
    unit.connection.execute(update(instances).where(instances.c.id == held.id).values(snapshot=hash))
    return replace(held, snapshot=hash)


def _values(running: Running) -> dict[str, Any]:
    values = {name: getattr(running, name) for name in Running.__slots__}
    return {**values, "state": to_json(running.state), "gated": None if running.gated is None else dict(running.gated)}


def record_values(unit: Unit, obj: Object, record_id: str) -> Mapping[str, Any]:
    """The stored values of a record, whoever may see them; empty where it is gone."""
    plan = plan_of(unit.runtime, obj.name)
    row = unit.connection.execute(select(*plan.columns).where(plan.table.c.id == record_id)).one_or_none()
    return {} if row is None else plan.read(row)
