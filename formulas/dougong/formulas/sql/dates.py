"""SQL of dates. A date is kept as DATE, or as ISO text where the database has no dates."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Numeric, and_, case, literal, literal_column, not_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas.decimals import whole
from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.constructs import DatePart, DayNumber, DayOf, ExactLiteral
from dougong.formulas.sql.rounding import clipped
from dougong.formulas.sql.routines import Call, Routine
from dougong.formulas.sql.values import Meaning, Sql, number, where
from dougong.formulas.types import Type

_LAST_DAY = 3_652_058
"""Days from 0001-01-01 to 9999-12-31."""
_EPOCH = 719_162
"""Days from 0001-01-01 to 1970-01-01."""
_DAY_SECONDS = 86_400
_EARLY, _LATE = datetime.date(1001, 1, 1), datetime.date(8999, 1, 1)
_FEW_MONTHS = 12_000
_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"


def part(name: str, digits: int, more: int = 0) -> Meaning:
    """YEAR, MONTH and the like; `more` is added to what the databases give."""

    def meaning(day: Sql) -> Sql:
        found = DatePart(day.value, name)
        shifted = found + ExactLiteral(Decimal(more), 0) if more else found
        return number(shifted, digits, 0, day.limit)

    return meaning


class DaysBetween(FunctionElement[Any]):
    """Whole days from the second date to the first."""

    name = "days_between"
    inherit_cache = True
    type = Numeric()


@compiles(DaysBetween)
def _by_difference(element: DaysBetween, compiler: Any, **options: Any) -> str:
    left, right = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(({left}) - ({right}) AS NUMERIC)"


@compiles(DaysBetween, "sqlite")
def _by_julian_days(element: DaysBetween, compiler: Any, **options: Any) -> str:
    left, right = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(julianday({left}) - julianday({right}) AS INTEGER)"


class DayAfter(FunctionElement[Any]):
    """The date a fixed number of days after another; within the calendar, as the caller knows."""

    name = "day_after"
    inherit_cache = True
    type = Date()

    def __init__(self, day: ColumnElement[Any], days: int) -> None:
        super().__init__(day, literal_column(str(days), Integer()))


@compiles(DayAfter)
def _by_sum(element: DayAfter, compiler: Any, **options: Any) -> str:
    day, days = (compiler.process(each, **options) for each in element.clauses)
    return f"(({day}) + ({days}))"


@compiles(DayAfter, "sqlite")
def _by_modifier(element: DayAfter, compiler: Any, **options: Any) -> str:
    day, days = (compiler.process(each, **options) for each in element.clauses)
    return f"date({day}, '{days} days')"


def days_between(left: Sql, right: Sql) -> Sql:
    """Date minus date."""
    return number(DaysBetween(left.value, right.value), 7, 0, left.limit)


def moved(operate: Callable[[Any, Any], Any]) -> Meaning:
    """Date plus or minus days, the fraction cut; outside the years 1 to 9999 is an error."""

    def meaning(day: Sql, days: Sql) -> Sql:
        if isinstance(days.constant, Decimal) and abs(days.constant) < _LAST_DAY:
            return _after(day, operate(0, whole(days.constant)))
        count = clipped(days)
        target = operate(DayNumber(day.value), count.value)
        fits = target.between(0, _LAST_DAY)
        fails = and_(day.value.is_not(None), count.value.is_not(None), not_(fits))
        return Sql(Type.DATE, DayOf(target), limit=day.limit).failing(where(fails, Failure.OUT_OF_RANGE))

    return meaning


def _after(day: Sql, days: int) -> Sql:
    """A date some days later, in the database's own operators."""
    step = datetime.timedelta(abs(days))
    first = datetime.date.min + step if days < 0 else datetime.date.min
    last = datetime.date.max - step if days > 0 else datetime.date.max
    fits = day.value.between(literal(first, Date()), literal(last, Date()))
    fails = and_(day.value.is_not(None), not_(fits))
    value = case((fits, DayAfter(day.value, days)))
    return Sql(Type.DATE, value, where(fails, Failure.OUT_OF_RANGE), limit=day.limit, is_guarded=True)


def days_and_date(days: Sql, day: Sql) -> Sql:
    """Days plus a date."""
    return moved(operator.add)(day, days)


def unix_of_date(day: Sql) -> Sql:
    """Seconds from 1970 to the beginning of a date."""
    days = DayNumber(day.value) - ExactLiteral(Decimal(_EPOCH), 0)
    return number(days * ExactLiteral(Decimal(_DAY_SECONDS), 0), 12, 0, day.limit)


DATE = f"""
CREATE OR REPLACE FUNCTION dg_date(a numeric, b numeric, c numeric) RETURNS date LANGUAGE plpgsql {_STRICT} AS $$
-- The date of a year, month and day, fractions cut; NULL where there is none.
DECLARE
    first date;
    day integer;
BEGIN
    IF trunc(a) NOT BETWEEN 1 AND 9999 OR trunc(b) NOT BETWEEN 1 AND 12 OR trunc(c) NOT BETWEEN 1 AND 31 THEN
        RETURN NULL;
    END IF;
    first := make_date(trunc(a)::integer, trunc(b)::integer, 1);
    day := trunc(c);
    RETURN CASE WHEN day < 29 OR day <= (first + interval '1 month')::date - first THEN first + day - 1 END;
END $$;
"""

date = Routine(name="dg_date", result=Type.DATE, fails=Failure.OUT_OF_RANGE, postgresql=DATE)

_MONTHS = f"""
CREATE OR REPLACE FUNCTION dg_add_months(d date, n numeric) RETURNS date LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    months double precision := date_part('year', d) * 12 + date_part('month', d) - 1 + least(trunc(n), 1e9);
    later timestamp;
BEGIN
    IF months < 12 OR months >= 120000 THEN
        RETURN NULL;
    END IF;
    later := d + make_interval(months => trunc(n)::integer);
    -- The last day of a month stays the last.
    IF date_part('day', d + 1) = 1 THEN
        later := date_trunc('month', later) + interval '1 month -1 day';
    END IF;
    RETURN later::date;
END $$;
"""


def leaving_the_calendar(
    routine: str, early: ColumnElement[Any], late: ColumnElement[Any], few: int
) -> Callable[[Sql, Sql], ColumnElement[str]]:
    """Where a date or moment leaves the calendar: not within `few` steps from between `early` and `late`."""

    def error(start: Sql, steps: Sql) -> ColumnElement[str]:
        value = Call(routine, (start, steps))
        fails = and_(start.value.is_not(None), steps.value.is_not(None), value.is_(None))
        if steps.constant is not None and abs(steps.constant) < few:
            # Most rows are told without another call.
            fails = and_(not_(start.value.between(early, late)), fails)
        return where(fails, Failure.OUT_OF_RANGE)

    return error


add_months = Routine(
    name="dg_add_months",
    result=Type.DATE,
    fails=Failure.OUT_OF_RANGE,
    error=leaving_the_calendar("dg_add_months", literal(_EARLY, Date()), literal(_LATE, Date()), _FEW_MONTHS),
    postgresql=_MONTHS,
)

add_months_to_moment = Routine(
    name="dg_add_months_moment",
    result=Type.DATETIME,
    fails=Failure.OUT_OF_RANGE,
    needs=(_MONTHS,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_add_months_moment(m timestamptz, n numeric) RETURNS timestamptz
LANGUAGE sql {_STRICT} AS $$
    SELECT (dg_add_months((m AT TIME ZONE 'UTC')::date, n) + (m AT TIME ZONE 'UTC')::time) AT TIME ZONE 'UTC'
$$;
""",
)


month_end = Routine(
    name="dg_month_end",
    result=Type.DATE,
    fails=Failure.OUT_OF_RANGE,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_month_end(d date, n numeric DEFAULT 0) RETURNS date LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    months integer := date_part('year', d) * 12 + date_part('month', d) - 1 + trunc(least(greatest(n, -1e6), 1e6));
BEGIN
    IF months BETWEEN 12 AND 119999 THEN
        RETURN (make_date(months / 12, months % 12 + 1, 1) + interval '1 month -1 day')::date;
    END IF;
    RETURN NULL;
END $$;
""",
)


def _iso(name: str, field: str, kind: str, day: str) -> Routine:
    """ISOWEEK or ISOYEAR of a date or moment."""
    return Routine(
        name=name,
        result=Type.NUMBER,
        digits=(4, 0),
        postgresql=f"""
CREATE OR REPLACE FUNCTION {name}(d {kind}) RETURNS numeric LANGUAGE sql {_STRICT} AS $$
    SELECT EXTRACT({field} FROM {day})
$$;
""",
    )


iso_week = _iso("dg_iso_week", "WEEK", "date", "d")
iso_week_of_moment = _iso("dg_iso_week_moment", "WEEK", "timestamptz", "d AT TIME ZONE 'UTC'")
iso_year = _iso("dg_iso_year", "ISOYEAR", "date", "d")
iso_year_of_moment = _iso("dg_iso_year_moment", "ISOYEAR", "timestamptz", "d AT TIME ZONE 'UTC'")

text_of_date = Routine(
    name="dg_date_text",
    result=Type.TEXT,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_date_text(d date) RETURNS text LANGUAGE sql {_STRICT} AS $$
    SELECT to_char(d, 'YYYY-MM-DD')
$$;
""",
)
