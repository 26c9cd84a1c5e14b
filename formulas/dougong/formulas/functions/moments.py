"""The clock, conversions between dates, moments, times and text, and lengths of time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from dougong.formulas.annotations import (
    Boolean,
    Date,
    DateTime,
    GivenDate,
    GivenDateTime,
    GivenText,
    GivenTime,
    Number,
    Text,
    Time,
)
from dougong.formulas.decimals import EXACT, whole
from dougong.formulas.definition import function
from dougong.formulas.durations import EPOCH, as_time, milliseconds, seconds_since_epoch
from dougong.formulas.evaluation import EvaluationError, Failure, Row
from dougong.formulas.sql import dates, moment_texts, moments

_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_MOMENT = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2}) ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2}) *")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})")


@function("TODAY", uses_clock=True, uses_user=True, examples=(("TODAY()", date(2024, 2, 9)),))
def today(row: Row) -> Date:
    """The current day in the time zone of whoever reads."""
    return row.now.astimezone(row.context.timezone).date()


@function("NOW", uses_clock=True, examples=(("TEXT(NOW())", "2024-02-09 08:05:00Z"),))
def now(row: Row) -> DateTime:
    """The current moment; the same throughout one evaluation."""
    return row.now.astimezone(UTC)


@function("TIMENOW", uses_clock=True, examples=(("TIMENOW()", time(8, 5)),))
def time_now(row: Row) -> Time:
    """The current time of day in GMT, to the millisecond."""
    return _clock(row.now)


@function(
    "DATEVALUE",
    sql=moments.day_of_moment,
    uses_user=True,
    examples=(("DATEVALUE(DATETIMEVALUE('2024-02-09 08:00:00'))", date(2024, 2, 9)),),
)
def date_of_moment(row: Row, moment: GivenDateTime) -> Date:
    """The day of a date and time in the reader's time zone, or the date that a text spells as YYYY-MM-DD."""
    try:
        return moment.astimezone(row.context.timezone).date()
    except OverflowError:
        raise EvaluationError(Failure.OUT_OF_RANGE) from None


@function(
    "DATEVALUE",
    sql=moment_texts.date_of_text,
    examples=(("DATEVALUE('2024-2-9')", date(2024, 2, 9)), ("DATEVALUE('soon')", Failure.DATE_TEXT)),
)
def date_of_text(text: GivenText) -> Date:
    """The date that a text spells."""
    found = _DATE.fullmatch(text)
    if not found:
        raise EvaluationError(Failure.DATE_TEXT)
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        raise EvaluationError(Failure.DATE_TEXT) from None


@function(
    "DATETIMEVALUE",
    sql=moment_texts.moment_of_text,
    examples=(("TEXT(DATETIMEVALUE('2024-2-9 8:05:00'))", "2024-02-09 08:05:00Z"),),
)
def moment_of_text(text: GivenText) -> DateTime:
    """The moment that a text spells as YYYY-MM-DD HH:MM:SS in GMT; of a date, its midnight in GMT."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise EvaluationError(Failure.DATE_TEXT)
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise EvaluationError(Failure.DATE_TEXT) from None


@function(
    "DATETIMEVALUE",
    sql=moment_texts.moment_of_date,
    examples=(("TEXT(DATETIMEVALUE(DATE(2024, 2, 9)))", "2024-02-09 00:00:00Z"),),
)
def moment_of_date(day: GivenDate) -> DateTime:
    """Midnight GMT of a date."""
    return datetime.combine(day, time(), UTC)


@function("DATETIMEVALUE", sql=moments.unchanged, examples=(("TEXT(DATETIMEVALUE(NOW()))", "2024-02-09 08:05:00Z"),))
def moment_of_moment(moment: GivenDateTime) -> DateTime:
    """The moment itself."""
    return moment


@function("TIMEVALUE", sql=moment_texts.time_of_text, examples=(("TIMEVALUE('08:05:09.250')", time(8, 5, 9, 250_000)),))
def time_of_text(text: GivenText) -> Time:
    """The time that a text spells as HH:MM:SS.mmm, or the GMT time of day of a date and time."""
    found = _TIME.fullmatch(text)
    if not found:
        raise EvaluationError(Failure.DATE_TEXT)
    hour, minute, second, millisecond = map(int, found.groups())
    try:
        return time(hour, minute, second, millisecond * 1000)
    except ValueError:
        raise EvaluationError(Failure.DATE_TEXT) from None


@function(
    "TIMEVALUE", sql=moments.time_of_moment, examples=(("TIMEVALUE(DATETIMEVALUE('2024-02-09 08:05:00'))", time(8, 5)),)
)
def time_of_moment(moment: GivenDateTime) -> Time:
    """The GMT time of day."""
    return _clock(moment)


@function(
    "TIMEVALUE", sql=moments.unchanged, examples=(("TIMEVALUE(TIMEVALUE('08:05:09.250'))", time(8, 5, 9, 250_000)),)
)
def time_of_time(clock: GivenTime) -> Time:
    """The time itself."""
    return clock


@function("UNIXTIMESTAMP", sql=dates.unix_of_date, examples=(("UNIXTIMESTAMP(DATE(2005, 4, 5))", Decimal(1112659200)),))
def unix_of_date(day: Date) -> Number:
    """Whole seconds since 1970-01-01 GMT; of a time of day, since midnight."""
    return Decimal(seconds_since_epoch(datetime.combine(day, time(), UTC)))


@function(
    "UNIXTIMESTAMP",
    sql=moments.unix_of_moment,
    examples=(("UNIXTIMESTAMP(DATETIMEVALUE('1970-01-01 00:01:00'))", Decimal(60)),),
)
def unix_of_moment(moment: DateTime) -> Number:
    """Whole seconds since 1970-01-01 GMT."""
    return Decimal(seconds_since_epoch(moment))


@function(
    "UNIXTIMESTAMP", sql=moments.unix_of_time, examples=(("UNIXTIMESTAMP(TIMEVALUE('00:01:00.500'))", Decimal(60)),)
)
def unix_of_time(clock: Time) -> Number:
    """Whole seconds since midnight."""
    return Decimal(milliseconds(clock) // 1000)


@function("FROMUNIXTIME", sql=moments.from_unix_time, examples=(("TEXT(FROMUNIXTIME(-5))", "1969-12-31 23:59:55Z"),))
def from_unix_time(seconds: Number) -> DateTime:
    """The moment some seconds after 1970-01-01 GMT, kept to the millisecond."""
    try:
        return EPOCH + timedelta(milliseconds=whole(EXACT.multiply(seconds, Decimal(1000))))
    except OverflowError:
        raise EvaluationError(Failure.OUT_OF_RANGE) from None


@function("FORMATDURATION", sql=moment_texts.format_seconds, examples=(("FORMATDURATION(1000000)", "277:46:40"),))
def format_seconds(seconds: Number) -> Text:
    """A length of time as HH:MM:SS, without its sign; with TRUE, or of two moments, as D:HH:MM:SS."""
    return _duration(abs(whole(seconds)), False)


@function(
    "FORMATDURATION",
    sql=moment_texts.format_seconds_in_days,
    examples=(("FORMATDURATION(1000000, TRUE)", "11:13:46:40"),),
)
def format_seconds_in_days(seconds: Number, days: Boolean) -> Text:
    """A length of time, with days where asked."""
    return _duration(abs(whole(seconds)), days)


@function(
    "FORMATDURATION",
    sql=moment_texts.format_between_times,
    examples=(("FORMATDURATION(TIMEVALUE('08:00:00.000'), TIMEVALUE('09:30:00.000'))", "01:30:00"),),
)
def format_between_times(start: Time, end: Time) -> Text:
    """The length between two times of day."""
    return _duration(abs(milliseconds(end) - milliseconds(start)) // 1000, False)


@function(
    "FORMATDURATION",
    sql=moment_texts.format_between_moments,
    examples=(
        (
            "FORMATDURATION(DATETIMEVALUE('2024-02-09 08:00:00'), DATETIMEVALUE('2024-02-10 09:00:00'))",
            "1:01:00:00",
        ),
    ),
)
def format_between_moments(start: DateTime, end: DateTime) -> Text:
    """The length between two moments."""
    length: timedelta = abs(end - start)
    return _duration(length // timedelta(seconds=1), True)


def _clock(moment: datetime) -> time:
    return as_time(milliseconds(moment.astimezone(UTC).time()))


def _duration(seconds: int, with_days: bool) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    if not with_days:
        return f"{hours:02}:{minute:02}:{second:02}"
    days, hour = divmod(hours, 24)
    return f"{days}:{hour:02}:{minute:02}:{second:02}"
