"""History: what every change of every record was, one row per record and batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from operator import is_
from types import MappingProxyType
from typing import Any

from sqlalchemy import insert

from dougong.base.field_types import FieldType
from dougong.base.ids import record_id
from dougong.engine import tables
from dougong.engine.saving.plan import ObjectPlan, of_each
from dougong.engine.saving.row import Batch, Row, changes, grouped
from dougong.engine.saving.writing import MANY, by_row
from dougong.metadata.model import Field

UNTOLD = frozenset({"id", "version", "updated_at", "updated_by", "created_at", "created_by", "deleted_at"})
"""System fields that the history row itself says."""

_INSERT = insert(tables.history)


def told(plan: ObjectPlan) -> tuple[Field, ...]:
    """The fields whose changes are kept: all that are tracked but what is derived from other records (roll-ups)."""
    return tuple(
        each
        for each in plan.object.fields.values()
        if each.track and each.name not in UNTOLD and each.type.name != "rollup"
    )


Changes = dict[str, list[Any]]
"""``{field id: [old, new]}`` of one record, as JSON values."""


def prepare(batch: Batch) -> None:
    """Work out what new rows begin with, while the database is at work on these."""
    made = changes_of(new := [row for row in batch.rows if row.new])
    batch.begins = {row: (row.written, changes) for row, changes in zip(new, made, strict=True)}


def changes_of(rows: Sequence[Row], begins: Mapping[Row, tuple[Any, Changes]] = MappingProxyType({})) -> list[Changes]:
    """The changes of each of `rows`; nothing of what is deleted.

    `begins` are those of new rows as they were written; of one that was written again since it is made anew.
    """
    kept = [row for row in rows if row.doing != "delete"]
    made = {row: begins[row][1] for row in kept if row in begins and begins[row][0] is row.written}
    for plan, group in grouped(row for row in kept if not row.before and row not in made):
        made.update(zip(group, _written(plan, group), strict=True))
    return [{} if row.doing == "delete" else made[row] if row in made else _changed(row) for row in rows]


def _written(plan: ObjectPlan, rows: Sequence[Row]) -> Iterator[Changes]:
    """What new records of one object begin with: column by column, as most fields are blank in all of them."""
    columns: dict[str, list[Any]] = {}
    for field, to_json in plan.part(_told_as_json):
        name = field.name
        given = [row.values.get(name) for row in rows]
        if all(map(is_, given, repeat(None))):
            continue
        if to_json is not None:
            told = of_each(given, to_json)
            given = [told.get(id(value)) for value in given]
        columns[field.id] = given
    for values in zip(*columns.values(), strict=True) if columns else repeat((), len(rows)):
        yield {id: [None, value] for id, value in zip(columns, values, strict=True) if value is not None}


def _changed(row: Row) -> Changes:
    before, values, fields = row.before, row.values, row.plan.part(_by_name)
    found: Changes = {}
    for name in changes(before, values, row.known(fields)):
        field, (old, new) = fields[name], (before.get(name), values.get(name))
        to_json = field.type.to_json
        found[field.id] = [
            None if old is None else to_json(field, old),
            None if new is None else to_json(field, new),
        ]
    return found


def _told_as_json(plan: ObjectPlan) -> tuple[tuple[Field, Callable[[Any], Any] | None], ...]:
    """The fields that are told, each with what makes a JSON value of theirs where it is not one already."""
    same = FieldType.to_json
    return tuple(
        (each, None if type(each.type).to_json is same else partial(each.type.to_json, each))
        for each in plan.part(told)
    )


def _by_name(plan: ObjectPlan) -> dict[str, Field]:
    return {each.name: each for each in plan.part(told)}


def write(batch: Batch, rows: Sequence[Row]) -> None:
    """Keep what happened to `rows`, in one statement."""
    unit, actor = batch.unit, batch.unit.actor
    told = zip(rows, changes_of(rows, batch.begins), strict=True)
    kept = [(row, changed) for row, changed in told if changed or row.doing not in ("update", "derive")]
    if not kept:
        return
    shared = {
        "at": unit.now,
        "actor_id": actor.user_id,
        "actor": actor.name,
        "channel": actor.channel,
        "operation_id": batch.operation,
    }
    columns: dict[str, list[Any]] = {
        **{key: [value] * len(kept) for key, value in shared.items()},
        "id": [record_id() for _ in kept],
        "object": [row.plan.object.id for row, _ in kept],
        "record_id": [row.id for row, _ in kept],
        "version": [row.values.get("version", 1) for row, _ in kept],
        "action": [row.doing for row, _ in kept],
        "why": [row.why or unit.why for row, _ in kept],
        "changes": [changed for _, changed in kept],
    }
    if len(kept) < MANY:
        unit.connection.execute(_INSERT, by_row(columns))
    else:
        whole = unit.hurried
        unit.begin(lambda connection: unit.company.database.insert_many(connection, tables.history, columns, whole))


def read_changes(plan: ObjectPlan, changes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The kept changes of fields that the object still has: by current name, old and new JSON value."""
    by_id = plan.part(_by_id)
    return {by_id[key].name: (old, new) for key, (old, new) in changes.items() if key in by_id}


def _by_id(plan: ObjectPlan) -> dict[str, Field]:
    return {each.id: each for each in plan.object.fields.values()}
