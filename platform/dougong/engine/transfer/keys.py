"""Finding records by what files call them: one statement per object and field for a whole batch of names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, func, select

from dougong.base.field_types import Reading, ValueRefused, shown_text
from dougong.engine.dialects.among import among
from dougong.engine.fields.references import is_record_id
from dougong.engine.lettercase import lowered
from dougong.engine.reading.prepared import prepared
from dougong.engine.saving.plan import plan_of
from dougong.engine.search.tokens import fold, sort_key
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Name = tuple[str, str, str]
"""(object, field, normal form of a value): what a file may call a record by."""

AT_ONCE = 1000
"""Names of one statement."""


def folded(value: Any) -> str:
    """A name as names are compared: without differences of width, case and blanks."""
    return " ".join(fold(str(value)).split())


def name_of(obj: Object, field_name: str, cell: Any, reading: Reading) -> Name:
    """The name that `cell` is as a value of a field of `obj`; its folded text where the field cannot hold it."""
    return name_of_cell(obj, field_name, cell, value_of(obj.fields[field_name], cell, reading), reading)


def name_of_cell(obj: Object, field_name: str, cell: Any, value: Any, reading: Reading) -> Name:
    """`name_of`, where it is known what `cell` is as a value of the field: None where the field cannot hold it."""
    field = obj.fields[field_name]
    return obj.name, field_name, folded(cell) if value is None else _normal(field, value, reading)


def name_of_value(obj: Object, field_name: str, value: Any, reading: Reading) -> Name:
    """The name that a value of a field of `obj` is."""
    return obj.name, field_name, _normal(obj.fields[field_name], value, reading)


def _normal(field: Field, value: Any, reading: Reading) -> str:
    """Unique values are compared as they are kept (an id of another system may differ in case alone), others folded."""
    text = shown(field, value, reading)
    return text if field.unique or field.external_key or field.name == "id" else folded(text)


def shown(field: Field, value: Any, reading: Reading) -> str:
    """A value as names are compared: people's form of it, the id of a record."""
    plain = field.type.refers or field.name == "id"
    return str(getattr(value, "id", value)) if plain else shown_text(field, field.type, value, reading)


def value_of(field: Field, cell: Any, reading: Reading) -> Any:
    """The cell as the field would keep it (a phone number in its normal form), or None where it cannot be one."""
    try:
        return field.type.coerce(field, cell, reading)
    except (ValueRefused, NotImplementedError):
        return None


def look_up(
    unit: Unit, obj: Object, field_name: str, cells: Iterable[Any], reading: Reading, read: Callable[[Any], Any]
) -> Mapping[Name, frozenset[str]]:
    """The ids of the live records that the actor sees under each of the names `cells`.

    `read` gives a cell as the field keeps it, None where it cannot be one.
    """
    field = obj.fields[field_name]
    if field_name == "id":
        wanted = {cell.strip().lower() for cell in map(str, cells) if is_record_id(cell.strip().lower())}
    else:
        wanted = _asked(unit, field, [value for value in map(read, cells) if value is not None])
    found: dict[Name, set[str]] = {}
    statement = prepared(
        unit.runtime, ("import names", obj.name, field_name, unit.access.shape), lambda: _statement(unit, obj, field)
    )
    ordered = sorted(wanted)
    for start in range(0, len(ordered), AT_ONCE):
        for stored in unit.connection.execute(
            statement, {"names": ordered[start : start + AT_ONCE], **unit.access.parameters}
        ):
            value = stored[0] if field_name == "id" else field.type.from_row(field, tuple(stored[1:]))
            name = obj.name, field_name, _normal(field, value, reading)
            found.setdefault(name, set()).add(str(stored[0]))
    return {name: frozenset(ids) for name, ids in found.items()}


def _asked(unit: Unit, field: Field, values: Sequence[Any]) -> set[Any]:
    """`values` as the column that is asked holds them; names also without doubled blanks."""
    if not (field.unique or field.external_key) and field.name in unit.runtime.storage.tables[field.object].keys:
        texts = {each if isinstance(each, str) else str(field.type.to_json(field, each)) for each in values}
        return {sort_key(each) for text in texts for each in {text, " ".join(text.split())}}
    stored = {field.type.to_row(field, value)[0] for value in values}
    if field.unique or field.external_key:
        return stored
    texts = {each for each in stored if isinstance(each, str)}
    return (stored - texts) | {lowered(each) for text in texts for each in {text, " ".join(text.split())}}


def _statement(unit: Unit, obj: Object, field: Field) -> Select[Any]:
    plan = plan_of(unit.runtime, obj.name)
    columns = [plan.table.c.id]
    if field.name != "id":
        columns += [plan.table.c[key] for key in plan.slots[field.name].keys]
    visible = unit.access.visible("read", obj, plan.table)
    return select(*columns).where(
        among(_column(unit, field, columns[-1 if field.name == "id" else 1]), "names"),
        plan.table.c.deleted_at.is_(None),
        *([] if visible is None else [visible]),
    )


def _column(unit: Unit, field: Field, first: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column that an index serves: the value itself where it is unique, else the key by which it is sorted."""
    records = unit.runtime.storage.tables[field.object]
    if field.name == "id" or field.unique or field.external_key:
        return first
    if field.name in records.keys:
        return records.keys[field.name]
    return func.lower(first, type_=first.type) if field.type.formula_type == "text" else first
