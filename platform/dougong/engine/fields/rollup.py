"""Roll-ups: what the children of a record come to. The engine computes them; the value is of the children's type.

| `op` | result |
|---|---|
| count, distinct | a whole number |
| sum, min, max, first, last | as the field read; a rating sums up to a whole number |
| avg | a decimal; of money, percentages and durations again one of them |
| concat | text, with `separator` between |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Operator, Part, Reading
from dougong.engine.columns import SQLITE_DIGITS
from dougong.engine.fields.numbers import IntegerType

_TAKEN_OVER = ("template", "many", "money", "numeric", "sortable", "plain", "formula_type")
_COUNTS = ("count", "distinct")
_SORT = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"field": {"type": "string"}, "dir": {"enum": ["asc", "desc"]}},
        "required": ["field"],
        "additionalProperties": False,
    },
}


@FIELD_TYPES.register
class RollupType(FieldType):
    """A roll-up. The registered one declares the keys; `bound` makes the one that serves a field."""

    name = "rollup"
    writable = False
    formula_type = "number"
    required_keys = ("from", "op")
    keys: ClassVar[Mapping[str, Any]] = {
        "from": {"type": "string"},
        "op": {"enum": ["count", "sum", "min", "max", "avg", "distinct", "first", "last", "concat"]},
        "field": {"type": "string"},
        "where": {"type": "string"},
        "order": _SORT,
        "separator": {"type": "string", "maxLength": 10, "default": ", "},
    }

    def __init__(self, result: FieldType | None = None) -> None:
        """Give values of the type `result`; a count without one."""
        self.result: FieldType = result or FIELD_TYPES[IntegerType.name]
        for attribute in _TAKEN_OVER:
            setattr(self, attribute, getattr(self.result, attribute))

    def bound(self, options: Mapping[str, Any], read: FieldType | None) -> FieldType:
        """The roll-up whose values are of the type that `op` makes of the field `read`."""
        return RollupType(_result(str(options.get("op")), read))

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The columns of the result, with as many digits as fit: a sum outgrows what it sums."""
        return self.result.parts(_Wide(field))

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """As the result."""
        return self.result.to_row(field, value)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Any:
        """As the result."""
        return self.result.from_row(field, stored)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """As the result."""
        return self.result.coerce(field, value, reading)

    def computed(self, field: FieldLike, value: Any) -> Any:
        """As the result."""
        return self.result.computed(field, value)

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """As the result."""
        return self.result.to_json(field, value)

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """As the result."""
        return self.result.json_schema(field)

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As the result."""
        return self.result.to_text(field, value, reading)

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As the result."""
        return self.result.display(field, value, reading)

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Those of the result."""
        return self.result.operators(field)

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """As the result."""
        return self.result.operand(field, op, value, reading)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """As the result."""
        return self.result.condition(field, columns, op, operand)

    def sort_keys(self, field: FieldLike, columns: Sequence[ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
        """As the result."""
        return self.result.sort_keys(field, columns)


def _result(op: str, read: FieldType | None) -> FieldType | None:
    if op in _COUNTS or read is None:
        return None
    if op == "concat":
        return FIELD_TYPES["long_text"]
    if isinstance(read, RollupType):
        read = read.result
    if op == "avg" and read.name in ("integer", "rating"):
        return FIELD_TYPES["decimal"]
    return None if op == "sum" and read.name == "rating" else read


class _Wide:
    """A field as its roll-up sees it when columns are made: at full precision, without limits."""

    def __init__(self, field: FieldLike) -> None:
        self._field = field
        self.options: Mapping[str, Any] = {**field.options, "precision": SQLITE_DIGITS}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._field, name)
