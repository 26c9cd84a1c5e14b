"""The recycle bin: what goes in with a record, what keeps it out, and what comes back with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, select, update

from dougong.base.errors import NotFound, Place, Problem
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.dialects.among import among
from dougong.engine.saving.history import read_changes
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import AT_ONCE, references
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.metadata.model import Child

NAMED = 3
"""How many of the records that keep another from being deleted are named."""

COUNTED = 1000
"""How many of them are counted."""


# -- deleting -------------------------------------------------------------------------------------------------
def collect_deletions(batch: Batch) -> None:
    """Add to the batch what deletions take along and what loses its lookup; note what forbids them.

    Level by level down the relations: one statement per relation and level, however many records.
    """
    level = [row for row in batch.rows if row.doing == "delete" and not row.problems]
    roots = {(row.plan.name, row.id): row for row in level}
    level = [row for row in level if not row.alone]
    relations: list[tuple[Child, ObjectPlan, list[Row]]] = []
    while level:
        following: list[Row] = []
        for plan, rows in grouped(level):
            for child in plan.object.children:
                if child.on_delete == "cascade":
                    following += _take_along(batch, child, plan, rows, roots)
                else:
                    relations.append((child, plan, rows))
        level = following
    for child, plan, rows in relations:
        if child.on_delete == "restrict":
            _check_blockers(batch, child, plan, rows, roots)
        else:
            _set_null(batch, child, plan, rows)
    for row in batch.rows:
        if row.doing == "delete" and not row.problems:
            row.values["deleted_at"] = batch.unit.now
            row.values["version"] = row.before["version"] + 1


def _pointing(
    batch: Batch, child: Child, parent: ObjectPlan, rows: Sequence[Row], limit: int | None = None
) -> Iterable[dict[str, Any]]:
    plan = plan_of(batch.unit.runtime, child.object)
    statement = plan.part(_pointing_statements)
    key = (child.field, parent.name)
    if key not in statement:
        statement[key] = _pointing_statement(plan, child, parent)
    ids = sorted(row.id for row in rows)
    for start in range(0, len(ids), AT_ONCE):
        found = statement[key] if limit is None else statement[key].limit(limit)
        for stored in batch.unit.connection.execute(found, {"ids": ids[start : start + AT_ONCE]}):
            values = plan.read(stored)
            row = batch.row_of(plan.name, values["id"])
            if row is None or row.values.get(child.field) == values[child.field]:
                yield values  # else the same batch lets it point elsewhere


def _pointing_statements(plan: ObjectPlan) -> dict[tuple[str, str], Select[Any]]:
    return {}


def _pointing_statement(plan: ObjectPlan, child: Child, parent: ObjectPlan) -> Select[Any]:
    keys = plan.slots[child.field].keys
    conditions: list[ColumnElement[bool]] = [
        among(plan.table.c[keys[0]], "ids"),
        plan.table.c.deleted_at.is_(None),
    ]
    if len(keys) > 1:
        conditions.append(plan.table.c[keys[1]] == parent.name)
    return select(*plan.columns).where(*conditions).order_by(plan.table.c.id).with_for_update()


def _take_along(
    batch: Batch, child: Child, parent: ObjectPlan, rows: Sequence[Row], roots: dict[tuple[str, str], Row]
) -> list[Row]:
    plan = plan_of(batch.unit.runtime, child.object)
    above = {row.id: row for row in rows}
    found: list[Row] = []
    for values in _pointing(batch, child, parent, rows):
        if batch.row_of(plan.name, values["id"]) is not None and (plan.name, values["id"]) in roots:
            continue
        cause = above[values[child.field].id]
        row = Row(
            cause.number, "delete", plan, values["id"], {}, extra=True, deleted_with=cause.deleted_with or cause.id
        )
        row.before = row.written = row.settled = dict(values)
        row.values = values
        batch.add(row)
        batch.related.put(plan.name, row.id, values)
        roots[plan.name, row.id] = row
        found.append(row)
    return found


def _check_blockers(
    batch: Batch, child: Child, parent: ObjectPlan, rows: Sequence[Row], roots: dict[tuple[str, str], Row]
) -> None:
    plan = plan_of(batch.unit.runtime, child.object)
    by_parent: dict[str, list[dict[str, Any]]] = {}
    for values in _pointing(batch, child, parent, rows, COUNTED + 1):
        if (plan.name, values["id"]) not in roots:
            by_parent.setdefault(values[child.field].id, []).append(values)
    for row in rows:
        blockers = by_parent.get(row.id)
        if blockers:
            _blocked(batch, row, plan, blockers)


def _blocked(batch: Batch, row: Row, plan: ObjectPlan, blockers: Sequence[dict[str, Any]]) -> None:
    title = plan.object.fields[plan.object.title]
    reading = batch.unit.reading
    shown = [
        title.type.display(title, each[title.name], reading)
        for each in blockers[:NAMED]
        if each.get(title.name) is not None
    ]
    names = msg(", ").to(reading.language).join(shown)
    count = len(blockers) if len(blockers) <= COUNTED else f"{COUNTED}+"
    row.refuse(
        "delete-restricted",
        msg(
            "{count} records of {object} still name this record: {names}",
            count=count,
            object=plan.object.label,
            names=names,
        ),
        msg("Delete them first, or let them name another record."),
    )


def _set_null(batch: Batch, child: Child, parent: ObjectPlan, rows: Sequence[Row]) -> None:
    plan = plan_of(batch.unit.runtime, child.object)
    number = {row.id: row.number for row in rows}
    for values in _pointing(batch, child, parent, rows):
        row = batch.row_of(plan.name, values["id"])
        if row is None:
            row = Row(number[values[child.field].id], "update", plan, values["id"], {}, extra=True)
            row.before = row.written = row.settled = dict(values)
            row.values = values
            batch.add(row)
            batch.related.put(plan.name, row.id, values)
        if row.doing != "delete":
            row.values[child.field] = None


def write(batch: Batch) -> None:
    """Mark the deleted and unmark the restored, in one statement per object and direction."""
    for marked in (batch.groups("delete"), batch.groups("restore")):
        for plan, rows in marked:
            statement = plan.part(_marks)
            params = [
                {
                    "b_id": row.id,
                    "b_at": row.values["deleted_at"],
                    "b_with": row.deleted_with,
                    "b_version": row.values["version"],
                }
                for row in rows
            ]
            batch.unit.connection.execute(statement, params)
            for row in rows:
                row.written = {**row.written, "deleted_at": row.values["deleted_at"], "version": row.values["version"]}


def _marks(plan: ObjectPlan) -> Any:
    return (
        update(plan.table)
        .where(plan.table.c.id == bindparam("b_id"))
        .values(deleted_at=bindparam("b_at"), deleted_with=bindparam("b_with"), version=bindparam("b_version"))
    )


# -- restoring ------------------------------------------------------------------------------------------------
def collect_restorations(batch: Batch) -> None:
    """Add to the batch what was deleted together with the records to restore; note what forbids it."""
    roots = [row for row in batch.rows if row.doing == "restore" and not row.problems]
    if not roots:
        return
    _check_deleted(batch, roots)
    roots = [row for row in roots if not row.problems]
    for plan, rows in grouped(roots):
        for name in _below(plan):
            _bring_back(batch, plan_of(batch.unit.runtime, name), rows)
    restored = [row for row in batch.rows if row.doing == "restore" and not row.problems]
    _check_parents(batch, restored)
    for row in restored:
        row.values["deleted_at"] = None
        row.values["version"] = row.before["version"] + 1
        row.settled = {}
    _link_again(batch, roots)


def _check_deleted(batch: Batch, rows: Sequence[Row]) -> None:
    for plan, group in grouped(rows):
        by_id = {row.id: row for row in group}
        statement = select(plan.table.c.id, plan.table.c.deleted_with).where(plan.table.c.id.in_(sorted(by_id)))
        for id, deleted_with in batch.unit.connection.execute(statement):
            row = by_id[str(id)]
            if row.before.get("deleted_at") is None:
                row.refuse("not-deleted", msg("This record is not in the recycle bin."))
            elif deleted_with is not None:
                row.refuse(
                    "deleted-with",
                    msg("This record was deleted together with the one that it is part of."),
                    msg("Restore that one: this comes back with it."),
                )


def _below(plan: ObjectPlan) -> list[str]:
    """The objects that a deletion of this one may take along, at any depth."""
    found: dict[str, None] = {}
    waiting = [plan]
    while waiting:
        for child in waiting.pop().object.children:
            if child.on_delete == "cascade" and child.object not in found:
                found[child.object] = None
                waiting.append(plan_of(plan.runtime, child.object))
    return list(found)


def _bring_back(batch: Batch, plan: ObjectPlan, roots: Sequence[Row]) -> None:
    number = {row.id: row.number for row in roots}
    ids = sorted(number)
    statement = plan.part(_deleted_with)
    for start in range(0, len(ids), AT_ONCE):
        for stored in batch.unit.connection.execute(statement, {"ids": ids[start : start + AT_ONCE]}):
            values = plan.read(stored)
            if batch.row_of(plan.name, values["id"]) is not None:
                continue
            row = Row(number[str(stored[-1])], "restore", plan, values["id"], {}, extra=True)
            row.before = row.written = dict(values)
            row.values = values
            batch.add(row)
            batch.related.put(plan.name, row.id, values)


def _deleted_with(plan: ObjectPlan) -> Select[Any]:
    column = plan.table.c.deleted_with
    return select(*plan.columns, column).where(among(column, "ids")).with_for_update()


def _check_parents(batch: Batch, rows: Sequence[Row]) -> None:
    """A record whose master is still in the bin stays there; other lookups to what is gone are emptied."""
    back = {(row.plan.name, row.id) for row in rows}
    wanted: dict[str, set[str]] = {}
    lookups = [
        (row, each)
        for row in rows
        for each in row.plan.object.fields.values()
        if each.type.refers and each.type.stored and not each.system
    ]
    for row, field in lookups:
        for reference in references(row.values.get(field.name)):
            if (reference.object, reference.id) not in back:
                wanted.setdefault(reference.object, set()).add(reference.id)
    for name, ids in sorted(wanted.items()):
        batch.related.fetch(name, ids, (), lock=True)
    for row, field in lookups:
        named = row.values.get(field.name)
        if not isinstance(named, Reference) or (named.object, named.id) in back:
            continue
        seen = batch.related.seen(named)
        if seen is not None and seen.live:
            continue
        if field.type.name == "master_detail" or field.required:
            row.refuse(
                "parent-deleted",
                msg("What this record names as {label} is in the recycle bin itself.", label=field.label),
                msg("Restore that record first."),
                at=field.name,
            )
        else:
            row.values[field.name] = None


def _link_again(batch: Batch, roots: Sequence[Row]) -> None:
    """Give records that lost their lookup by the deletion the lookup back, where it is still empty."""
    ids = sorted(row.id for row in roots if not row.problems)
    history = tables.history
    latest: dict[str, str] = {}
    statement = select(history.c.record_id, history.c.operation_id).where(
        history.c.record_id.in_(ids), history.c.action == "delete"
    )
    for record, operation in batch.unit.connection.execute(statement.order_by(history.c.id)):
        latest[str(record)] = str(operation)
    if not latest:
        return
    lost = select(history.c.object, history.c.record_id, history.c.changes).where(
        history.c.operation_id.in_(sorted(set(latest.values()))), history.c.action == "update"
    )
    objects = {obj.id: obj.name for obj in batch.unit.runtime.model.objects.values()}
    wanted: dict[str, dict[str, dict[str, Reference]]] = {}
    for object_id, record, changes in batch.unit.connection.execute(lost):
        if object_id in objects:
            plan = plan_of(batch.unit.runtime, objects[object_id])
            links = _lost(batch, plan, changes, set(ids))
            if links:
                wanted.setdefault(plan.name, {})[str(record)] = links
    for name, records in sorted(wanted.items()):
        _relink(batch, plan_of(batch.unit.runtime, name), records)


def _lost(batch: Batch, plan: ObjectPlan, changes: Any, ids: set[str]) -> dict[str, Reference]:
    found: dict[str, Reference] = {}
    for name, (old, new) in read_changes(plan, changes).items():
        field = plan.object.fields[name]
        if new is None and old is not None and field.type.refers and field.type.stored:
            reference = field.type.coerce(field, old, batch.unit.reading)
            if reference.id in ids:
                found[name] = reference
    return found


def _relink(batch: Batch, plan: ObjectPlan, records: dict[str, dict[str, Reference]]) -> None:
    statement = (
        select(*plan.columns)
        .where(plan.table.c.id.in_(sorted(records)), plan.table.c.deleted_at.is_(None))
        .with_for_update(key_share=True)
    )
    for stored in batch.unit.connection.execute(statement):
        values = plan.read(stored)
        links = {name: each for name, each in records[values["id"]].items() if values.get(name) is None}
        if not links or batch.row_of(plan.name, values["id"]) is not None:
            continue
        row = Row(0, "update", plan, values["id"], {}, extra=True)
        row.before = row.written = row.settled = dict(values)
        row.values = {**values, **links}
        batch.add(row)
        batch.related.put(plan.name, row.id, row.values)


# -- for good -------------------------------------------------------------------------------------------------
def purge(unit: Any, object_name: str, ids: Iterable[str]) -> int:
    """Remove records of the recycle bin for good, with what was deleted with them and their history; how many.

    Raises:
        NotFound: the object is unknown.
    """
    obj = unit.runtime.model.object_named(object_name)
    if obj is None:
        raise NotFound(
            Problem(code="object-unknown", reason=msg("There is no object {name}.", name=object_name), place=Place())
        )
    if obj.rows == "metadata":
        return 0  # A retired row may still be named, and comes back when its document does.
    plan = plan_of(unit.runtime, obj.name)
    table = plan.table
    found = unit.connection.scalars(
        select(table.c.id).where(table.c.id.in_(sorted(ids)), table.c.deleted_at.is_not(None))
    )
    gone = [str(id) for id in found]
    return _purge(unit, plan, gone) if gone else 0


def _purge(unit: Any, plan: ObjectPlan, ids: list[str]) -> int:
    count = 0
    for child in plan.object.children:
        below = plan_of(unit.runtime, child.object)
        column = below.table.c[below.slots[child.field].keys[0]]
        if child.on_delete == "cascade":
            found = [str(id) for id in unit.connection.scalars(select(below.table.c.id).where(column.in_(ids)))]
            count += _purge(unit, below, found) if found else 0
        else:
            unit.connection.execute(
                update(below.table).where(column.in_(ids)).values(dict.fromkeys(below.slots[child.field].keys))
            )
    for address, link in unit.runtime.storage.links.items():
        owner = unit.runtime.model.objects[address.partition(":")[2].partition(".")[0]]
        if link.table.name not in {each.table.name for each in unit.runtime.storage.tables.values()}:
            field = owner.fields[address.rpartition(".")[2]]
            if owner.name == plan.name:
                unit.connection.execute(delete(link.table).where(link.source.in_(ids)))
            if plan.name in field.targets:
                unit.connection.execute(delete(link.table).where(link.target.in_(ids)))
    unit.connection.execute(delete(tables.history).where(tables.history.c.record_id.in_(ids)))
    unit.connection.execute(delete(tables.search).where(tables.search.c.record_id.in_(ids)))
    unit.connection.execute(delete(plan.table).where(plan.table.c.id.in_(ids)))
    return count + len(ids)
