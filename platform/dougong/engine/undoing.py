"""Taking an operation back: what one import, conversion or mass change did, from the history that it left.

A record that was changed since stays as it is, and is named: its new state rests on what would be taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from dougong.base.errors import BadRequest, Problem
from dougong.base.ids import record_id
from dougong.base.language import Message, msg
from dougong.engine import tables
from dougong.engine.reading.readers import titles
from dougong.engine.saving.batch import Change, Delete, Restore, Update
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
    first: str
    before: dict[str, Any] = field(default_factory=dict)


def touched(unit: Unit, operation: str) -> list[Touched]:
    """The records that an operation changed, in the order in which it first did."""
    history = tables.history
    rows = unit.connection.execute(
        select(history.c.id, history.c.object, history.c.record_id, history.c.action, history.c.changes)
        .where(history.c.operation_id == operation)
        .order_by(history.c.id)
    )
    objects = {each.id: each for each in unit.runtime.model.objects.values()}
    found: dict[str, Touched] = {}
    for row in rows:
        obj = objects.get(row.object)
        if obj is None:
            continue
        each = found.setdefault(row.record_id, Touched(obj, row.record_id, row.action, row.id))
        names = {known.id: known.name for known in obj.fields.values() if known.type.writable}
        for field_id, (old, _) in row.changes.items():
            if field_id in names:
                each.before.setdefault(names[field_id], old)
    return list(found.values())


def changed_since(unit: Unit, operation: str, records: Sequence[Touched]) -> set[str]:
    """The ids of `records` that something else changed after the operation."""
    history = tables.history
    last = {
        row[0]: row[1]
        for row in unit.connection.execute(
            select(history.c.record_id, func.max(history.c.version))
            .where(history.c.operation_id == operation)
            .group_by(history.c.record_id)
        )
    }
    later: set[str] = set()
    ids = [each.id for each in records]
    for start in range(0, len(ids), BATCH):
        rows = unit.connection.execute(
            select(history.c.record_id, func.max(history.c.version))
            .where(
                history.c.record_id.in_(ids[start : start + BATCH]),
                history.c.operation_id != operation,
                history.c.action != "derive",
            )
            .group_by(history.c.record_id)
        )
        later |= {row[0] for row in rows if row[1] > last[row[0]]}
    return later


def inverse(each: Touched) -> Change | None:
    """The change that takes one record back; None where there is nothing to take back."""
    match each.action:
        case "create":
            return Delete(each.object.name, each.id)
        case "delete":
            return Restore(each.object.name, each.id)
        case "restore":
            return Delete(each.object.name, each.id)
    return Update(each.object.name, each.id, each.before) if each.before else None


def plan_undo(unit: Unit, operation: str) -> tuple[list[Change], list[Message]]:
    """The changes that undo an operation, and the records that stay because they were changed since."""
    records = touched(unit, operation)
    later = changed_since(unit, operation, records)
    kept = [each for each in records if each.id in later]
    named: dict[str, set[str]] = {}
    for each in kept:
        named.setdefault(each.object.name, set()).add(each.id)
    known = titles(unit, named)
    reasons = [
        msg(
            "{object} {title} was changed since and stays.",
            object=each.object.label,
            title=known.get((each.object.name, each.id), each.id),
        )
        for each in kept
    ]
    free = [each for each in records if each.id not in later]
    restored = [change for each in free if each.action != "create" and (change := inverse(each))]
    removed = [change for each in reversed(free) if each.action == "create" and (change := inverse(each))]
    return [*restored, *removed], reasons


def undo(company: Company, actor: Any, operation: str, kinds: Iterable[str]) -> tuple[int, list[Message]]:
    """Take an operation of one of `kinds` back, in batches: how many records are as before, and what stayed.

    Raises:
        BadRequest: there is no such operation, or it was taken back already.
    """
    with company.read(actor) as unit:
        row = unit.connection.execute(select(tables.operations).where(tables.operations.c.id == operation)).first()
        if row is None or row.kind not in kinds or row.state == "undone":
            reason = msg("There is nothing to take back under {run}.", run=operation)
            raise BadRequest(Problem(code="undo-unknown", thing=operation, reason=reason))
        if row.undo_until is not None and row.undo_until < unit.now:
            reason = msg("The time to take {title} back has passed.", title=row.title)
            raise BadRequest(Problem(code="undo-late", thing=operation, reason=reason))
        changes, kept = plan_undo(unit, operation)
    mine = record_id()
    done = 0
    problems: list[Message] = []
    for start in range(0, len(changes), BATCH):
        saved = company.write(
            actor,
            lambda unit, start=start: unit.records.save(changes[start : start + BATCH], partial=True, operation=mine),  # type: ignore[misc]
            why=f"undo {row.kind} {row.title}",
        )
        done += len(saved.changes)
        problems += [problem.reason for problem in saved.problems]
    company.write(actor, lambda unit: mark_undone(unit, operation))
    return done, [*kept, *problems]


def mark_undone(unit: Unit, operation: str) -> None:
    """Note that an operation was taken back."""
    values: Mapping[str, Any] = {"state": "undone", "undone_at": unit.now}
    unit.connection.execute(update(tables.operations).where(tables.operations.c.id == operation).values(**values))
    unit.connection.execute(update(tables.imports).where(tables.imports.c.id == operation).values(state="undone"))
