"""How numbers, moments and times travel between Python and the databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, DateTime, Dialect, Numeric, Text, Time, type_coerce
from sqlalchemy.types import TypeDecorator, TypeEngine

from dougong.formulas.sql.sortable import decoded, encoded
from dougong.formulas.types import Type


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


class SortableText(TypeDecorator[Decimal]):
    """An exact decimal of any length as a text that sorts as the number does."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The text."""
        return None if value is None else encoded(Decimal(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The decimal."""
        return None if value is None else decoded(value)


class LongNumber(TypeDecorator[Decimal]):
    """A column of numbers with at most `whole` digits before the point and `scale` after it, too many for 64 bits.

    NUMERIC, and a sortable text where there is none.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, whole: int, scale: int) -> None:
        """Say how many digits there may be."""
        super().__init__()
        self.whole, self.scale = whole, scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the database keeps."""
        return dialect.type_descriptor(SortableText() if dialect.name == "sqlite" else Numeric())


class WholeNumber(TypeDecorator[Decimal]):
    """A whole number, at most `most` or as much below zero, that PostgreSQL computes as a BIGINT.

    It compares with any number: whole ones are bound as integers, so that the database need not turn the value of every
    row into a NUMERIC.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, most: int) -> None:
        """Say how large it can be."""
        super().__init__()
        self.scale, self.most = 0, most

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | Decimal | None:
        """An integer where it is one that 64 bits hold."""
        if value is None:
            return None
        exact = Decimal(value)
        return int(exact) if abs(exact) < 2**63 and exact == exact.to_integral_value() else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The decimal; aggregates may have made a NUMERIC of it already."""
        return None if value is None else Decimal(value)


def read_as_decimal(value: ColumnElement[Any], scale: int, exact: bool) -> ColumnElement[Any]:
    """`value` read back as Decimal; `scale` and `exact` as in `values.Sql`."""
    # The scale is part of the plain type, too: statements are cached by it, and not by its variants.
    short = Numeric(None, scale).with_variant(ScaledInteger(scale), "sqlite")
    return type_coerce(value, LongNumber(0, scale) if exact else short)


class MomentText(TypeDecorator[datetime]):
    """A moment as text of fixed width in UTC: ``2026-11-22 02:15:49.123456+00:00``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """The text."""
        return None if value is None else value.astimezone(UTC).isoformat(" ", "microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """The moment."""
        return None if value is None else datetime.fromisoformat(value)


class TimeText(TypeDecorator[time]):
    """A time of day as text of fixed width: ``02:15:49.123456``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: time | None, dialect: Dialect) -> str | None:
        """The text."""
        return None if value is None else value.isoformat("microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> time | None:
        """The time."""
        return None if value is None else time.fromisoformat(value)


class DayText(TypeDecorator[date]):
    """A date as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """The text."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """The date."""
        return None if value is None else date.fromisoformat(value)


DAY = Date().with_variant(DayText(), "sqlite")
MOMENT = DateTime(timezone=True).with_variant(MomentText(), "sqlite")
TIME = Time().with_variant(TimeText(), "sqlite")

TYPES: Mapping[Type, TypeEngine[Any]] = {
    Type.TEXT: Text(),
    Type.ID: Text(),
    Type.PICKLIST: Text(),
    Type.MULTI_PICKLIST: Text(),
    Type.BOOLEAN: Boolean(),
    Type.DATE: DAY,
    Type.DATETIME: MOMENT,
    Type.TIME: TIME,
}
"""What values that are no numbers are in the databases."""
