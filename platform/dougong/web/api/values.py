"""Records as the API answers them, with serialisers made once per revision and set of columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dougong.base.field_types import FieldType, Reference
from dougong.engine.query import Record, Row
from dougong.engine.reading.listing import readable
from dougong.engine.reading.paths import ResolvedPath, resolve
from dougong.engine.unit import Unit

Serialise = Callable[[Any], Any] | None


def reference(value: Reference | None) -> dict[str, str] | None:
    """A lookup's value: which record, and what it is called."""
    return None if value is None else {"object": value.object, "id": value.id, "title": value.title}


def serialisers(unit: Unit, name: str, columns: Sequence[str]) -> tuple[tuple[str, Serialise], ...]:
    """For each column its name and how its values become JSON; None where they are JSON already."""
    key = ("api", name, tuple(columns), unit.access.rights_key)
    memory: dict[Any, Any] = unit.runtime.prepared.setdefault("api.serialisers", {})
    found = memory.get(key)
    if found is None:
        obj = readable(unit, name)
        found = memory[key] = tuple(
            (text, _serialiser(resolve(unit.runtime.model, unit.access, obj, text))) for text in columns
        )
    return found


def _serialiser(path: ResolvedPath) -> Serialise:
    field = path.field
    if path.attribute or path.aspect:
        return None
    if field.type.refers:
        if field.type.stored:
            return reference
        return lambda values: [reference(each) for each in values or ()]
    if type(field.type).to_json is FieldType.to_json:
        return None
    return lambda value: field.type.to_json(field, value)


def row_json(row: Row, made: Sequence[tuple[str, Serialise]]) -> dict[str, Any]:
    """One row of a list."""
    body: dict[str, Any] = {"id": row.id, "version": row.version}
    for (name, serialise), value in zip(made, row.values, strict=True):
        body[name] = value if serialise is None or value is None else serialise(value)
    return body


def record_json(unit: Unit, record: Record) -> dict[str, Any]:
    """One record in full."""
    made = serialisers(unit, record.object, tuple(record.values))
    body: dict[str, Any] = {"id": record.id, "version": record.version}
    for (name, serialise), value in zip(made, record.values.values(), strict=True):
        body[name] = value if serialise is None or value is None else serialise(value)
    return body
