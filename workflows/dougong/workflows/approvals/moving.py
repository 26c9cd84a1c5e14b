"""Approvals that run are moved to the version of their definition in force: looked at first, then one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from dougong.base.errors import Forbidden, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.audit import Event
from dougong.engine.audit import record as audited
from dougong.engine.dialects.among import among
from dougong.metadata.approval import Approval
from dougong.metadata.component import content_hash
from dougong.metadata.model import Object
from dougong.workflows.approvals import binding, carrying, definitions, gates, machine, running, seeing, tasks
from dougong.workflows.approvals.carrying import Carrying
from dougong.workflows.approvals.lists import names_of
from dougong.workflows.approvals.machine.moving import NOTHING_STATED
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.running import OPEN, Running
from dougong.workflows.approvals.state import State
from dougong.workflows.approvals.tables import instances
from dougong.workflows.approvals.told import Person
from dougong.workflows.approvals.world import CompanyWorld
from dougong.workflows.pinning import pin

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from dougong.engine.unit import Unit

PAGE = 50
"""Approvals that are looked at at once: each asks the company who would decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movable:
    """One approval that runs on an earlier version, and what its move comes to; `number` is of its last act."""

    instance: str
    title: str
    initiator: Person
    number: int
    moved: machine.Moved
    old: Approval | None
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """A page of the approvals that run on earlier versions of `new`, whose hash is `digest`; `count` are all of them.

    `people` are the names of all who occur.
    """

    new: Approval
    digest: str
    count: int
    rows: tuple[Movable, ...]
    people: Mapping[str, Person]
    next: str


def preview(
    unit: Unit, name: str, *, ids: Sequence[str] = (), stated: Mapping[str, str] = NOTHING_STATED, after: str = ""
) -> Moves:
    """What moving the approvals of this name that run on earlier versions comes to, the oldest first.

    `ids` are those looked at, at most `PAGE`; `after` is the last of the page before. Nothing is written.

    Raises:
        Forbidden: the actor may not rescue approvals.
        NotFound: there is no approval of this name in force.
    """
    new = _in_force(unit, name)
    digest = content_hash(new.body)
    earlier = _earlier(name, digest)
    asked = select(*running.COLUMNS).where(*earlier).order_by(instances.c.id).limit(PAGE + 1)
    if after:
        asked = asked.where(instances.c.id > after)
    if ids:
        asked = asked.where(among(instances.c.id, "ids"))
    held = [running.read(row) for row in unit.connection.execute(asked, {"ids": list(ids)} if ids else {})]
    people = People(unit)
    rows = tuple(_movable(unit, people, each, new, stated) for each in held[:PAGE])
    return Moves(
        new=new,
        digest=digest,
        count=int(unit.connection.scalar(select(func.count()).where(*earlier)) or 0),
        rows=rows,
        people=names_of(people, sorted({id for row in rows for id in _named(row)})),
        next=held[PAGE - 1].id if len(held) > PAGE else "",
    )


def _earlier(name: str, digest: str) -> tuple[ColumnElement[bool], ...]:
    columns = instances.c
    return (columns.approval == name, columns.status.in_(OPEN), columns.definition != digest)


def _named(row: Movable) -> set[str]:
    after = () if row.moved.led_to is None else row.moved.led_to.state.visits
    return {entry.person for visit in (*row.state.visits, *after) for entry in visit.entries}


def _in_force(unit: Unit, name: str) -> Approval:
    if not seeing.may_rescue(unit):
        reason = msg("Approvals are moved to a new version by those who manage users.")
        raise Forbidden(Problem(code="not-allowed", reason=reason))
    return definitions.in_force(unit, name)


def _movable(unit: Unit, people: People, held: Running, new: Approval, stated: Mapping[str, str]) -> Movable:
    return Movable(
        instance=held.id,
        title=held.title,
        initiator=Person(id=held.initiator, name=people.name(held.initiator), active=people.active(held.initiator)),
        number=held.number,
        moved=_moved(unit, held, new, stated),
        old=held.pinned(unit),
        state=held.state,
    )


def _moved(unit: Unit, held: Running, new: Approval, stated: Mapping[str, str]) -> machine.Moved:
    """What a move comes to; refused where the record is gone or the definition cannot be read."""
    old, obj = held.pinned(unit), held.of(unit)
    if old is None or obj is None or obj.name != new.object:
        return machine.Moved(refused=carrying.unreadable(held).problems)
    values = gates.as_it_would_be(unit, obj, held)
    if not values:
        return machine.Moved(refused=carrying.gone(held).problems)
    return machine.move(old, held.state, new, CompanyWorld(unit, obj, values, held.initiator, new), stated)


def move(
    unit: Unit,
    id: str,
    *,
    to: str,
    number: int,
    why: str,
    stated: Mapping[str, str] = NOTHING_STATED,
) -> Running:
    """Move one approval to the version in force, whose hash `to` and state `number` are those that were looked at.

    Raises:
        Forbidden: the actor may not rescue approvals.
        NotFound: there is no such approval, or none of this name in force.
        Conflict: somebody acted on it, or another version was published, since it was looked at.
        Rejected: it cannot be moved, or no reason was given.
    """
    if not why.strip():
        reason = msg("Say why they are moved: it stands in the log of each.")
        raise Rejected(Problem(code="approval-move-why", thing="why", reason=reason))
    held = running.find(unit, id, lock=True)
    new = _in_force(unit, held.approval)
    _require_same(held, content_hash(new.body), to, number)
    old, obj = held.pinned(unit), held.of(unit)
    moved = _moved(unit, held, new, stated)
    if moved.led_to is None or old is None or obj is None:
        raise Rejected(moved.refused)
    was = held.definition
    held = _rebound(unit, replace(held, definition=pin(unit, new.body)), old, new, obj)
    carried = Carrying(unit, held, new)
    after = carried.take_over(moved.led_to)
    tasks.renamed(unit, new, after)
    _note(unit, after, was, moved, why)
    return after


def _require_same(held: Running, digest: str, to: str, number: int) -> None:
    if digest != to or held.number != number or held.definition == digest:
        raise running.acted_meanwhile(held)


def _rebound(unit: Unit, held: Running, old: Approval, new: Approval, obj: Object) -> Running:
    """What the new version binds beside: as it is now. What was bound before stays as people saw it."""
    wanted = [{each.id for each in binding.bound_fields(of, obj)} for of in (old, new)]
    if wanted[0] == wanted[1] and binding.line_objects(old, obj) == binding.line_objects(new, obj):
        return held
    seen = binding.kept(unit.connection, [held.id]).get(held.id, ())
    before = seen[-1].values if seen else {}
    now = binding.take(unit, new, obj, gates.as_it_would_be(unit, obj, held)).values
    snapshot = binding.Snapshot({key: before.get(key, value) for key, value in now.items()})
    binding.keep(unit.connection, held.id, held.round, snapshot, unit.now)
    return replace(held, snapshot=snapshot.hash)


def _note(unit: Unit, held: Running, was: str, moved: machine.Moved, why: str) -> None:
    """The act, in the trail of the approval and in the audit log."""
    details = {
        "from": was,
        "to": held.definition,
        "steps": {each.old: each.new for each in moved.steps if each.old != each.new},
        "dropped": [each.person for each in moved.dropped],
        "added": [each.person for each in moved.added],
    }
    carrying.write_log(unit, held, name="move", by=unit.actor.user_id or "", opinion=why.strip(), details=details)
    data = {"approval": held.approval, "record": held.record_id, "from": was, "to": held.definition}
    audited(unit, Event("approval_moved", target=f"approval/{held.id}", data=data, why=why.strip()))
