"""Date, date and time, time of day. Times are UTC inside; people read and type them in their zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from dougong.base.field_types import FIELD_TYPES, FieldLike, Operator, Part, Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.columns import Clock, Day, Instant
from dougong.engine.fields.conditions import COMPARE
from dougong.engine.fields.date_text import (
    check_year,
    excel_day,
    local_moment,
    read_clock,
    read_day,
    read_moment,
)
from dougong.engine.fields.lunar import lunar_text, read_lunar
from dougong.engine.fields.operators import DATE, TIME_OF_DAY, VALID, named, read_operand, wrong_kind
from dougong.engine.fields.periods import period, unknown_period
from dougong.engine.fields.scalar import Scalar

LIMIT = {"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2}|today|[+-]?\d{1,5}d)$"}
"""JSON Schema of a limit of days: a date, ``today``, or so many days from today (``-7d``)."""
YEARLESS = 1604
"""The year that stands for none: a leap year that nobody's birthday is in."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a date operand covers, ``[start, end)``: dates of a date field, points in time of a date-time."""

    start: Any
    end: Any


def _limit(text: str, reading: Reading) -> date:
    if text.endswith("d"):
        return reading.today + timedelta(days=int(text[:-1]))
    return reading.today if text == "today" else date.fromisoformat(text)


def check_days(field: FieldLike, day: date, reading: Reading) -> None:
    """Refuse days outside the keys `min` and `max` of the field, which may count from today.

    Raises:
        ValueRefused: the day is outside.
    """
    least, most = field.options.get("min"), field.options.get("max")
    if least is not None and day < _limit(least, reading):
        raise ValueRefused(
            "date-too-early",
            msg("The date is before {limit}.", limit=_limit(least, reading).isoformat()),
            msg("Choose {limit} or later.", limit=_limit(least, reading).isoformat()),
        )
    if most is not None and day > _limit(most, reading):
        raise ValueRefused(
            "date-too-late",
            msg("The date is after {limit}.", limit=_limit(most, reading).isoformat()),
            msg("Choose {limit} or earlier.", limit=_limit(most, reading).isoformat()),
        )


class Dated(Scalar):
    """What date and date-time share: operands are spans, so that "is today" and "is on 22 November" are alike."""

    offered: ClassVar[tuple[Operator, ...]] = DATE

    def operand(self, field: FieldLike, op: str, value: Any, reading: Reading) -> Any:
        """Spans: of a named period, of a day, of a point in time."""
        return read_operand(named(self.operators(field), op), value, lambda item: self.span(item, reading))

    def span(self, value: Any, reading: Reading) -> Span | None:
        """The span that `value` covers for a reader."""
        raise NotImplementedError

    def condition(
        self, field: FieldLike, columns: Sequence[ColumnElement[Any]], op: str, operand: Any
    ) -> ColumnElement[bool]:
        """Half-open ranges, which one index serves."""
        column = columns[0]
        match op:
            case "blank" | "not_blank":
                return COMPARE[op](column, None)
            case "is" | "within":
                return _inside(column, operand.start, operand.end)
            case "between":
                return _inside(column, operand[0].start, operand[1].end)
            case "in":
                return or_(false(), *(_inside(column, each.start, each.end) for each in operand))
            case "is_not":
                return not_(_inside(column, operand.start, operand.end))
            case "not_in":
                return and_(true(), *(not_(_inside(column, each.start, each.end)) for each in operand))
            case "before" | "lt":
                return COMPARE["lt"](column, operand.start)
            case "lte":
                return COMPARE["lt"](column, operand.end)
            case "after" | "gt":
                return COMPARE["gte"](column, operand.end)
            case _:
                return COMPARE["gte"](column, operand.start)


def _inside(column: ColumnElement[Any], start: Any, end: Any) -> ColumnElement[bool]:
    return and_(column.is_not(None), column >= start, column < end)


@FIELD_TYPES.register
class DateType(Dated):
    """A calendar day; by choice a month, or a day whose year may be unknown (a birthday)."""

    name = "date"
    formula_type = "date"
    keys: ClassVar[Mapping[str, Any]] = {
        "precision": {"enum": ["day", "month"], "default": "day"},
        "year": {"enum": ["required", "optional"], "default": "required"},
        "lunar": {"type": "boolean", "default": False},
        "min": LIMIT,
        "max": LIMIT,
    }

    def operators(self, field: FieldLike) -> tuple[Operator, ...]:
        """Those of dates; of the first day of effective dates also whether the record is valid on a day."""
        return (*self.offered, VALID) if field.options.get("valid_until") else self.offered

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One day."""
        return (Part("", Day()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> date | None:
        """The day, of a month field the first of the month."""
        if isinstance(value, str) and field.options.get("lunar"):
            value = read_lunar(value) or value
        if isinstance(value, str) and field.options.get("year") == "optional":
            value = _with_year(value)
        day = _as_day(value, reading)
        if day is None:
            return None
        if field.options.get("precision") == "month":
            day = day.replace(day=1)
        if day.year != YEARLESS:
            check_days(field, day, reading)
        return day

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """ISO 8601: ``2026-11-22``; ``--11-22`` without a year."""
        if value is None:
            return None
        return f"--{value:%m-%d}" if _yearless(field, value) else str(value.isoformat())

    def json_schema(self, field: FieldLike) -> dict[str, Any]:
        """A date; without the year where the field leaves it open."""
        if field.options.get("year") == "optional":
            return {"type": "string", "pattern": r"^(\d{4}|-)-\d{2}-\d{2}$"}
        return {"type": "string", "format": "date"}

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As JSON; of a month field ``2026-11``."""
        text = self.to_json(field, value) or ""
        return text[:-3] if text and field.options.get("precision") == "month" else text

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As text; without a year ``11-22``."""
        return self.to_text(field, value, reading).removeprefix("--")

    def lunar(self, field: FieldLike, value: Any, language: str) -> str:
        """The lunar date that stands beside the day; "" where the field asks for none, or the year is unknown."""
        return lunar_text(value, language) if value and field.options.get("lunar") and value.year != YEARLESS else ""

    def span(self, value: Any, reading: Reading) -> Span | None:
        """Days."""
        days = _named_days(value, reading)
        if days is None:
            day = _operand_day(value, reading)
            days = None if day is None else (day, day + timedelta(days=1))
        return Span(*days) if days else None


def _yearless(field: FieldLike, day: date) -> bool:
    return day.year == YEARLESS and field.options.get("year") == "optional"


def _with_year(text: str) -> str:
    """A day without a year (``--11-22``, ``11-22``, ``11月22日``) in the year that stands for none."""
    bare = text.strip().removeprefix("--").removesuffix("日").replace("月", "-").replace("/", "-")
    parts = bare.split("-")
    if len(parts) == 2 and all(part.strip().isdecimal() and len(part.strip()) <= 2 for part in parts):
        return f"{YEARLESS}-{int(parts[0]):02d}-{int(parts[1]):02d}"
    return text


def _as_day(value: Any, reading: Reading) -> date | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return check_year((value.astimezone(reading.zone) if value.tzinfo else value).date(), value)
    if isinstance(value, date):
        return check_year(value, value)
    if isinstance(value, str):
        return read_day(value, reading)
    day = excel_day(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if day is None:
        raise wrong_kind(value, msg("a date such as 2026-11-22"))
    return day


def _named_days(value: Any, reading: Reading) -> tuple[date, date] | None:
    return period(value.strip().lower(), reading.today) if isinstance(value, str) else None


def _operand_day(value: Any, reading: Reading) -> date | None:
    try:
        return _as_day(value, reading)
    except ValueRefused as refused:
        if refused.code == "value-not-date":
            raise unknown_period(value) from None
        raise


@FIELD_TYPES.register
class DateTimeType(Dated):
    """A point in time. Kept in UTC; text without an offset is a time of the reader's zone."""

    name = "datetime"
    formula_type = "datetime"
    keys: ClassVar[Mapping[str, Any]] = {
        "precision": {"enum": ["minute", "second"], "default": "second"},
        "min": LIMIT,
        "max": LIMIT,
    }

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One instant."""
        return (Part("", Instant()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> datetime | None:
        """The point in time, cut to whole seconds, or minutes where the field says so."""
        moment = _as_moment(value, reading)
        if moment is None:
            return None
        moment = moment.replace(microsecond=0)
        if field.options.get("precision") == "minute":
            moment = moment.replace(second=0)
        check_days(field, moment.astimezone(reading.zone).date(), reading)
        return moment

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """ISO 8601 in UTC: ``2026-11-22T03:26:00Z``."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"

    def to_text(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """In the reader's zone, with the offset only in the hour that the clock passes twice."""
        if value is None:
            return ""
        local = value.astimezone(reading.zone)
        text = local.replace(tzinfo=None).isoformat(" ", "minutes" if local.second == 0 else "seconds")
        again = local.replace(fold=0).astimezone(UTC)
        return text if again == value.replace(microsecond=0) or again == value else f"{local:%Y-%m-%d %H:%M:%S%z}"

    def form(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """As ``<input type="datetime-local">`` takes it."""
        if value is None:
            return ""
        local = value.astimezone(reading.zone).replace(tzinfo=None)
        return str(local.isoformat("T", "minutes" if local.second == 0 else "seconds"))

    def display(self, field: FieldLike, value: Any, reading: Reading) -> str:
        """To the minute, in the reader's zone."""
        return "" if value is None else f"{value.astimezone(reading.zone):%Y-%m-%d %H:%M}"

    def span(self, value: Any, reading: Reading) -> Span | None:
        """Points in time: of the reader's days, or of the minute or second that was written."""
        days = _named_days(value, reading)
        if days is None and isinstance(value, date) and not isinstance(value, datetime):
            days = (value, value + timedelta(days=1))
        if days is None and isinstance(value, str):
            days = _written_day(value, reading)
        if days:
            first, after = (local_moment(day, time(), reading) for day in days)
            return Span(first, after)
        try:
            moment = _as_moment(value, reading)
        except ValueRefused as refused:
            if refused.code == "value-not-datetime":
                raise unknown_period(value) from None
            raise
        return None if moment is None else Span(moment, moment + _grain(value, moment))


def _written_day(text: str, reading: Reading) -> tuple[date, date] | None:
    """The day, where the text says a day and no time."""
    if ":" in text or not text.strip():
        return None
    try:
        moment = read_moment(text, reading)
    except ValueRefused:
        return None
    if moment is None:
        return None
    local = moment.astimezone(reading.zone)
    return (local.date(), local.date() + timedelta(days=1)) if local.time() == time() else None


def _grain(value: Any, moment: datetime) -> timedelta:
    """How long the point in time lasts that was written: a minute when only minutes were."""
    if moment.microsecond or isinstance(value, datetime):
        return timedelta(microseconds=1)
    colons = value.split("+")[0].count(":") if isinstance(value, str) else 0
    return timedelta(minutes=1) if colons < 2 else timedelta(seconds=1)


def _as_moment(value: Any, reading: Reading) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        check_year(value, value)
        return value.astimezone(UTC) if value.tzinfo else local_moment(value.date(), value.time(), reading)
    if isinstance(value, date):
        return local_moment(check_year(value, value), time(), reading)
    if isinstance(value, str):
        return read_moment(value, reading)
    raise wrong_kind(value, msg("a date and time such as 2026-11-22T09:30:00Z"))


@FIELD_TYPES.register
class TimeType(Scalar):
    """A time of day, in no zone."""

    name = "time"
    formula_type = "time"
    offered = TIME_OF_DAY
    keys: ClassVar[Mapping[str, Any]] = {
        "precision": {"enum": ["minute", "second"], "default": "minute"},
        "min": {"type": "string", "pattern": r"^\d{2}:\d{2}$"},
        "max": {"type": "string", "pattern": r"^\d{2}:\d{2}$"},
    }

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One time of day."""
        return (Part("", Clock()),)

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> time | None:
        """The time, cut to minutes unless the field keeps seconds."""
        clock = self.operand_value(field, "is", value, reading)
        if clock is None:
            return None
        clock = clock.replace(microsecond=0)
        if field.options.get("precision", "minute") == "minute":
            clock = clock.replace(second=0)
        _check_clock(field, clock)
        return clock

    def operand_value(self, field: FieldLike, op: str, value: Any, reading: Reading) -> time | None:
        """Any time of day."""
        if isinstance(value, datetime):
            value = value.time()
        if value is None or isinstance(value, time):
            return value if value is None else value.replace(tzinfo=None)
        if isinstance(value, str):
            return read_clock(value)
        raise wrong_kind(value, msg("a time such as 09:30"))

    def to_json(self, field: FieldLike, value: Any) -> Any:
        """``09:30`` or ``09:30:15``."""
        if value is None:
            return None
        text: str = value.isoformat("seconds")
        return text[:-3] if value.second == 0 else text


def _check_clock(field: FieldLike, clock: time) -> None:
    least, most = field.options.get("min"), field.options.get("max")
    if least is not None and clock < time.fromisoformat(least):
        raise ValueRefused(
            "time-too-early",
            msg("The time is before {limit}.", limit=least),
            msg("Choose {limit} or later.", limit=least),
        )
    if most is not None and clock > time.fromisoformat(most):
        raise ValueRefused(
            "time-too-late",
            msg("The time is after {limit}.", limit=most),
            msg("Choose {limit} or earlier.", limit=most),
        )
