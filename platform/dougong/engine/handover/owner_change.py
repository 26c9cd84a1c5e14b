"""A new owner for records: what follows them, and whether the former owner stays in their team."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import ColumnElement, Row, and_, or_, select

from dougong.base.errors import BadRequest, Problem
from dougong.base.ids import record_id
from dougong.base.language import msg
from dougong.engine.entering import may_enter
from dougong.engine.handover.holdings import followers
from dougong.engine.query import Condition, Query
from dougong.engine.reading.closed import closed
from dougong.engine.reading.covering import covered
from dougong.engine.rights.queues import owning
from dougong.engine.rights.shares import SHARES
from dougong.engine.saving.batch import Change, Create, Saved, Update
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Keep = Literal["", "read", "edit"]
"""What the former owner may do afterwards: nothing by this, see, or change."""

MOST = 500
"""How many records change hands at once."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Open records below those that change hands, of the same former owner, which the actor may transfer.

    `key` is ``object.lookup``. `elsewhere` counts those below that stay: closed, of other owners, or not the actor's
    to give; only such as the actor may see.
    """

    key: str
    object: Object
    ids: tuple[str, ...]
    elsewhere: int


@dataclass(frozen=True, slots=True)
class NewOwner:
    """What is asked for: records of one object go to `to`, with the followers named by their keys."""

    object: str
    ids: tuple[str, ...]
    to: str
    follow: tuple[str, ...] = ()
    keep: Keep = ""


def following(unit: Unit, obj: Object, ids: Sequence[str]) -> tuple[Follower, ...]:
    """What can follow the records to a new owner, as ``children_follow`` of the object says; none where there is none.

    Raises:
        NotFound: a record is not there, or the actor may not see it.
    """
    owners = _owners(unit, obj, ids)
    found = (_follower(unit, obj, child, lookup, owners) for child, lookup in followers(obj))
    return tuple(each for each in found if each is not None and (each.ids or each.elsewhere))


def change_owner(unit: Unit, wish: NewOwner) -> Saved:
    """Give records, what follows them, and the shares of their former owners, in one batch of the unit's transaction.

    Raises:
        NotFound, Forbidden, Rejected: as `Records.save`, all or none.
        BadRequest: too many records, or a follower that the object does not name.
    """
    obj = owned(unit, wish.object)
    if not wish.ids or len(wish.ids) > MOST:
        reason = msg("From one to {most} records can change hands at once.", most=MOST)
        raise BadRequest(Problem(code="owner-change-count", thing=wish.object, reason=reason))
    known = {f"{child}.{lookup}" for child, lookup in followers(obj)}
    if unknown := sorted(set(wish.follow) - known):
        reason = msg("{relation} does not follow {object}.", relation=unknown[0], object=obj.label)
        raise BadRequest(Problem(code="owner-change-follower", thing=wish.object, reason=reason))
    owners = _owners(unit, obj, wish.ids)
    moving = [id for id, owner in owners.items() if owner != wish.to]
    changes: list[Change] = [Update(obj.name, id, {"owner": wish.to}) for id in moving]
    taken = {(obj.name, id) for id in moving}
    for each in following(unit, obj, moving) if moving else ():
        if each.key in wish.follow and _may_own(unit, each.object, wish.to):
            fresh = [id for id in each.ids if (each.object.name, id) not in taken]
            taken |= {(each.object.name, id) for id in fresh}
            changes += [Update(each.object.name, id, {"owner": wish.to}) for id in fresh]
    if wish.keep and may_keep(unit, obj):
        former = {id: owner for id in moving if (owner := owners[id]) and _can_share(unit, owner)}
        changes += _shares(unit, obj, former, wish.keep)
    return unit.records.save(changes, operation=record_id())


def owned(unit: Unit, name: str) -> Object:
    """The object `name`, whose records have owners.

    Raises:
        BadRequest: they have none.
    """
    obj = unit.runtime.model.objects.get(name)
    if obj is None or obj.owner == "none":
        raise BadRequest(Problem(code="owner-none", thing=name, reason=msg("These records have no owner.")))
    return obj


def may_keep(unit: Unit, obj: Object) -> bool:
    """Whether records of `obj` can be shared, and by the actor."""
    shares = unit.runtime.model.objects.get(SHARES)
    return shares is not None and obj.name in shares.fields["record"].targets and unit.access.may("create", shares)


def _can_share(unit: Unit, user: str) -> bool:
    """Whether the former owner still works here: nobody else is put into a team."""
    found = unit.records.query(Query(object="user", where=Condition("id", "is", user), limit=1))
    return bool(found.rows) and may_enter(unit.records.get("user", user).values)


def _may_own(unit: Unit, obj: Object, to: str) -> bool:
    """Whether records of `obj` can follow to the new owner: to a queue only those that it may own."""
    queues = {each.record for each in unit.runtime.model.rights.queues.values()}
    return to not in queues or to in owning(unit.runtime.model, obj)


def _owners(unit: Unit, obj: Object, ids: Sequence[str]) -> dict[str, str | None]:
    """The present owners by record; reading each through the door, so that what is hidden is not found."""
    found = {}
    for id in dict.fromkeys(ids):
        owner = unit.records.get(obj.name, id).values.get("owner")
        found[id] = owner.id if owner is not None else None
    return found


def _follower(unit: Unit, obj: Object, child: str, lookup: str, owners: dict[str, str | None]) -> Follower | None:
    other = unit.runtime.model.objects.get(child)
    if other is None or other.owner == "none" or not unit.access.may("read", other):
        return None
    field = other.fields.get(lookup)
    if field is None or not unit.access.may_field("read", other, field):
        return None
    plan = plan_of(unit.runtime, child)
    rows = _below(unit, plan, obj, lookup, owners)
    mine = [str(row.id) for row in rows if not row.closed and row.owner_id and row.owner_id == owners[str(row.above)]]
    allowed = covered(unit, "transfer", other, mine)
    ids = tuple(id for id in mine if id in allowed)
    return Follower(f"{child}.{lookup}", other, ids, len(rows) - len(ids))


def _below(unit: Unit, plan: ObjectPlan, obj: Object, lookup: str, above: Iterable[str]) -> Sequence[Row[Any]]:
    keys = plan.slots[lookup].keys
    table, column = plan.table, plan.table.c[keys[0]]
    wanted: list[ColumnElement[bool]] = [column.in_(list(above)), table.c.deleted_at.is_(None)]
    if len(keys) > 1:
        wanted.append(table.c[keys[1]] == obj.name)
    visible = unit.access.visible("read", plan.object, table)
    asked = select(table.c.id, table.c.owner_id, column.label("above"), closed(plan).label("closed"))
    return unit.connection.execute(asked.where(*wanted, *([visible] if visible is not None else []))).all()


def _shares(unit: Unit, obj: Object, former: dict[str, str], keep: Keep) -> list[Change]:
    """Shares for the former owners; one that is there already is changed, and runs without end."""
    if not former:
        return []
    plan = plan_of(unit.runtime, SHARES)
    record, user = plan.slots["record"].keys, plan.slots["user"].keys[0]
    pairs = [and_(plan.table.c[record[0]] == id, plan.table.c[user] == owner) for id, owner in former.items()]
    asked = select(plan.table.c.id, plan.table.c[record[0]]).where(or_(*pairs), plan.table.c.deleted_at.is_(None))
    known = {str(above): str(id) for id, above in unit.connection.execute(asked)}
    changes: list[Change] = []
    for id, owner in former.items():
        if id in known:
            changes.append(Update(SHARES, known[id], {"level": keep, "team_role": None, "until": None}))
        else:
            about = {"object": obj.name, "id": id}
            changes.append(Create(SHARES, {"record": about, "user": owner, "level": keep}))
    return changes
