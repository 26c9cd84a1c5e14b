"""The column types of record tables, equal in Python whatever the database.

| type | Python | PostgreSQL | SQLite |
|---|---|---|---|
| `Id` | str, 36 characters | uuid | TEXT |
| `Exact(precision, scale)` | Decimal | NUMERIC(precision, scale) | BIGINT, scaled by 10**scale |
| `Count` | int | BIGINT | BIGINT |
| `Instant` | aware datetime in UTC | timestamptz | TEXT, fixed width, sorts by time |
| `Day` | date | DATE | TEXT, ISO 8601 |
| `Clock` | time | TIME | TEXT, ISO 8601 with microseconds |
| `Flag` | bool | BOOLEAN | BOOLEAN (0, 1) |
| `Document` | JSON value | JSONB | TEXT |

`sqlalchemy.Text` serves every kind of text: lengths are checked when a value is coerced, so that making a
field longer never touches a table. Each type has a `shape`: two columns of the same shape hold the same
values in the same way, so a field may change between types of one shape without a new column.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine, UserDefinedType

SQLITE_DIGITS = 18
"""The most digits, scale included, that a scaled 64-bit integer surely holds."""

COUNT_DIGITS = 13
"""The most digits of a number of rows: PostgreSQL's tables end at 32 TB, SQLite's files at 281."""

Processor = Callable[[Any], Any] | None


class _Uuid(UserDefinedType[str]):
    """PostgreSQL's uuid as text both ways: connections load it as str (see `dialects.postgresql`)."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        return "UUID"


_UUID, _TEXT = _Uuid(), Text()


class Id(TypeDecorator[str]):
    """The id of a record: a UUID as 36 lower-case characters."""

    impl = Text
    cache_ok = True
    shape = "id"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`uuid` where the database has it, else text: one instance each, by which SQLAlchemy remembers the rest."""
        return _UUID if dialect.name == "postgresql" else _TEXT


class _Scaled(Integer):
    """A decimal as an integer number of its smallest unit."""

    __visit_name__ = "big_integer"

    def __init__(self, scale: int) -> None:
        self.scale = scale

    def bind_processor(self, dialect: Dialect) -> Processor:
        scale = self.scale

        def process(value: Any) -> Any:
            if value is None:
                return None
            scaled = Decimal(value).scaleb(scale)
            whole = int(scaled)
            # A filter may compare with more places or digits than are stored; what is stored has been rounded before.
            return whole if whole == scaled and abs(whole) < 2**63 else float(scaled)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        places = -self.scale

        def process(value: Any) -> Any:
            if value is None:
                return None
            return (Decimal(value) if type(value) is int else Decimal(repr(value))).scaleb(places)

        return process


class _PlainNumeric(Numeric[Decimal]):
    """NUMERIC(p, s) as a column, plain NUMERIC as a parameter: an operand is compared, never rounded."""

    render_bind_cast = False

    def bind_processor(self, dialect: Dialect) -> Processor:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return None


class Exact(TypeDecorator[Decimal]):
    """A decimal number, exact to `scale` places; at most `precision` digits in all."""

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        """Refuse what SQLite cannot hold exactly.

        Raises:
            ValueError: more than 18 digits.
        """
        super().__init__(precision, scale)
        if precision > SQLITE_DIGITS:
            raise ValueError(f"Exact holds at most {SQLITE_DIGITS} digits, not {precision}")
        self.precision, self.scale = precision, scale

    @property
    def shape(self) -> str:
        """The scale alone: all precisions share one storage."""
        return f"exact:{self.scale}"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC, or a scaled integer where the database has no decimals."""
        if dialect.name == "postgresql":
            return _PlainNumeric(SQLITE_DIGITS, self.scale)
        return _Scaled(self.scale)


class Count(BigInteger):
    """How many rows there are: no table has ten million million of them, so that counts multiply in 64 bits."""

    precision = COUNT_DIGITS


class Version(Integer):
    """The number of a record's version, in 32 bits; what it is compared with may be larger."""

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """An operand has 64 bits: PostgreSQL fails over one that does not fit the type that it is said to be of."""
        kind = super().coerce_compared_value(op, value)
        return BigInteger() if isinstance(kind, Integer) else kind


class _InstantText(Text):
    """UTC as ``2026-11-22 02:15:49.123456+00:00``: fixed width, read by SQLite's own date functions."""

    def bind_processor(self, dialect: Dialect) -> Processor:
        def process(value: datetime | None) -> str | None:
            return None if value is None else value.astimezone(UTC).isoformat(" ", "microseconds")

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        read = datetime.fromisoformat
        return lambda value: None if value is None else read(value)


class Instant(TypeDecorator[datetime]):
    """A point in time, in UTC."""

    impl = DateTime
    cache_ok = True
    shape = "instant"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz`, or text that sorts by time."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return _InstantText()


class _DayText(Text):
    def bind_processor(self, dialect: Dialect) -> Processor:
        return lambda value: None if value is None else value.isoformat()

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        read = date.fromisoformat
        return lambda value: None if value is None else read(value)


class Day(TypeDecorator[date]):
    """A calendar day, in no zone."""

    impl = Date
    cache_ok = True
    shape = "day"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`date`, or ISO text."""
        return dialect.type_descriptor(Date()) if dialect.name == "postgresql" else _DayText()


class _ClockText(Text):
    def bind_processor(self, dialect: Dialect) -> Processor:
        return lambda value: None if value is None else value.isoformat("microseconds")

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        read = time.fromisoformat
        return lambda value: None if value is None else read(value)


class Clock(TypeDecorator[time]):
    """A time of day, in no zone."""

    impl = Time
    cache_ok = True
    shape = "clock"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`time`, or ISO text of fixed width."""
        return dialect.type_descriptor(Time()) if dialect.name == "postgresql" else _ClockText()


class Flag(Boolean):
    """True or false."""

    shape = "flag"


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump_json(value: Any) -> str:
    """`value` as JSON, without blanks: by orjson, by Python's own encoder what that does not take (longer integers)."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return _encode(value)


class _JsonText(Text):
    # A column declared JSON would have SQLite's numeric affinity and turn the text "1.50" into a number.
    def bind_processor(self, dialect: Dialect) -> Processor:
        return lambda value: None if value is None else dump_json(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return lambda value: None if value is None else json.loads(value)


class Document(TypeDecorator[Any]):
    """A JSON value; None is SQL's NULL."""

    impl = JSON
    cache_ok = True
    shape = "document"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`jsonb`, or text."""
        return dialect.type_descriptor(JSONB(none_as_null=True)) if dialect.name == "postgresql" else _JsonText()


def shape(kind: TypeEngine[Any]) -> str:
    """The storage shape of a column type: equal shapes can hold each other's values.

    Raises:
        TypeError: a type that record tables do not use.
    """
    own = getattr(kind, "shape", None)
    if own is not None:
        return str(own)
    for known, name in ((String, "text"), (Integer, "integer"), (Float, "float"), (LargeBinary, "bytes")):
        if isinstance(kind, known):
            return name
    raise TypeError(f"{kind!r} is not a column type of record tables; use those of dougong.engine.columns")


def stored(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """`kind` as a record table declares it: text without a length (see the module)."""
    return Text() if shape(kind) == "text" else kind
