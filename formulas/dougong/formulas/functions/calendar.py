"""Dates and their parts, times of day and theirs. The calendar is the Gregorian one throughout, from year 1 to 9999."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time
from decimal import Decimal

from dougong.formulas.annotations import Date, DateTime, Number, Time
from dougong.formulas.decimals import ZERO, whole
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.sql import dates, moments

_EXAMPLE = "DATE(2024, 2, 9)"
_CLOCK = "TIMEVALUE('08:05:09.250')"


@function("DATE", sql=dates.date, examples=((_EXAMPLE, date(2024, 2, 9)), ("DATE(2023, 2, 29)", Failure.OUT_OF_RANGE)))
def date_(year: Number, month: Number, day: Number) -> Date:
    """The date with a year, month and day; one that does not exist is an error."""
    try:
        return date(whole(year), whole(month), whole(day))
    except (ValueError, OverflowError):
        raise EvaluationError(Failure.OUT_OF_RANGE) from None


@function("YEAR", sql=dates.part("year", 4), examples=((f"YEAR({_EXAMPLE})", Decimal(2024)),))
def year(day: Date) -> Number:
    """The year of a date."""
    return Decimal(day.year)


@function(
    "QUARTER",
    sql=dates.part("quarter", 1),
    examples=((f"QUARTER({_EXAMPLE})", Decimal(1)), ("QUARTER(DATE(2024, 12, 31))", Decimal(4))),
)
def quarter(day: Date) -> Number:
    """The quarter of the calendar year, 1 to 4; FISCALQUARTER goes by the company's year."""
    return Decimal((day.month + 2) // 3)


@function("MONTH", sql=dates.part("month", 2), examples=((f"MONTH({_EXAMPLE})", Decimal(2)),))
def month(day: Date) -> Number:
    """The month of a date, 1 to 12."""
    return Decimal(day.month)


@function("DAY", sql=dates.part("day", 2), examples=((f"DAY({_EXAMPLE})", Decimal(9)),))
def day_of_month(day: Date) -> Number:
    """The day of the month, 1 to 31."""
    return Decimal(day.day)


@function("WEEKDAY", sql=dates.part("dow", 1, 1), examples=((f"WEEKDAY({_EXAMPLE})", Decimal(6)),))
def weekday(day: Date) -> Number:
    """The day of the week: 1 is Sunday, 7 is Saturday."""
    return Decimal(day.isoweekday() % 7 + 1)


@function("DAYOFYEAR", sql=dates.part("doy", 3), examples=((f"DAYOFYEAR({_EXAMPLE})", Decimal(40)),))
def day_of_year(day: Date) -> Number:
    """The day of the year, 1 to 366."""
    return Decimal(day.timetuple().tm_yday)


@function("ISOWEEK", sql=dates.iso_week, examples=(("ISOWEEK(DATE(2006, 1, 1))", Decimal(52)),))
def iso_week(day: Date) -> Number:
    """The week of the year by ISO 8601, 1 to 53; of a date and time, by its GMT day."""
    return Decimal(day.isocalendar().week)


@function(
    "ISOWEEK", sql=dates.iso_week_of_moment, examples=(("ISOWEEK(DATETIMEVALUE('2006-01-01 00:00:00'))", Decimal(52)),)
)
def iso_week_of_moment(moment: DateTime) -> Number:
    """The week of a moment's GMT day."""
    return iso_week(_gmt_day(moment))


@function("ISOYEAR", sql=dates.iso_year, examples=(("ISOYEAR(DATE(2006, 1, 1))", Decimal(2005)),))
def iso_year(day: Date) -> Number:
    """The year that the ISO 8601 week of a date belongs to; of a date and time, by its GMT day."""
    return Decimal(day.isocalendar().year)


@function(
    "ISOYEAR",
    sql=dates.iso_year_of_moment,
    examples=(("ISOYEAR(DATETIMEVALUE('2006-01-01 00:00:00'))", Decimal(2005)),),
)
def iso_year_of_moment(moment: DateTime) -> Number:
    """The week's year of a moment's GMT day."""
    return iso_year(_gmt_day(moment))


@function(
    "ADDMONTHS",
    sql=dates.add_months,
    examples=(
        ("ADDMONTHS(DATE(2019, 2, 28), -1)", date(2019, 1, 31)),
        ("ADDMONTHS(DATE(2024, 1, 30), 1)", date(2024, 2, 29)),
    ),
)
def add_months(day: Date, months: Number) -> Date:
    """A date some months later. The last day of a month stays the last; a day that is missing becomes the last."""
    return _months_later(day, whole(months))


@function(
    "ADDMONTHS",
    sql=dates.add_months_to_moment,
    examples=(("TEXT(ADDMONTHS(DATETIMEVALUE('2024-01-31 08:00:00'), 1))", "2024-02-29 08:00:00Z"),),
)
def add_months_to_moment(moment: DateTime, months: Number) -> DateTime:
    """A moment some months later, by its GMT day."""
    later = _months_later(_gmt_day(moment), whole(months))
    return datetime.combine(later, moment.astimezone(UTC).timetz())


@function(
    "EOMONTH",
    sql=dates.month_end,
    examples=(
        ("EOMONTH(DATE(2024, 2, 9))", date(2024, 2, 29)),
        ("EOMONTH(DATE(2024, 1, 31), 1)", date(2024, 2, 29)),
        ("EOMONTH(DATE(2024, 3, 31), -1)", date(2024, 2, 29)),
        ("EOMONTH(DATE(9999, 12, 1), 1)", Failure.OUT_OF_RANGE),
    ),
)
def month_end(day: Date, months: Number = ZERO) -> Date:
    """The last day of a date's month, or of the month so many months later; the fraction is cut."""
    first = _months_later(day.replace(day=1), whole(months))
    return first.replace(day=monthrange(first.year, first.month)[1])


@function("HOUR", sql=moments.hour, examples=((f"HOUR({_CLOCK})", Decimal(8)),))
def hour(clock: Time) -> Number:
    """The hour of a time of day, 0 to 23."""
    return Decimal(clock.hour)


@function("MINUTE", sql=moments.minute, examples=((f"MINUTE({_CLOCK})", Decimal(5)),))
def minute(clock: Time) -> Number:
    """The minute of a time of day."""
    return Decimal(clock.minute)


@function("SECOND", sql=moments.second, examples=((f"SECOND({_CLOCK})", Decimal(9)),))
def second(clock: Time) -> Number:
    """The second of a time of day."""
    return Decimal(clock.second)


@function("MILLISECOND", sql=moments.millisecond, examples=((f"MILLISECOND({_CLOCK})", Decimal(250)),))
def millisecond(clock: Time) -> Number:
    """The millisecond of a time of day."""
    of_day: time = clock
    return Decimal(of_day.microsecond // 1000)


def _gmt_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _months_later(day: date, months: int) -> date:
    years, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= years <= 9999:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    last = monthrange(years, index + 1)[1]
    was_last = day.day == monthrange(day.year, day.month)[1]
    return date(years, index + 1, last if was_last else min(day.day, last))
