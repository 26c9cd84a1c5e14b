"""The user records of queues: what a publish makes, changes and switches off of them, and what nobody else may.

A queue of the metadata is a user of a kind of its own, whose id follows from the queue's. Its name, kind and being
active come from the metadata; its place in the company and the people in it are set like any other value. A queue that
leaves the metadata is switched off, and keeps what it owns; one that comes back is switched on again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from dougong.base.errors import Conflict, DougongError, Place, Problem
from dougong.base.language import label, msg
from dougong.engine.actor import PUBLISHING
from dougong.engine.entering import ACTIVE, FROZEN, KIND, USER, is_queue
from dougong.engine.saving.batch import Change, Create, Update
from dougong.metadata.model import Model
from dougong.metadata.rights import QUEUE_KIND, Queue

if TYPE_CHECKING:
    from dougong.engine.saving.row import Row
    from dougong.engine.unit import Unit

OF_METADATA = ("name", KIND, "queue", ACTIVE)
"""Fields of a queue's record that publishing alone sets."""

OF_PEOPLE = (
    "login", "frozen", "employee_no", "email", "mobile", "departments", "position", "roles", "permission_sets",
    "language", "time_zone",
)  # fmt: skip
"""Fields of users that a queue has no value in: nobody signs in as it, writes to it, or gives it rights."""

OF_QUEUES = ("queue", "queue_members")
"""Fields of users that a person has no value in."""


class QueuesRefused(Conflict):
    """Users of this company cannot be queues as things stand; nothing is published."""


@dataclass(frozen=True, slots=True)
class QueueChanges:
    """The queues that a publish makes or changes, and the records of those that leave the metadata."""

    coming: tuple[Queue, ...]
    retired: tuple[Queue, ...]


def queue_changes(before: Model, after: Model) -> QueueChanges:
    """What becomes of the queues between two revisions."""
    old = {each.record: each for each in before.rights.queues.values()}
    new = {each.record: each for each in after.rights.queues.values()}
    coming = tuple(each for id, each in new.items() if id not in old or _said(old[id]) != _said(each))
    return QueueChanges(coming, tuple(each for id, each in old.items() if id not in new))


def _said(queue: Queue) -> tuple[object, ...]:
    return queue.name, dict(queue.label)


def write(unit: Unit, changes: QueueChanges) -> None:
    """Carry the changes out, in the unit's transaction; its actor publishes. Names that are given up go first.

    Raises:
        QueuesRefused: a rule of the company about users stands against it.
    """
    if USER not in unit.runtime.storage.tables:
        return
    known = _stored(unit, [each.record for each in (*changes.retired, *changes.coming)])
    gone = _fitting(unit, {ACTIVE: False, "queue": None})
    retiring: list[Change] = [Update(USER, each.record, gone) for each in changes.retired if each.record in known]
    coming = [_change(unit, each, each.record in known) for each in changes.coming]
    for batch in (retiring, coming):
        if batch:
            try:
                unit.records.save(batch)
            except DougongError as error:
                raise QueuesRefused([_at_users(each) for each in error.problems]) from error


def _change(unit: Unit, queue: Queue, there: bool) -> Change:
    name = label(queue.label, unit.company.language, queue.name)
    values = _fitting(unit, {"name": name, KIND: QUEUE_KIND, "queue": queue.name, ACTIVE: True})
    if there:
        return Update(USER, queue.record, values)
    blank = _fitting(unit, {**dict.fromkeys(OF_PEOPLE), FROZEN: False})
    return Create(USER, {**blank, **values}, id=queue.record)


def _fitting(unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that users of this company have a field for."""
    fields = unit.runtime.model.objects[USER].fields
    return {name: value for name, value in values.items() if name in fields}


def _at_users(problem: Problem) -> Problem:
    """A problem of saving, told of the object rather than of a row that nobody sees."""
    return replace(problem, thing=f"object:{USER}", place=Place(field=problem.place.field))


def _stored(unit: Unit, ids: Iterable[str]) -> set[str]:
    table = unit.runtime.storage.tables[USER].table
    return set(unit.connection.scalars(select(table.c.id).where(table.c.id.in_(list(ids)))))


def owned_by(unit: Unit, queue: Queue) -> int:
    """How many live records a queue owns."""
    count = 0
    for records in unit.runtime.storage.tables.values():
        if records.object.owner == "user_or_queue":
            mine = records.table.c.owner_id == queue.record, records.table.c.deleted_at.is_(None)
            count += unit.connection.scalar(select(func.count()).select_from(records.table).where(*mine)) or 0
    return count


# -- what nobody else may -----------------------------------------------------------------------------------------
def check(unit: Unit, rows: Iterable[Row]) -> None:
    """Note at rows of users what would make a queue of a person, a person of a queue, or mix what belongs to each."""
    for row in rows:
        if row.plan.name == USER and row.doing in ("create", "update"):
            was, will = is_queue(row.before), is_queue(row.values)
            if unit.actor.channel != PUBLISHING and (was or will):
                _check_metadata(row, will and not was)
            _check_blank(row, OF_PEOPLE if will else OF_QUEUES)


def _check_metadata(row: Row, made: bool) -> None:
    changed = next((name for name in OF_METADATA if row.differs(name)), None)
    if made:
        reason = msg("A queue is no person: it comes from the metadata.")
        row.refuse("queue-of-metadata", reason, msg("Add a queue under Roles and rights, and publish it."), at=KIND)
    elif changed is not None:
        said = row.plan.object.fields[changed].label
        reason = msg("{label} of a queue comes from the metadata.", label=said)
        row.refuse("queue-of-metadata", reason, msg("Change the queue under Roles and rights."), at=changed)


def _check_blank(row: Row, names: tuple[str, ...]) -> None:
    for name in names:
        field = row.plan.object.fields.get(name)
        if field is None or not row.values.get(name) or (row.doing == "update" and not _due(row, name)):
            continue
        if names is OF_QUEUES:
            row.refuse("queue-alone", msg("{label} is for queues alone.", label=field.label), at=name)
        else:
            row.refuse("queue-no-person", msg("A queue has no {label}.", label=field.label), at=name)


def _due(row: Row, name: str) -> bool:
    return row.differs(name) or row.differs(KIND)
