"""Records that travel with the metadata: what a publish adds, changes and retires of them, and the writing of it.

Rows are compared by the ids of their records, which follow from the ids of object and row: a renamed row is the same
record. They are written within the switch, by `Records.save` like any other record, so that rules, roll-ups, history
and search hold for them. A row that leaves the metadata is retired: it goes into the recycle bin, and what names it
goes on naming it. A row that comes back is taken out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from dougong.base.errors import Conflict, DougongError, Problem
from dougong.engine.actor import PUBLISHING, Actor
from dougong.engine.saving.batch import Change, Create, Delete, Restore, Update
from dougong.engine.saving.defaults import reference_of
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.related import AT_ONCE, Related
from dougong.engine.saving.row import Row
from dougong.metadata.model import Model, Object
from dougong.metadata.row_record import RowRecord

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


class RowsRefused(Conflict):
    """Rows that stand against a rule, or against the records that are there; nothing is published."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A row before and after, under the names of its fields as they are now."""

    before: Mapping[str, Any]
    after: RowRecord


@dataclass(frozen=True, slots=True)
class RowChanges:
    """What becomes of the rows of one object; `object` is its name in the coming revision."""

    object: str
    added: tuple[RowRecord, ...]
    changed: tuple[Changed, ...]
    retired: tuple[str, ...]
    """Record ids."""


def row_changes(before: Model, after: Model) -> tuple[RowChanges, ...]:
    """By object, the rows that differ between two revisions.

    Where an object goes, or its records become data, its rows stay as records that nothing is done to.
    """
    known = {obj.id: obj for obj in before.objects.values()}
    found = (_changes(before, known.get(after.objects[name].id), after, name) for name in after.rows)
    return tuple(each for each in found if each.added or each.changed or each.retired)


def _changes(before: Model, old: Object | None, after: Model, name: str) -> RowChanges:
    there = before.rows.get(old.name, {}) if old is not None else {}
    coming = after.rows[name]
    added = tuple(each for id, each in coming.items() if id not in there)
    changed = []
    if old is not None:
        names = _names(old, after.objects[name])
        for id, row in coming.items():
            if id in there:
                former = {names[field]: value for field, value in there[id].values.items() if field in names}
                if former != row.values:
                    changed.append(Changed(former, row))
    return RowChanges(name, added, tuple(changed), tuple(id for id in there if id not in coming))


def _names(old: Object, new: Object) -> dict[str, str]:
    """The field names of an object's former revision to those that the same fields have now."""
    now = {each.id: each.name for each in new.fields.values() if not each.system}
    named = {each.name: now[each.id] for each in old.fields.values() if each.id in now}
    return {**named, **{each.name: each.name for each in new.fields.values() if each.system}}


def named_by(unit: Unit, object_name: str, ids: Iterable[str]) -> int:
    """How many live records that people keep name any of the records `ids` of an object, as things stand."""
    obj = unit.runtime.model.objects.get(object_name)
    listed, count = sorted(ids), 0
    for child in obj.children if obj is not None else ():
        plan = plan_of(unit.runtime, child.object)
        if not listed or child.field not in plan.slots or plan.object.rows == "metadata":
            continue
        column = plan.table.c[plan.slots[child.field].keys[0]]
        live = plan.table.c.deleted_at.is_(None)
        for start in range(0, len(listed), AT_ONCE):
            fits = column.in_(listed[start : start + AT_ONCE])
            count += unit.connection.scalar(select(func.count()).select_from(plan.table).where(live, fits)) or 0
    return count


def publisher(author: Actor) -> Actor:
    """The author of a publish as the one who writes its rows."""
    return replace(author, kind="system", channel=PUBLISHING)


def write(unit: Unit, changes: Iterable[RowChanges]) -> None:
    """Carry the changes out, in the unit's transaction; its actor is a `publisher`.

    What leaves goes first, so that a value that is unique may pass from one row to another.

    Raises:
        RowsRefused: every problem of every row, each under the row's address.
    """
    changes = tuple(changes)
    stored = {each.object: _stored(unit, each) for each in changes}
    retiring: list[Change] = []
    returning: list[Change] = []
    writing: list[Change] = []
    for each in changes:
        live = stored[each.object]
        retiring += [Delete(each.object, id, alone=True) for id in each.retired if live.get(id)]
        returning += [Restore(each.object, row.id) for row in _coming(each) if live.get(row.id) is False]
        writing += [_change(unit, row, live, former) for row, former in _pairs(each)]
    named = {row.id: row.address for each in changes for row in _coming(each)}
    for batch in (retiring, returning, writing):
        if batch:
            _save(unit, batch, named)


def _coming(changes: RowChanges) -> Iterator[RowRecord]:
    yield from changes.added
    yield from (each.after for each in changes.changed)


def _pairs(changes: RowChanges) -> Iterator[tuple[RowRecord, Mapping[str, Any]]]:
    """Each row to write with the values that it had."""
    yield from ((row, {}) for row in changes.added)
    yield from ((each.after, each.before) for each in changes.changed)


def _stored(unit: Unit, changes: RowChanges) -> dict[str, bool]:
    """The records of rows that are stored already, by id: whether they are live."""
    table = plan_of(unit.runtime, changes.object).table
    ids = sorted([*changes.retired, *(row.id for row in _coming(changes))])
    found: dict[str, bool] = {}
    for start in range(0, len(ids), AT_ONCE):
        asked = select(table.c.id, table.c.deleted_at).where(table.c.id.in_(ids[start : start + AT_ONCE]))
        found.update((str(id), deleted is None) for id, deleted in unit.connection.execute(asked))
    return found


def _change(unit: Unit, row: RowRecord, live: Mapping[str, bool], former: Mapping[str, Any]) -> Change:
    if row.id not in live:
        return Create(row.object, row.values, id=row.id)
    gone = [name for name in former if name not in row.values]
    return Update(row.object, row.id, {**dict.fromkeys(gone), **_defaults(unit, row, gone), **row.values})


def _defaults(unit: Unit, row: RowRecord, names: Iterable[str]) -> dict[str, Any]:
    """The defaults of fields that a row no longer gives: what it would have, were it new."""
    plan = plan_of(unit.runtime, row.object)
    blank = Row(0, "create", plan, row.id, {}, values={})
    expressions = Expressions(unit, Related(unit))
    found = {}
    for name in names:
        field = plan.object.fields[name]
        if field.default is not None:
            found[name] = reference_of(field, expressions.field_value(field.default, field, blank))
    return found


def _save(unit: Unit, batch: list[Change], named: Mapping[str, str]) -> None:
    try:
        unit.records.save(batch, reverting=True)
    except DougongError as error:
        raise RowsRefused([_at_row(problem, batch, named) for problem in error.problems]) from error


def _at_row(problem: Problem, batch: list[Change], named: Mapping[str, str]) -> Problem:
    """A problem of saving, told of the row in the metadata rather than of the record."""
    number = problem.place.row
    change = batch[number - 1] if number else None
    if change is None:
        return problem
    thing = named.get(str(change.id), f"object:{change.object}") if hasattr(change, "id") else change.object
    pointer = f"/values/{problem.place.field}" if problem.place.field else None
    return replace(problem, thing=thing, place=replace(problem.place, row=None, pointer=pointer))
