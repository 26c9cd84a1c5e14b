"""Putting rows into their tables: one statement per object for what is new, one for what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import is_
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from dougong.base.field_types import Reference
from dougong.engine.dialects.among import among
from dougong.engine.saving.plan import ObjectPlan, Slot, insertion
from dougong.engine.saving.related import AT_ONCE, references
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.engine.search.tokens import sort_key
from dougong.metadata.model import Field


def sort_columns(plan: ObjectPlan) -> tuple[tuple[Slot, str], ...]:
    """The fields that have a stored sort key, and the column of it."""
    return tuple((plan.slots[name], column.key) for name, column in plan.records.keys.items())


def sort_key_of(slot: Slot, value: Any) -> str | None:
    """How a value of this field sorts; None for blank."""
    if value is None:
        return None
    return sort_key(value if isinstance(value, str) else str(slot.field.type.to_json(slot.field, value)))


def write(batch: Batch, rows: Iterable[Row], derived: bool = False) -> None:
    """Insert and update what differs from what is written already.

    An update counts the record's version up, unless it is `derived` from changes of other records.
    """
    by_plan = {plan.name: group for plan, group in grouped(rows)}
    for group in _in_order(by_plan):
        plan = group[0].plan
        stored = [row for row in group if row.written]
        _insert(batch, plan, [row for row in group if row.new and not row.written])
        _update(batch, plan, stored, derived)
        for field in plan.linked:
            _write_links(batch, plan, field, group)


def _in_order(by_plan: Mapping[str, list[Row]]) -> list[list[Row]]:
    """Objects so that new records come before those that name them."""
    names = list(by_plan)
    new = {name: {row.id for row in rows if row.new and not row.written} for name, rows in by_plan.items()}
    ordered: list[str] = []
    waiting = dict.fromkeys(names)
    while waiting:
        free = [name for name in waiting if not _waits(name, by_plan[name], new, waiting)] or [next(iter(waiting))]
        for name in free:
            ordered.append(name)
            del waiting[name]
    return [by_plan[name] for name in ordered]


def _waits(name: str, rows: Iterable[Row], new: Mapping[str, set[str]], waiting: Mapping[str, Any]) -> bool:
    others = [other for other in waiting if other != name and new[other]]
    if not others:
        return False
    return any(
        reference.object in waiting and reference.object != name and reference.id in new[reference.object]
        for row in rows
        for value in row.values.values()
        for reference in references(value)
    )


def _insert(batch: Batch, plan: ObjectPlan, rows: list[Row]) -> None:
    if not rows:
        return
    ordered = _parents_first(plan, rows)
    columns = _insert_columns(plan, ordered)
    if len(rows) < MANY:
        batch.unit.connection.execute(plan.part(insertion), by_row(columns))
    else:
        unit, whole = batch.unit, batch.unit.hurried
        unit.begin(lambda connection: unit.company.database.insert_many(connection, plan.table, columns, whole))
    for row in rows:
        row.written = dict(row.values)


MANY = 50
"""Rows from which on statements are made for the columns that they need, and rows given by column; below, one
statement serves all and SQLAlchemy remembers it."""


def _parents_first(plan: ObjectPlan, rows: list[Row]) -> list[Row]:
    """New records of one object so that those named by others of the same batch come before these."""
    own = [slot.name for slot in plan.slots.values() if plan.name in slot.field.targets]
    if not own or len(rows) == 1:
        return rows
    waiting = {row.id: row for row in rows}
    ordered: list[Row] = []

    def place(row: Row) -> None:
        stack = [row]
        while stack:
            top = stack[-1]
            named = (top.values.get(name) for name in own)
            before = next(
                (
                    waiting[each.id]
                    for each in named
                    if isinstance(each, Reference)
                    and each.id in waiting
                    and each.id != top.id
                    and waiting[each.id] not in stack
                ),
                None,
            )
            if before is not None:
                stack.append(before)
                continue
            stack.pop()
            if waiting.pop(top.id, None) is not None:
                ordered.append(top)

    for row in rows:
        if row.id in waiting:
            place(row)
    return ordered


def _insert_columns(plan: ObjectPlan, rows: Sequence[Row]) -> dict[str, list[Any]]:
    columns = {**plan.by_column([row.values for row in rows]), **_helpers(plan.part(sort_columns), rows)}
    if len(rows) < MANY:
        return columns
    return {key: values for key, values in columns.items() if not all(map(is_, values, repeat(None)))}


def _helpers(sorts: Iterable[tuple[Slot, str]], rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The columns beside the fields: sort keys and normalised unique keys."""
    found = {key: [sort_key_of(slot, row.values.get(slot.name)) for row in rows] for slot, key in sorts}
    keys = dict.fromkeys(key for row in rows for key in row.keys)
    return found | {key: [row.keys.get(key) for row in rows] for key in keys}


def by_row(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """What is given column by column, as the parameters of a statement for each row."""
    keys = tuple(columns)
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _update(batch: Batch, plan: ObjectPlan, rows: list[Row], derived: bool) -> None:
    """Every column that any of the rows changes is set on all of them, so that one statement serves."""
    unit = batch.unit
    me = Reference("user", unit.actor.user_id) if unit.actor.user_id else None
    changed: list[Row] = []
    names: set[str] = set()
    for row in rows:
        fields = row.stored_changes()
        if not fields:
            continue
        if not derived and row.doing == "update":
            row.values["version"] += 1
            row.values["updated_at"], row.values["updated_by"] = unit.now, me
            fields = [*fields, "version", "updated_at", "updated_by"]
        names.update(fields)
        changed.append(row)
    if not changed:
        return
    sorts = [(slot, key) for slot, key in plan.part(sort_columns) if slot.name in names]
    columns = {**plan.by_column([row.values for row in changed], names), **_helpers(sorts, changed)}
    for row in changed:
        row.written = dict(row.values)
    ids = [row.id for row in changed]
    if len(changed) < MANY:
        unit.connection.execute(plan.update(frozenset(columns)), by_row({**columns, "b_id": ids}))
    else:
        database, whole = unit.company.database, unit.hurried
        unit.begin(lambda connection: database.update_many(connection, plan.table, ids, columns, whole))


Statements = tuple[Any, Any, Any]


def link_statements(plan: ObjectPlan) -> Mapping[str, Statements]:
    """Per many-to-many field without an object between: read the links of ``ids``, add one, remove one."""
    found: dict[str, Statements] = {}
    for field in plan.linked:
        link = plan.runtime.storage.links.get(field.address)
        if link is None or field.options.get("through"):
            continue
        read = select(link.source, link.target).where(among(link.source, "ids"))
        remove = delete(link.table).where(link.source == bindparam("b_source"), link.target == bindparam("b_target"))
        found[field.name] = (read.order_by(link.target), insert(link.table), remove)
    return found


def load_links(batch: Batch) -> None:
    """Read the stored links of records whose links are given: one statement per link field."""
    for plan, rows in batch.groups("update"):
        for field in plan.linked:
            given = [row for row in rows if field.name in row.given]
            for row, links in links_of(batch, field, given):
                row.before[field.name] = row.written[field.name] = links


def links_of(batch: Batch, field: Field, rows: Sequence[Row]) -> Iterator[tuple[Row, tuple[Reference, ...] | None]]:
    """Each of `rows`, all of one object, with what its link `field` holds as stored."""
    statements = rows[0].plan.part(link_statements).get(field.name) if rows else None
    if statements is None:
        return
    found: dict[str, list[Reference]] = {}
    ids = sorted(row.id for row in rows)
    for start in range(0, len(ids), AT_ONCE):
        for source, target in batch.unit.connection.execute(statements[0], {"ids": ids[start : start + AT_ONCE]}):
            found.setdefault(str(source), []).append(Reference(field.targets[0], str(target)))
    for row in rows:
        yield row, tuple(found.get(row.id, ())) or None


def _write_links(batch: Batch, plan: ObjectPlan, field: Field, rows: Iterable[Row]) -> None:
    statements = plan.part(link_statements).get(field.name)
    if statements is None:
        return
    added, removed = [], []
    for row in rows:
        if field.name not in row.given and not row.new:
            continue
        old = {each.id for each in references(row.before.get(field.name))}
        new = {each.id for each in references(row.values.get(field.name))}
        added += [{"source": row.id, "target": target} for target in sorted(new - old)]
        removed += [{"b_source": row.id, "b_target": target} for target in sorted(old - new)]
    for statement, params in ((statements[2], removed), (statements[1], added)):
        if params:
            batch.unit.connection.execute(statement, params)
