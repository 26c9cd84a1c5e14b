"""How numbers, moments and times travel between Python and the databases."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Dialect, Numeric, Text, Time, type_coerce
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


MOMENT = DateTime(timezone=True).with_variant(MomentText(), "sqlite")
TIME = Time().with_variant(TimeText(), "sqlite")
