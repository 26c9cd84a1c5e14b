"""Who else has a record: its team and its shares, with what hangs on it shared in one go, and ended together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import BadRequest, NotFound, Problem
from dougong.base.language import msg
from dougong.engine.handover.holdings import followers
from dougong.engine.query import All, Condition, Query, Row, Sort
from dougong.engine.reading.covering import covered
from dougong.engine.rights.shares import SHARES
from dougong.engine.saving.batch import Change, Create, Delete
from dougong.engine.saving.plan import plan_of
from dougong.engine.tables import history
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MOST = 200
"""How many shares of a record are listed, and how many records below it are shared with it at once."""

COLUMNS = ("title", "user", "group", "department", "below", "role", "team_role", "level", "until", "reason")
"""What is told of a share."""


@dataclass(frozen=True, slots=True)
class Below:
    """Records below one that can be shared with it. `seen`: whoever sees the record sees these anyway."""

    key: str
    object: Object
    ids: tuple[str, ...]
    seen: bool


def shareable(unit: Unit, obj: Object) -> bool:
    """Whether records of `obj` can be shared, and the actor may see shares."""
    shares = unit.runtime.model.objects.get(SHARES)
    return shares is not None and obj.name in shares.fields["record"].targets and unit.access.may("read", shares)


def shares_of(unit: Unit, obj: Object, id: str) -> tuple[tuple[str, ...], Sequence[Row]]:
    """The columns that the actor may read, and the shares of a record, those without an end first."""
    where = All((Condition("record", "is", f"{obj.name}:{id}"),))
    page = unit.records.query(
        Query(object=SHARES, columns=COLUMNS, where=where, sort=(Sort("created_at"), Sort("id")), limit=MOST)
    )
    return page.columns, page.rows


def below(unit: Unit, obj: Object, id: str) -> tuple[Below, ...]:
    """What can be shared with a record: as its object's ``children_follow`` says, what the actor may change."""
    shares = unit.runtime.model.objects[SHARES].fields["record"].targets
    found: list[Below] = []
    for child, lookup in followers(obj):
        other = unit.runtime.model.objects.get(child)
        field = other.fields.get(lookup) if other else None
        if other is None or field is None or not unit.access.may_field("read", other, field):
            continue
        seen = other.access.get("default") == "by_parent" and other.access.get("parent") == lookup
        if seen or child in shares:
            ids = () if seen else _ids(unit, obj, id, other, lookup)
            if seen or ids:
                found.append(Below(f"{child}.{lookup}", other, ids, seen))
    return tuple(found)


def _ids(unit: Unit, obj: Object, id: str, other: Object, lookup: str) -> tuple[str, ...]:
    plan = plan_of(unit.runtime, other.name)
    keys = plan.slots[lookup].keys
    wanted = [plan.table.c[keys[0]] == id, plan.table.c.deleted_at.is_(None)]
    if len(keys) > 1:
        wanted.append(plan.table.c[keys[1]] == obj.name)
    asked = select(plan.table.c.id).where(*wanted).order_by(plan.table.c.id).limit(MOST)
    ids = [str(each) for each in unit.connection.scalars(asked)]
    allowed = covered(unit, "read", other, ids) & covered(unit, "edit", other, ids)
    return tuple(each for each in ids if each in allowed)


def share(unit: Unit, obj: Object, id: str, values: Mapping[str, Any], also: Sequence[str] = ()) -> int:
    """Share a record, and with it what stands below it by the relations `also`; how many records that were.

    Raises:
        NotFound, Forbidden, Rejected: as `Records.save`, all or none.
        BadRequest: a relation that nothing can be shared by.
    """
    unit.records.get(obj.name, id)
    found = {each.key: each for each in below(unit, obj, id)}
    changes: list[Change] = [Create(SHARES, {**values, "record": {"object": obj.name, "id": id}})]
    for key in dict.fromkeys(also):
        if key not in found:
            reason = msg("{relation} does not follow {object}.", relation=key, object=obj.label)
            raise BadRequest(Problem(code="owner-change-follower", thing=obj.name, reason=reason))
        each = found[key]
        changes += [Create(SHARES, {**values, "record": {"object": each.object.name, "id": it}}) for it in each.ids]
    return len(unit.records.save(changes).changes)


def end(unit: Unit, obj: Object, id: str, share_id: str) -> int:
    """End a share of a record, and those that were made together with it; how many that were.

    Raises:
        NotFound: the record has no such share.
        Forbidden: the actor may not end it.
    """
    if share_id not in {row.id for row in shares_of(unit, obj, id)[1]}:
        raise NotFound(Problem(code="record-missing", thing=share_id, reason=msg("There is no such page.")))
    together = {share_id, *_made_with(unit, share_id)}
    known = covered(unit, "delete", unit.runtime.model.objects[SHARES], sorted(together))
    plan = plan_of(unit.runtime, SHARES)
    live = select(plan.table.c.id).where(plan.table.c.id.in_(known), plan.table.c.deleted_at.is_(None))
    ids = {share_id} | {str(each) for each in unit.connection.scalars(live)}
    return len(unit.records.save([Delete(SHARES, each) for each in sorted(ids)]).changes)


def _made_with(unit: Unit, share_id: str) -> set[str]:
    """The shares that were made in the same operation."""
    of = unit.runtime.model.objects[SHARES].id
    operation = unit.connection.scalar(
        select(history.c.operation_id).where(history.c.record_id == share_id, history.c.action == "create")
    )
    if operation is None:
        return set()
    asked = select(history.c.record_id).where(
        history.c.operation_id == operation, history.c.object == of, history.c.action == "create",
        history.c.channel.in_(("form", "api")),
    )  # fmt: skip
    return {str(each) for each in unit.connection.scalars(asked)}
