"""How numbers travel between Python and the databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Numeric, type_coerce
from sqlalchemy.types import TypeDecorator


class ScaledInteger(TypeDecorator[Decimal]):
    """An exact decimal as a 64-bit integer of its last place."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        """Keep `scale` digits after the point."""
        super().__init__()
        self.scale = scale

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """The integer; exact, because what is bound has at most `scale` digits after the point."""
        return None if value is None else int(Decimal(value).scaleb(self.scale))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The decimal."""
        return None if value is None else Decimal(value).scaleb(-self.scale)


class ExactNumber(Numeric[Decimal]):
    """NUMERIC, and a scaled integer where there is none."""

    def __init__(self, precision: int, scale: int) -> None:
        """A number of `precision` digits, `scale` of them after the point."""
        super().__init__(precision, scale)

    def coerced(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """`value` read back as Decimal."""
        return type_coerce(value, self.with_variant(ScaledInteger(self.scale or 0), "sqlite"))
