"""Exact decimal arithmetic: 39 significant digits, half up; what every number in a formula is computed with.

Source of the digits: shared behaviour of the language that this one follows (see docs/formulas.md, Numbers).
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from dougong.formulas.evaluation import EvaluationError, Failure

DIGITS = 39
RESULT_SCALE = 32
"""Places after the point of what a formula yields; more are rounded half up."""

_TRAPS = [DivisionByZero, InvalidOperation, Overflow]
EXACT = Context(prec=DIGITS, rounding=ROUND_HALF_UP, Emax=9_999, Emin=-9_999, traps=_TRAPS)
"""For everyday operators; call its methods (`EXACT.add(a, b)`), the current thread's context stays untouched."""

WIDE = Context(prec=10_200, rounding=ROUND_HALF_UP, Emax=99_999, Emin=-99_999, traps=_TRAPS)
"""Wide enough that shifting and quantizing any value of `EXACT` is exact."""

ZERO, ONE = Decimal(0), Decimal(1)


def quantized(number: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """`number` with at most `places` digits after the point; negative places round left of the point."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -places:
        return number
    if number.adjusted() < -places - 1 and rounding in (ROUND_HALF_UP, ROUND_DOWN):
        return ZERO
    return number.quantize(Decimal(1).scaleb(-places, WIDE), rounding=rounding, context=WIDE)


def significant(number: Decimal, digits: int) -> Decimal:
    """`number` rounded half up to `digits` significant digits."""
    return Context(prec=digits, rounding=ROUND_HALF_UP, Emax=99_999, Emin=-99_999).plus(number)


def whole(number: Decimal) -> int:
    """`number` cut toward zero."""
    return int(number.to_integral_value(ROUND_DOWN))


def plain(number: Decimal) -> str:
    """Plain decimal notation: no exponent, no grouping, no trailing zeros, no negative zero."""
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def from_double(value: float) -> Decimal:
    """The shortest decimal that reads back as `value`.

    Raises:
        EvaluationError: infinite or not a number.
    """
    if value != value or value in (float("inf"), float("-inf")):
        raise EvaluationError(Failure.NOT_FINITE)
    return Decimal(repr(value))
