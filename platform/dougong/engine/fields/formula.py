"""Formula fields: values that follow from other fields. The value is of the type that the field says it `returns`.

A formula field has no column: it is an expression of every query that names it. With `stored` it has columns of its
own, which saving keeps right. Either way a row for which the formula has no value (a division by zero) reads as
`ERROR`, which is neither blank nor any value: beside the columns of the result stands one that tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, and_, false

from dougong.base.field_types import FIELD_TYPES, FieldLike, FieldType, Operator, Part, Reading
from dougong.base.language import msg
from dougong.engine.columns import SQLITE_DIGITS, Flag
from dougong.engine.fields.derived import DerivedType
from dougong.engine.fields.text import TextType


class Undefined(StrEnum):
    """What stands for a value where a formula has none."""

    ERROR = "#Error!"


ERROR: Final = Undefined.ERROR
"""The value of a formula field whose formula fails for the record."""

RETURNS = ("text", "integer", "decimal", "percent", "money", "boolean", "date", "datetime", "time")
"""The types of values that a formula field may have."""

IN_ERROR = Operator("error", msg("is in error"), "none")

_COMPUTED: Mapping[str | None, tuple[type, ...]] = {
    "text": (str,), "number": (Decimal, int), "boolean": (bool,), "date": (date,), "datetime": (datetime,),
    "time": (time,),
}  # fmt: skip
"""What formulas yield, by the type of the result."""

_ONLY_VALUES = frozenset(
    {"gt", "gte", "lt", "lte", "between", "in", "contains", "starts", "ends", "before", "after", "within", "not_blank"}
)
"""Operators that hold for no blank, and so for no error, whose value is NULL."""


@FIELD_TYPES.register
class FormulaType(DerivedType):
    """A formula field. The registered one declares the keys; `bound` makes the one that serves a field."""

    name = "formula"
    around = "fields/formula.html"
    undefined = ERROR
    formula_type = "text"
    required_keys = ("returns", "formula")
    keys: ClassVar[Mapping[str, Any]] = {
        "returns": {"enum": list(RETURNS)},
        "formula": {"type": "string", "minLength": 1},
        "scale": {"type": "integer", "minimum": 0, "maximum": 6},
        "blanks": {"enum": ["blank", "zero"], "default": "blank"},
        "stored": {"type": "boolean", "default": False},
        "length": {"type": "integer", "minimum": 1, "maximum": 500, "default": 255},
        "currency": {"enum": ["record", "company"], "default": "record"},
        "unit": {"type": ["string", "object"]},
        "grouping": {"type": "boolean", "default": True},
    }

    def __init__(self, result: FieldType | None = None, virtual: bool = False) -> None:
        """Give values of the type `result`; without columns where `virtual`."""
        super().__init__(result or FIELD_TYPES[TextType.name])
        self.virtual = virtual
        self.plain = False  # type: ignore[misc]  # one instance serves one field
        self._values = 2 if self.money else 1

    def bound(self, options: Mapping[str, Any], read: FieldType | None) -> FieldType:
        """The formula field whose values are of the type that `options` says, stored or not."""
        returns = options.get("returns")
        return FormulaType(FIELD_TYPES[returns] if returns in RETURNS else None, not options.get("stored"))

    # -- storage ----------------------------------------------------------------------------------------
    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """The columns of the result and one that is true where there is no value; none where it is not stored."""
        return () if self.virtual else (*super().parts(field), Part("_error", Flag()))

    def to_row(self, field: FieldLike, value: Any) -> tuple[Any, ...]:
        """The result as its type keeps it, and whether it is an error."""
        if value is ERROR:
            return (*(None for _ in range(self._values)), True)
        return (*self.result.to_row(field, value), None)

    def from_row(self, field: FieldLike, stored: Sequence[Any]) -> Any:
        """The value; `ERROR` where the formula has none. Expressions give numbers of any scale: the field's counts."""
        if len(stored) > self._values and stored[self._values]:
            return ERROR
        value = self.result.from_row(field, stored[: self._values])
        if not isinstance(value, Decimal):
            return value
        exact = self.result.computed(field, value)
        return int(exact) if self.result.name == "integer" else exact

    # -- values -----------------------------------------------------------------------------------------
    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """As the result; what `to_json` says of an error is one. What a formula made stays as it is."""
        if isinstance(value, str) and value == ERROR:
            return ERROR
        return value if isinstance(value, _COMPUTED[self.formula_type]) else self.result.coerce(field, value, reading)

    def computed(self, field: FieldLike, value: Any) -> Any:
        """The result as a column keeps it; an error where it does not fit there."""
        if isinstance(value, str):
            return value if len(value) <= int(field.options.get("length", 255)) else ERROR
        if not isinstance(value, Decimal):
            return value
        exact = self.result.computed(field, value)
        if exact and exact.adjusted() >= SQLITE_DIGITS - (self.result.scale(field) or 0):
            return ERROR
        return int(exact) if self.result.name == "integer" else exact

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """As the result; ``#Error!`` for an error."""
        return ERROR.value if value is ERROR else self.result.to_json(field, value)

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """As the result, or ``#Error!``."""
        return {"anyOf": [self.result.json_schema(field), {"const": ERROR.value}]}

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As the result; ``#Error!`` for an error."""
        return ERROR.value if value is ERROR else self.result.to_text(field, value, reading)

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As the result; ``#Error!`` for an error."""
        return ERROR.value if value is ERROR else self.result.display(field, value, reading)

    def form(self, field: FieldLike, value: Any, reading: Reading) -> Any:
        """As the result; ``#Error!`` for an error."""
        return ERROR.value if value is ERROR else self.result.form(field, value, reading)

    # -- queries ----------------------------------------------------------------------------------------
    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Those of the result, and whether there is an error."""
        return (*self.result.operators(field), IN_ERROR)

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """As the result."""
        return None if op == IN_ERROR.name else self.result.operand(field, op, value, reading)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """As the result, over rows without error: an error is neither blank nor different from anything.

        A condition that fails is not true, like a blank one: so the indexes of list views serve stored conditions.
        """
        error = self.error(columns)
        if op == IN_ERROR.name:
            return false() if error is None else error.is_(True)
        found = self.result.condition(field, columns[: self._values], op, operand)
        if error is None or op in _ONLY_VALUES or op == "is" or self.formula_type == "boolean":
            return found
        return and_(error.is_not(True), found)

    def sort_keys(self, field: FieldLike, columns: Sequence[ColumnElement[Any]]) -> tuple[ColumnElement[Any], ...]:
        """As the result."""
        return self.result.sort_keys(field, columns[: self._values])

    def error(self, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool] | None:
        """Of the part columns the one that is true where the formula has no value; None where that cannot be."""
        return columns[self._values] if len(columns) > self._values else None
