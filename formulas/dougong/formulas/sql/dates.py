"""SQL of dates. A date is kept as DATE, or as ISO text where the database has no dates."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, not_

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.constructs import DatePart, DayNumber, DayOf, ExactLiteral
from dougong.formulas.sql.numbers import clipped
from dougong.formulas.sql.values import Meaning, Sql, number, where
from dougong.formulas.types import Type

_LAST_DAY = 3_652_058
"""Days from 0001-01-01 to 9999-12-31."""


def part(name: str, digits: int, more: int = 0) -> Meaning:
    """YEAR, MONTH and the like; `more` is added to what the databases give."""

    def meaning(day: Sql) -> Sql:
        found = DatePart(day.value, name)
        shifted = found + ExactLiteral(Decimal(more), 0) if more else found
        return number(shifted, digits, 0, day.limit)

    return meaning


def days_between(left: Sql, right: Sql) -> Sql:
    """Date minus date."""
    return number(DayNumber(left.value) - DayNumber(right.value), 7, 0, left.limit)


def moved(operate: Callable[[Any, Any], Any]) -> Meaning:
    """Date plus or minus days, the fraction cut; outside the years 1 to 9999 is an error."""

    def meaning(day: Sql, days: Sql) -> Sql:
        whole = clipped(days)
        target = operate(DayNumber(day.value), whole.value)
        fits = target.between(0, _LAST_DAY)
        fails = and_(day.value.is_not(None), whole.value.is_not(None), not_(fits))
        return Sql(Type.DATE, DayOf(target), limit=day.limit).failing(where(fails, Failure.OUT_OF_RANGE))

    return meaning
