"""SQL of working days: routines that are given the calendar as a text, and the fiscal year in native operators."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import case

from dougong.formulas.decimals import whole
from dougong.formulas.evaluation import Context, EvaluationError, Failure
from dougong.formulas.sql.constructs import DatePart, ExactLiteral
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import Sql, number
from dougong.formulas.types import Type
from dougong.formulas.working_days import parsed

_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"


def _calendar(context: Context) -> str:
    return context.calendar.text


def _between(calendar: str, start: date, end: date) -> Decimal:
    return Decimal(parsed(calendar).between(start, end))


def _after(calendar: str, day: date, days: Decimal) -> date:
    found = parsed(calendar).after(day, whole(days))
    if found is None:
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return found


def _is_workday(calendar: str, day: date) -> bool:
    return parsed(calendar).is_workday(day)


_UNTIL = f"""
CREATE OR REPLACE FUNCTION dg_workdays_until(week text, rest integer[], extra integer[], n integer) RETURNS integer
LANGUAGE sql {_STRICT} AS $$
    -- How many of the days 1 to n are worked; day 1 is 0001-01-01, a Monday. A bucket's number is how many begin by n.
    SELECT n / 7 * length(replace(week, '0', '')) + length(replace(left(week, n % 7), '0', ''))
        - width_bucket(n, rest) + width_bucket(n, extra)
$$;
CREATE OR REPLACE FUNCTION dg_days_in(c text, part integer) RETURNS integer[] LANGUAGE sql {_STRICT} AS $$
    -- The second or third part of a calendar: days as numbers.
    SELECT string_to_array(split_part(c, '|', part), ',')::integer[]
$$;
"""
# The outer functions are single expressions, so that the planner writes them out and reads the calendar once a query.
_NUMBER = "({} - DATE '0001-01-01' + 1)"
_PARTS = "left(c, 7), dg_days_in(c, 2), dg_days_in(c, 3)"

between = Routine(
    name="dg_workdays",
    result=Type.NUMBER,
    digits=(7, 0),
    circumstance=_calendar,
    python=_between,
    needs=(_UNTIL,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_workdays(c text, a date, b date) RETURNS numeric LANGUAGE sql {_STRICT} AS $$
    SELECT (dg_workdays_until({_PARTS}, {_NUMBER.format("b")})
        - dg_workdays_until({_PARTS}, {_NUMBER.format("a")}))::numeric
$$;
""",
)

is_workday = Routine(
    name="dg_is_workday",
    result=Type.BOOLEAN,
    circumstance=_calendar,
    python=_is_workday,
    needs=(_UNTIL,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_is_workday(c text, d date) RETURNS boolean LANGUAGE sql {_STRICT} AS $$
    SELECT dg_workdays_until({_PARTS}, {_NUMBER.format("d")})
        > dg_workdays_until({_PARTS}, {_NUMBER.format("d")} - 1)
$$;
""",
)

after = Routine(
    name="dg_add_workdays",
    result=Type.DATE,
    fails=Failure.OUT_OF_RANGE,
    circumstance=_calendar,
    python=_after,
    needs=(_UNTIL,),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_add_workdays(c text, d date, x numeric) RETURNS date LANGUAGE sql {_STRICT} AS $$
    SELECT dg_workday_after({_PARTS}, d, x)
$$;
CREATE OR REPLACE FUNCTION dg_workday_after(week text, rest integer[], extra integer[], d date, x numeric)
RETURNS date LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    steps integer := greatest(least(trunc(x), 4000000), -4000000);
    before integer := {_NUMBER.format("d")} - CASE WHEN x <= -1 THEN 1 ELSE 0 END;
    wanted integer;
    low integer := 1;
    high integer := 3652059;
    middle integer;
BEGIN
    IF steps = 0 THEN
        RETURN d;
    END IF;
    wanted := dg_workdays_until(week, rest, extra, before) + steps + CASE WHEN steps < 0 THEN 1 ELSE 0 END;
    IF wanted < 1 OR wanted > dg_workdays_until(week, rest, extra, high) THEN
        RETURN NULL;
    END IF;
    -- Within so many weeks there are enough working days, whatever the holidays.
    middle := ((abs(steps) + cardinality(rest)) / length(replace(week, '0', '')) + 1) * 7;
    IF steps > 0 THEN
        low := before + 1;
        high := least(high, before + middle);
    ELSE
        low := greatest(low, before - middle);
        high := before;
    END IF;
    WHILE low < high LOOP
        middle := (low + high) / 2;
        IF dg_workdays_until(week, rest, extra, middle) < wanted THEN
            low := middle + 1;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN DATE '0001-01-01' + low - 1;
END $$;
""",
)


def fiscal_year(context: Context, day: Sql) -> Sql:
    """The year of a date, one less before the month in which the fiscal year begins, one more where its end names
    it."""
    calendar, year = context.calendar, DatePart(day.value, "year")
    first = calendar.fiscal_year(date(2000, 12, 31)) - 2000
    begun = DatePart(day.value, "month") >= _whole(calendar.fiscal_month)
    return number(case((begun, year + _whole(first)), else_=year + _whole(first - 1)), 5, 0, day.limit)


def fiscal_quarter(context: Context, day: Sql) -> Sql:
    """The quarter by month."""
    month = DatePart(day.value, "month")
    quarters = {each: context.calendar.fiscal_quarter(date(2000, each, 1)) for each in range(1, 13)}
    found = case(*((month == _whole(each), _whole(quarter)) for each, quarter in quarters.items()))
    return number(found, 1, 0, day.limit)


def _whole(value: int) -> ExactLiteral:
    return ExactLiteral(Decimal(value), 0)
