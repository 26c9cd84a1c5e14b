"""The base of types whose values are of another type: what is counted or computed is a number, a text, a date …"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from dougong.base.field_types import FieldLike, FieldType, Operator, Part, Reading
from dougong.engine.columns import SQLITE_DIGITS

_TAKEN_OVER = ("template", "many", "money", "numeric", "sortable", "plain", "formula_type")


class DerivedType(FieldType):
    """A type that gives values of the type `result`, and does with them what that type does."""

    writable = False

    def __init__(self, result: FieldType) -> None:
        """Give values of the type `result`."""
        self.result = result
        for attribute in _TAKEN_OVER:
            setattr(self, attribute, getattr(result, attribute))

    def __eq__(self, other: object) -> bool:
        """Two that give values of the same type in the same way: so fields of two revisions are known for equal."""
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(type(self))

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

    def scale(self, field: FieldLike) -> int | None:
        """As the result."""
        return self.result.scale(field)

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


def innermost(kind: FieldType) -> FieldType:
    """The type that the values are of, however many derived types stand between."""
    while isinstance(kind, DerivedType):
        kind = kind.result
    return kind


class _Wide:
    """A field as a derived type sees it when columns are made: at full precision, without limits."""

    def __init__(self, field: FieldLike) -> None:
        self._field = field
        self.options: Mapping[str, Any] = {**field.options, "precision": SQLITE_DIGITS}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._field, name)
