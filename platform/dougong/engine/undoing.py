"""Taking an operation back: what one import, conversion or mass change did, from the history that it left.

A record that was changed since stays as it is, and is named: its new state rests on what would be taken away. So does
a record that others have come to refer to. An undo that was interrupted goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from dougong.base.errors import BadRequest, Problem
from dougong.base.ids import record_id
from dougong.base.language import Message, msg
from dougong.engine import tables
from dougong.engine.actor import Actor
from dougong.engine.audit import Event, record
from dougong.engine.reading.readers import titles
from dougong.engine.saving.batch import Change, Delete, Restore, Saved, Update
from dougong.engine.saving.plan import plan_of
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

BATCH = 500
"""Records of one transaction of an undo."""


@dataclass
class Touched:
    """What an operation did to one record: its first action there, and what each field was before."""

    object: Object
    id: str
    action: str
    before: dict[str, Any] = field(default_factory=dict)


def touched(unit: Unit, operation: str) -> list[Touched]:
    """The records that an operation changed, in the order in which it first did; those that merely followed are not."""
    history = tables.history
    rows = unit.connection.execute(
        select(history.c.id, history.c.object, history.c.record_id, history.c.action, history.c.changes)
        .where(history.c.operation_id == operation, history.c.action != "derive")
        .order_by(history.c.id)
    )
    objects = {each.id: each for each in unit.runtime.model.objects.values()}
    found: dict[str, Touched] = {}
    for row in rows:
        obj = objects.get(row.object)
        if obj is None:
            continue
        each = found.setdefault(str(row.record_id), Touched(obj, str(row.record_id), row.action))
        names = _given(obj)
        for field_id, (old, _) in row.changes.items():
            if field_id in names:
                each.before.setdefault(names[field_id], old)
    return list(found.values())


def _given(obj: Object) -> Mapping[str, str]:
    """The names, by id, of the fields that somebody gives; what is always computed follows by itself."""
    return {
        each.id: each.name
        for each in obj.fields.values()
        if each.type.writable and not (each.compute is not None and each.compute.mode == "always")
    }


def changed_since(unit: Unit, operation: str, records: Sequence[Touched], mine: str = "") -> set[str]:
    """The ids of `records` that something else than the operation `mine` changed after `operation`."""
    history = tables.history
    last = {
        str(row[0]): row[1]
        for row in unit.connection.execute(
            select(history.c.record_id, func.max(history.c.version))
            .where(history.c.operation_id == operation)
            .group_by(history.c.record_id)
        )
    }
    later: set[str] = set()
    for ids in _chunks([each.id for each in records]):
        rows = unit.connection.execute(
            select(history.c.record_id, func.max(history.c.version))
            .where(
                history.c.record_id.in_(ids),
                history.c.operation_id.not_in([operation, *([mine] if mine else [])]),
                history.c.action != "derive",
            )
            .group_by(history.c.record_id)
        )
        later |= {str(row[0]) for row in rows if row[1] > last[str(row[0])]}
    return later


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def leaned_on(unit: Unit, records: Sequence[Touched], restored: Iterable[Touched]) -> set[str]:
    """The ids of `records` that others refer to, directly or over one another: these cannot go.

    What is `restored` beside them no longer refers to them by the fields that are put back.
    """
    back = {(each.id, name) for each in restored for name in each.before}
    going: dict[str, dict[str, Touched]] = {}
    for each in records:
        going.setdefault(each.object.name, {})[each.id] = each
    staying = {id for ids in going.values() for id in ids}
    pairs = [
        (id, parent)
        for name, found in going.items()
        for id, field_name, parent in _referring(unit, name, list(found))
        if (id, field_name) not in back
    ]
    kept: set[str] = set()
    while True:
        more = {parent for child, parent in pairs if parent not in kept and (child not in staying or child in kept)}
        if not more:
            return kept
        kept |= more


def _referring(unit: Unit, object_name: str, ids: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(id of a live record, the field by which it refers, id out of `ids` that it refers to)."""
    for child in unit.runtime.model.objects[object_name].children:
        plan = plan_of(unit.runtime, child.object)
        column, *kind = (plan.table.c[key] for key in plan.slots[child.field].keys)
        for some in _chunks(ids):
            live = [column.in_(some), plan.table.c.deleted_at.is_(None), *(each == object_name for each in kind)]
            for id, parent in unit.connection.execute(select(plan.table.c.id, column).where(*live)):
                if str(id) != str(parent):
                    yield str(id), child.field, str(parent)


def inverse(each: Touched) -> Change | None:
    """The change that takes one record back; None where there is nothing to take back."""
    match each.action:
        case "create" | "restore":
            return Delete(each.object.name, each.id)
        case "delete":
            return Restore(each.object.name, each.id)
    return Update(each.object.name, each.id, each.before) if each.before else None


def plan_undo(unit: Unit, operation: str, mine: str = "") -> tuple[list[Change], list[Message]]:
    """The changes that undo an operation, and why some records stay.

    `mine` is the operation of an undo that was interrupted: what it did is not done again.
    """
    records = touched(unit, operation)
    behind = {each.id for each in touched(unit, mine)} if mine else set()
    later = changed_since(unit, operation, records, mine)
    free = [each for each in records if each.id not in later and each.id not in behind]
    made = [each for each in free if each.action == "create"]
    needed = leaned_on(unit, made, [each for each in free if each.action != "create"])
    changed = [each for each in records if each.id in later]
    reasons = [
        *_named(unit, changed, lambda **names: msg("{object} {title} was changed since and stays.", **names)),
        *_named(
            unit,
            [each for each in free if each.id in needed],
            lambda **names: msg("{object} {title} is needed by other records and stays.", **names),
        ),
    ]
    free = [each for each in free if each.id not in needed]
    restored = [change for each in free if each.action != "create" and (change := inverse(each))]
    removed = [change for each in reversed(free) if each.action == "create" and (change := inverse(each))]
    return [*restored, *removed], reasons


def _named(unit: Unit, records: Sequence[Touched], say: Any) -> list[Message]:
    named: dict[str, set[str]] = {}
    for each in records:
        named.setdefault(each.object.name, set()).add(each.id)
    known = titles(unit, named)
    return [say(object=each.object.label, title=known.get((each.object.name, each.id), each.id)) for each in records]


def undo(company: Company, actor: Actor, operation: str, kinds: Iterable[str]) -> tuple[int, list[Message]]:
    """Take an operation of one of `kinds` back, in batches: how many records are as before, and what stayed and why.

    Raises:
        BadRequest: there is no such operation, it was taken back already, or its time has passed.
    """
    actor = replace(actor, channel="undo")
    mine, title = company.write(actor, lambda unit: _begin(unit, operation, tuple(kinds)))
    with company.read(actor) as unit:
        changes, kept = plan_undo(unit, operation, mine)
    done = 0
    for start in range(0, len(changes), BATCH):
        some = changes[start : start + BATCH]
        saved = company.write(actor, partial(_save, mine, some), title)
        done += len(saved.changes)
        kept += [problem.reason for problem in saved.problems]
    company.write(actor, lambda unit: mark_undone(unit, operation))
    return done, kept


def _save(operation: str, changes: Sequence[Change], unit: Unit) -> Saved:
    return unit.records.save(changes, partial=True, operation=operation, reverting=True)


def _begin(unit: Unit, operation: str, kinds: Sequence[str]) -> tuple[str, str]:
    """The operation of the undo, noted at the one that it takes back, and what that is called."""
    operations = tables.operations
    row = unit.connection.execute(select(operations).where(operations.c.id == operation)).first()
    if row is None or row.kind not in kinds or row.state == "undone":
        reason = msg("There is nothing to take back under {run}.", run=operation)
        raise BadRequest(Problem(code="undo-unknown", thing=operation, reason=reason))
    if row.undo_until is not None and row.undo_until < unit.now:
        reason = msg("The time to take {title} back has passed.", title=row.title)
        raise BadRequest(Problem(code="undo-late", thing=operation, reason=reason))
    details = dict(row.details or {})
    mine = details.setdefault("undo", record_id())
    unit.connection.execute(update(operations).where(operations.c.id == operation).values(details=details))
    return str(mine), str(row.title)


def mark_undone(unit: Unit, operation: str) -> None:
    """Note that an operation was taken back."""
    values: Mapping[str, Any] = {"state": "undone", "undone_at": unit.now}
    unit.connection.execute(update(tables.operations).where(tables.operations.c.id == operation).values(**values))
    unit.connection.execute(update(tables.imports).where(tables.imports.c.id == operation).values(state="undone"))
    record(unit, Event("taken_back", f"operation:{operation}"))
