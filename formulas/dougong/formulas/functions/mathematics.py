"""Numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, ROUND_UP, Decimal

from dougong.formulas.annotations import Number
from dougong.formulas.decimals import WIDE, ZERO, from_double, quantized, significant, whole
from dougong.formulas.definition import function
from dougong.formulas.evaluation import EvaluationError, Failure
from dougong.formulas.sql import doubles, numbers, rounding

_PLACES_LIMIT = 5_000
_STEADY_DIGITS = 33
"""CEILING and FLOOR first round to so many digits, so that 6/11*11 counts as 6."""


@function("ABS", sql=numbers.absolute, examples=(("ABS(-3.5)", Decimal("3.5")), ("ABS(NULL)", None)))
def absolute(number: Number) -> Number:
    """The number without its sign."""
    return number.copy_abs()


@function("SIGN", sql=numbers.sign, examples=(("SIGN(-3.5)", Decimal(-1)), ("SIGN(0)", Decimal(0))))
def sign(number: Number) -> Number:
    """1 for a number above zero, -1 for one below it, 0 for zero."""
    return Decimal((number > 0) - (number < 0))


@function(
    "ROUND",
    sql=rounding.round_half_up,
    examples=(("ROUND(2.5, 0)", Decimal(3)), ("ROUND(-123456.3, -2)", Decimal(-123500))),
)
def round_(number: Number, places: Number) -> Number:
    """Rounds to some decimal places, halves away from zero. Negative places round left of the point."""
    return _to_places(number, places, ROUND_HALF_UP)


@function("TRUNC", sql=rounding.truncate, examples=(("TRUNC(-2.79, 1)", Decimal("-2.7")), ("TRUNC(2.7)", Decimal(2))))
def truncate(number: Number, places: Number = ZERO) -> Number:
    """Cuts to some decimal places, toward zero."""
    return _to_places(number, places, ROUND_DOWN)


@function("CEILING", sql=rounding.ceiling, examples=(("CEILING(1.3)", Decimal(2)), ("CEILING(-1.3)", Decimal(-2))))
def ceiling(number: Number) -> Number:
    """Rounds to a whole number away from zero."""
    return _whole(number, ROUND_UP)


@function(
    "FLOOR",
    sql=rounding.floor,
    examples=(("FLOOR(1.7)", Decimal(1)), ("FLOOR(-1.7)", Decimal(-1)), ("FLOOR(6/11*11)", Decimal(6))),
)
def floor(number: Number) -> Number:
    """Rounds to a whole number toward zero."""
    return _whole(number, ROUND_DOWN)


@function(
    "MCEILING",
    sql=rounding.mathematical_ceiling,
    examples=(("MCEILING(-1.7)", Decimal(-1)), ("MCEILING(1.3)", Decimal(2))),
)
def mathematical_ceiling(number: Number) -> Number:
    """The nearest whole number that is not smaller."""
    return _whole(number, ROUND_CEILING)


@function(
    "MFLOOR", sql=rounding.mathematical_floor, examples=(("MFLOOR(-1.3)", Decimal(-2)), ("MFLOOR(1.7)", Decimal(1)))
)
def mathematical_floor(number: Number) -> Number:
    """The nearest whole number that is not larger."""
    return _whole(number, ROUND_FLOOR)


@function("MOD", sql=numbers.modulo, examples=(("MOD(-101, 10)", Decimal(-1)), ("MOD(1, 0)", Failure.DIVISION_BY_ZERO)))
def modulo(number: Number, divisor: Number) -> Number:
    """The remainder of a division, with the sign of the number divided."""
    if not divisor:
        raise EvaluationError(Failure.DIVISION_BY_ZERO)
    return WIDE.remainder(number, divisor)


@function("MAX", sql=numbers.extreme(largest=True), examples=(("MAX(1, 3, 2)", Decimal(3)), ("MAX(1, NULL)", None)))
def maximum(*values: Number) -> Number:
    """The largest number; blank where one is blank."""
    return max(values)


@function("MIN", sql=numbers.extreme(largest=False), examples=(("MIN(1, 3, 2)", Decimal(1)), ("MIN(1, NULL)", None)))
def minimum(*values: Number) -> Number:
    """The smallest number; blank where one is blank."""
    return min(values)


@function("SQRT", sql=doubles.square_root, examples=(("SQRT(16)", Decimal(4)), ("SQRT(-1)", Failure.NOT_FINITE)))
def square_root(number: Number) -> Number:
    """The square root, in double precision. A negative number is an error."""
    return _double(math.sqrt, number)


@function("LN", sql=doubles.natural_logarithm, examples=(("LN(1)", Decimal(0)), ("LN(0)", Failure.NOT_FINITE)))
def natural_logarithm(number: Number) -> Number:
    """The natural logarithm, in double precision. Zero and negative numbers are errors."""
    return _double(math.log, number)


@function("LOG", sql=doubles.logarithm, examples=(("LOG(1000)", Decimal(3)), ("LOG(-1)", Failure.NOT_FINITE)))
def logarithm(number: Number) -> Number:
    """The logarithm to base 10, in double precision. Zero and negative numbers are errors."""
    return _double(math.log10, number)


@function("EXP", sql=doubles.exponential, examples=(("EXP(0)", Decimal(1)), ("EXP(1000)", Failure.NOT_FINITE)))
def exponential(number: Number) -> Number:
    """e raised to the number, in double precision."""
    return _double(math.exp, number)


@function("PI", examples=(("ROUND(PI(), 4)", Decimal("3.1416")),))
def pi() -> Number:
    """The number pi to 20 places."""
    return Decimal("3.14159265358979323846")


@function("SIN", sql=doubles.sine, examples=(("SIN(0)", Decimal(0)),))
def sine(angle: Number) -> Number:
    """The sine of an angle in radians, in double precision."""
    return _double(math.sin, angle)


@function("COS", sql=doubles.cosine, examples=(("COS(0)", Decimal(1)),))
def cosine(angle: Number) -> Number:
    """The cosine of an angle in radians, in double precision."""
    return _double(math.cos, angle)


@function("TAN", sql=doubles.tangent, examples=(("TAN(0)", Decimal(0)),))
def tangent(angle: Number) -> Number:
    """The tangent of an angle in radians, in double precision."""
    return _double(math.tan, angle)


@function("ASIN", sql=doubles.arc_sine, examples=(("ASIN(0)", Decimal(0)), ("ASIN(2)", Failure.NOT_FINITE)))
def arc_sine(number: Number) -> Number:
    """The angle in radians whose sine is the number. Outside -1 to 1 is an error."""
    return _double(math.asin, number)


@function("ACOS", sql=doubles.arc_cosine, examples=(("ACOS(1)", Decimal(0)), ("ACOS(2)", Failure.NOT_FINITE)))
def arc_cosine(number: Number) -> Number:
    """The angle in radians whose cosine is the number. Outside -1 to 1 is an error."""
    return _double(math.acos, number)


@function("ATAN", sql=doubles.arc_tangent, examples=(("ATAN(0)", Decimal(0)),))
def arc_tangent(number: Number) -> Number:
    """The angle in radians whose tangent is the number."""
    return _double(math.atan, number)


@function("ATAN2", sql=doubles.arc_tangent_of, examples=(("ATAN2(0, 1)", Decimal(0)),))
def arc_tangent_of(y: Number, x: Number) -> Number:
    """The angle in radians between the positive x axis and the point (x, y)."""
    return from_double(math.atan2(_as_double(y), _as_double(x)))


def _to_places(number: Decimal, places: Decimal, rounding: str) -> Decimal:
    """Places beyond the limit change nothing on the right and leave 0 on the left."""
    if abs(places) > _PLACES_LIMIT:
        return number if places > 0 else ZERO
    count = whole(places)
    if rounding == ROUND_HALF_UP or number.adjusted() >= -count:
        return quantized(number, count, rounding)
    return ZERO


def _whole(number: Decimal, rounding: str) -> Decimal:
    return significant(number, _STEADY_DIGITS).to_integral_value(rounding)


def _double(compute: Callable[[float], float], number: Decimal) -> Decimal:
    try:
        return from_double(compute(_as_double(number)))
    except (ValueError, OverflowError):
        raise EvaluationError(Failure.NOT_FINITE) from None


def _as_double(number: Decimal) -> float:
    """The nearest double. Zero has no sign: a minus before it would turn the angle of ATAN2."""
    return float(number) + 0.0
