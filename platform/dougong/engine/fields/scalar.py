"""The base of types that keep one value in one column and compare it as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement

from dougong.base.field_types import FieldLike, FieldType, Operator, Reading
from dougong.engine.fields.conditions import COMPARE, Compare
from dougong.engine.fields.operators import CHOICE, named, read_operand


class Scalar(FieldType):
    """Operators from a table: `offered` names them, `meanings` says what each is in SQL."""

    offered: ClassVar[tuple[Operator, ...]] = CHOICE
    meanings: ClassVar[Mapping[str, Compare]] = COMPARE

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """The operators of the type, whatever the field."""
        return self.offered

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """The operand, each value of it read as a value of the field is."""
        return read_operand(
            named(self.operators(field), op), value, lambda item: self.operand_value(field, op, item, reading)
        )

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """One value of an operand; limits of the field do not bind it."""
        return self.coerce(field, value, reading)

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """The comparison over the first column."""
        return self.meanings[op](columns[0], operand)
