"""Working days by the company's calendar, and its fiscal year."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from dougong.formulas.annotations import Boolean, Date, Number
from dougong.formulas.decimals import whole
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError, Failure, Row
from dougong.formulas.sql import working_days


@function(
    "WORKDAYS",
    sql=working_days.between,
    uses_calendar=True,
    examples=(
        ("WORKDAYS(DATE(2024, 2, 9), DATE(2024, 2, 19))", Decimal(2)),
        ("WORKDAYS(DATE(2024, 2, 19), DATE(2024, 2, 9))", Decimal(-2)),
        ("WORKDAYS(DATE(2024, 2, 9), DATE(2024, 2, 9))", Decimal(0)),
    ),
)
def between(row: Row, start: Date, end: Date) -> Number:
    """How many working days come after one day, up to and with another, by the company's calendar; negative where
    the second is earlier. WORKDAYS(TODAY(), due_on) is what is left to work."""
    return Decimal(row.context.calendar.between(start, end))


@function(
    "ADDWORKDAYS",
    sql=working_days.after,
    uses_calendar=True,
    examples=(
        ("ADDWORKDAYS(DATE(2024, 2, 9), 1)", date(2024, 2, 18)),
        ("ADDWORKDAYS(DATE(2024, 2, 19), -2)", date(2024, 2, 9)),
        ("ADDWORKDAYS(DATE(9999, 12, 31), 1)", Failure.OUT_OF_RANGE),
    ),
)
def after(row: Row, day: Date, days: Number) -> Date:
    """The day some working days after another, or before it where the number is negative, by the company's calendar.
    The fraction is cut; 0 gives the day itself, worked or not."""
    found = row.context.calendar.after(day, whole(days))
    if found is None:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return found


@function(
    "ISWORKDAY",
    sql=working_days.is_workday,
    uses_calendar=True,
    examples=(("ISWORKDAY(DATE(2024, 2, 18))", True), ("ISWORKDAY(DATE(2024, 2, 12))", False)),
)
def is_workday(row: Row, day: Date) -> Boolean:
    """Whether a day is worked, by the company's calendar: a day of the working week that is no holiday, or one that
    is made up for."""
    return row.context.calendar.is_workday(day)


@function(
    "FISCALYEAR",
    sql=working_days.fiscal_year,
    uses_calendar=True,
    examples=(("FISCALYEAR(DATE(2024, 2, 9))", Decimal(2024)),),
)
def fiscal_year(row: Row, day: Date) -> Number:
    """The fiscal year of a day, by the company's calendar."""
    return Decimal(row.context.calendar.fiscal_year(day))


@function(
    "FISCALQUARTER",
    sql=working_days.fiscal_quarter,
    uses_calendar=True,
    examples=(("FISCALQUARTER(DATE(2024, 2, 9))", Decimal(1)),),
)
def fiscal_quarter(row: Row, day: Date) -> Number:
    """The quarter of its fiscal year that a day is in, 1 to 4, by the company's calendar."""
    return Decimal(row.context.calendar.fiscal_quarter(day))
