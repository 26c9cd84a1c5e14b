"""History: what every change of every record was, one row per record and batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import insert

from dougong.base.field_types import FieldType
from dougong.base.ids import record_id
from dougong.engine import tables
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.row import Batch, Row, changes
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


def changes_of(row: Row) -> dict[str, list[Any]]:
    """``{field id: [old, new]}`` of a row, as JSON values."""
    before, values, fields = row.before, row.values, row.plan.part(_by_name)
    if not before:
        return {
            id: [None, value if to_json is None else to_json(field, value)]
            for name, field, id, to_json in row.plan.part(_written)
            if (value := values.get(name)) is not None
        }
    found: dict[str, list[Any]] = {}
    for name in changes(before, values, row.known(fields)):
        field, (old, new) = fields[name], (before.get(name), values.get(name))
        to_json = field.type.to_json
        found[field.id] = [
            None if old is None else to_json(field, old),
            None if new is None else to_json(field, new),
        ]
    return found


def _written(plan: ObjectPlan) -> tuple[tuple[str, Field, str, Callable[[Field, Any], Any] | None], ...]:
    """The fields that are told: name, field, id, and what makes a JSON value of theirs where it is not one already."""
    same = FieldType.to_json
    return tuple(
        (each.name, each, each.id, None if type(each.type).to_json is same else each.type.to_json)
        for each in plan.part(told)
    )


def _by_name(plan: ObjectPlan) -> dict[str, Field]:
    return {each.name: each for each in plan.part(told)}


def write(batch: Batch, rows: Iterable[Row]) -> None:
    """Keep what happened to `rows`, in one statement."""
    unit, actor = batch.unit, batch.unit.actor
    told = [(row, changes_of(row) if row.doing != "delete" else {}) for row in rows]
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
        unit.company.database.insert_many(unit.connection, tables.history, columns)


def read_changes(plan: ObjectPlan, changes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The kept changes of fields that the object still has: by current name, old and new JSON value."""
    by_id = plan.part(_by_id)
    return {by_id[key].name: (old, new) for key, (old, new) in changes.items() if key in by_id}


def _by_id(plan: ObjectPlan) -> dict[str, Field]:
    return {each.id: each for each in plan.object.fields.values()}
