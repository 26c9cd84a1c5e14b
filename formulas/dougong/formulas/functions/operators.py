"""The operators: signs between values, and the two signs before one."""

from __future__ import annotations

import operator
from datetime import date, time, timedelta
from decimal import ROUND_DOWN, Decimal

from dougong.formulas.annotations import Boolean, Date, DateTime, Measured, Number, Ordered, Text, Time
from dougong.formulas.checks import known_on_either_side
from dougong.formulas.decimals import EXACT, ONE, ZERO, significant, whole
from dougong.formulas.definition import function
from dougong.formulas.durations import DAY_MICROSECONDS, as_time, exact_days, milliseconds, shifted
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.sql import dates, moments, numbers, powers, texts
from dougong.formulas.sql.comparisons import compared, text_different, text_equal

_POWER_DIGITS = 18
_POWER_LIMIT = 64
_POWER_FLOOR = Decimal("1e-39")


@function("+", sql=numbers.add, examples=(("1.1 + 2.2", Decimal("3.3")), ("1 + NULL", None), ("+5", Decimal(5))))
def add(left: Number, right: Number) -> Number:
    """Adds two numbers, adds days to a date or a date and time, adds milliseconds to a time, or joins two texts."""
    return EXACT.add(left, right)


@function("+", sql=dates.moved(operator.add), examples=(("DATE(2024, 2, 28) + 2", date(2024, 3, 1)),))
def add_days(day: Date, days: Number) -> Date:
    """A date some days later; the fraction is cut."""
    return _moved(day, whole(days))


@function("+", sql=dates.days_and_date, examples=(("2 + DATE(2024, 2, 28)", date(2024, 3, 1)),))
def add_to_days(days: Number, day: Date) -> Date:
    """A date some days later."""
    return _moved(day, whole(days))


@function(
    "+", sql=moments.later, examples=(("TEXT(DATETIMEVALUE('2024-02-28 12:00:00') + 1.5)", "2024-03-01 00:00:00Z"),)
)
def add_to_moment(moment: DateTime, days: Number) -> DateTime:
    """A date and time some days later, rounded to whole seconds."""
    return shifted(moment, days)


@function(
    "+",
    sql=moments.days_and_moment,
    examples=(("TEXT(0.5 + DATETIMEVALUE('2024-02-28 12:00:00'))", "2024-02-29 00:00:00Z"),),
)
def add_moment(days: Number, moment: DateTime) -> DateTime:
    """A date and time some days later."""
    return shifted(moment, days)


@function("+", sql=moments.time_later, examples=(("TIMEVALUE('23:59:59.000') + 2000", time(0, 0, 1)),))
def add_to_time(clock: Time, amount: Number) -> Time:
    """A time of day some milliseconds later, past midnight if need be."""
    return as_time(milliseconds(clock) + whole(amount))


@function("+", sql=texts.join, examples=(("'a' + NULL", "a"),))
def concatenate(left: Text | None, right: Text | None) -> Text:
    """Two texts joined; a blank one counts as empty."""
    return (left or "") + (right or "")


@function("+", sql=numbers.unchanged, examples=(("+ -2", Decimal(-2)),))
def positive(number: Number) -> Number:
    """The number itself."""
    return number


@function("-", sql=numbers.subtract, examples=(("5 - 7.5", Decimal("-2.5")), ("-NULL", None)))
def subtract(left: Number, right: Number) -> Number:
    """Subtracts numbers; days from a date; or one date, date and time, or time from another of its kind."""
    return EXACT.subtract(left, right)


@function("-", sql=dates.moved(operator.sub), examples=(("DATE(2024, 3, 1) - 1", date(2024, 2, 29)),))
def subtract_days(day: Date, days: Number) -> Date:
    """A date some days earlier; the fraction is cut."""
    return _moved(day, -whole(days))


@function("-", sql=dates.days_between, examples=(("DATE(2024, 3, 1) - DATE(2024, 2, 1)", Decimal(29)),))
def days_between(left: Date, right: Date) -> Number:
    """Whole days from the right date to the left one."""
    return Decimal((left - right).days)


@function(
    "-", sql=moments.earlier, examples=(("TEXT(DATETIMEVALUE('2024-03-01 00:00:00') - 0.25)", "2024-02-29 18:00:00Z"),)
)
def subtract_from_moment(moment: DateTime, days: Number) -> DateTime:
    """A date and time some days earlier, rounded to whole seconds."""
    return shifted(moment, -days)


@function(
    "-",
    sql=moments.days_between,
    examples=(("DATETIMEVALUE('2024-03-01 12:00:00') - DATETIMEVALUE('2024-03-01 00:00:00')", Decimal("0.5")),),
)
def time_between(left: DateTime, right: DateTime) -> Number:
    """Days, with their fraction, from the right moment to the left one."""
    return exact_days(left - right)


@function("-", sql=moments.time_earlier, examples=(("TIMEVALUE('00:00:01.000') - 2000", time(23, 59, 59)),))
def subtract_from_time(clock: Time, amount: Number) -> Time:
    """A time of day some milliseconds earlier, past midnight if need be."""
    return as_time(milliseconds(clock) - whole(amount))


@function(
    "-",
    sql=moments.milliseconds_between,
    examples=(("TIMEVALUE('10:00:00.000') - TIMEVALUE('09:59:59.500')", Decimal(500)),),
)
def milliseconds_between(left: Time, right: Time) -> Number:
    """Milliseconds from the right time to the left one, going forward."""
    return Decimal((milliseconds(left) - milliseconds(right)) % (DAY_MICROSECONDS // 1000))


@function("-", sql=numbers.negative, examples=(("-(3)", Decimal(-3)),))
def negative(number: Number) -> Number:
    """The number with the other sign."""
    return EXACT.minus(number)


@function("*", sql=numbers.multiply, examples=(("1.5 * 4", Decimal(6)), ("2 * NULL", None)))
def multiply(left: Number, right: Number) -> Number:
    """Multiplies two numbers."""
    return EXACT.multiply(left, right)


@function("/", sql=numbers.divide, examples=(("7 / 2", Decimal("3.5")), ("1 / 0", Failure.DIVISION_BY_ZERO)))
def divide(left: Number, right: Number) -> Number:
    """Divides the left number by the right one. Dividing by zero is an error."""
    if not right:
        raise EvaluationError(Failure.DIVISION_BY_ZERO)
    return EXACT.divide(left, right)


@function(
    "^",
    sql=powers.power,
    examples=(("2 ^ 10", Decimal(1024)), ("2 ^ 0.5", Failure.OUT_OF_RANGE), ("0 ^ 0", Decimal(1))),
)
def power(base: Number, exponent: Number) -> Number:
    """Raises a number to a whole power. It binds weaker than `*` and `/`: 2 * 3 ^ 2 is (2 * 3) ^ 2."""
    if exponent != exponent.to_integral_value(ROUND_DOWN):
        raise EvaluationError(Failure.OUT_OF_RANGE)
    if not exponent:
        return ONE
    if not base:
        if exponent < 0:
            raise EvaluationError(Failure.OUT_OF_RANGE)
        return ZERO
    if _reaches(base, exponent, _POWER_LIMIT):
        raise EvaluationError(Failure.OUT_OF_RANGE)
    if _reaches(base, -exponent, 2 * _POWER_LIMIT):
        return ZERO
    result = significant(EXACT.power(base, exponent), _POWER_DIGITS)
    return ZERO if result.copy_abs() < _POWER_FLOOR else result


@function("&", sql=texts.join, examples=(("'Li ' & 'Wei'", "Li Wei"), ("NULL & 'a'", "a")))
def join(left: Text | None, right: Text | None) -> Text:
    """Joins two texts; a blank one counts as empty. Use TEXT() to join anything else."""
    return (left or "") + (right or "")


@function("=", sql=compared(operator.eq), examples=(("1.0 = 1", True), ("1 = NULL", None), ("NULL = NULL", None)))
def equal(left: Measured, right: Measured) -> Boolean:
    """True where both values are equal. Text counts capitals; blank text equals empty text, other blanks nothing."""
    return bool(left == right)


@function("=", check=known_on_either_side, sql=text_equal, examples=(("'a' = 'A'", False), ("NULL = ''", True)))
def equal_texts(left: Text | None, right: Text | None) -> Boolean:
    """True where both texts are equal; blank and empty are the same."""
    return (left or "") == (right or "")


@function("=", sql=compared(operator.eq), examples=(("TRUE = FALSE", False),))
def equal_booleans(left: Boolean, right: Boolean) -> Boolean:
    """True where both are true or both are false."""
    return left == right


@function("<>", sql=compared(operator.ne), examples=(("1 <> 2", True), ("1 <> NULL", None)))
def different(left: Measured, right: Measured) -> Boolean:
    """True where the values differ."""
    return bool(left != right)


@function("<>", check=known_on_either_side, sql=text_different, examples=(("'a' <> NULL", True),))
def different_texts(left: Text | None, right: Text | None) -> Boolean:
    """True where the values differ."""
    return (left or "") != (right or "")


@function("<>", sql=compared(operator.ne), examples=(("TRUE <> FALSE", True),))
def different_booleans(left: Boolean, right: Boolean) -> Boolean:
    """True where one is true and the other false."""
    return left != right


@function("<", sql=compared(operator.lt), examples=(("1 < 2", True), ("'Foo' < 'FOO'", False), ("1 < NULL", None)))
def less(left: Ordered, right: Ordered) -> Boolean:
    """True where the left value comes first. Text compares by code point."""
    return bool(left < right)


@function(">", sql=compared(operator.gt), examples=(("2 > 1", True), ("DATE(2024, 1, 2) > DATE(2024, 1, 1)", True)))
def greater(left: Ordered, right: Ordered) -> Boolean:
    """True where the left value comes last. Text compares by code point."""
    return bool(left > right)


@function("<=", sql=compared(operator.le), examples=(("2 <= 2", True), ("3 <= 2", False)))
def at_most(left: Ordered, right: Ordered) -> Boolean:
    """True where the left value comes first or is equal."""
    return bool(left <= right)


@function(">=", sql=compared(operator.ge), examples=(("2 >= 2", True), ("1 >= 2", False)))
def at_least(left: Ordered, right: Ordered) -> Boolean:
    """True where the left value comes last or is equal."""
    return bool(left >= right)


def _reaches(base: Decimal, exponent: Decimal, limit: int) -> bool:
    """Whether base ** exponent is larger than 10 ** limit. A logarithm is computed only where it is close."""
    low, high = sorted((base.adjusted() * exponent, (base.adjusted() + 1) * exponent))
    if high <= limit or low > limit:
        return low > limit
    return base.copy_abs().log10(EXACT) * exponent > limit


def _moved(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise EvaluationError(Failure.OUT_OF_RANGE) from None
