"""SQL of arithmetic: native operators where the digits provably fit, exact functions elsewhere."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func

from dougong.formulas.decimals import EXACT as EVERYDAY
from dougong.formulas.decimals import ONE, WIDE
from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.constructs import ExactLiteral, Extreme
from dougong.formulas.sql.digits import ROUNDING, expression
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import (
    SQLITE_MOST,
    Meaning,
    Sql,
    TooLong,
    aligned,
    bounded,
    constant,
    exactly,
    number,
    of_integer,
    where,
)
from dougong.formulas.types import Type


def short(meaning: Meaning) -> Meaning:
    """A meaning in native operators, which refuses numbers that may not fit them."""

    def checked(*items: Sql) -> Sql:
        for each in items:
            if each.exact:
                raise TooLong(each.whole + each.scale, each.limit)
        return meaning(*items)

    return checked


# -- the four operations ----------------------------------------------------------------------------------
def sum_or_difference(operate: Callable[[Any, Any], Any]) -> Meaning:
    """`+` or `-` of two numbers: one digit more than the longer."""

    def meaning(left: Sql, right: Sql) -> Sql:
        first, second = aligned(left, right)
        if first.exact:
            raise TooLong(*_longest(left, right))
        most = first.largest + second.largest
        if first.integer is not None and second.integer is not None and most <= SQLITE_MOST:
            return of_integer(operate(first.integer, second.integer), first.limit, most)
        return number(operate(first.value, second.value), first.whole, first.scale, first.limit, most)

    return short(meaning)


def _longest(left: Sql, right: Sql) -> tuple[int, int]:
    return max(left.whole, right.whole) + 1, max(left.scale, right.scale)


add = Routine(
    name="dg_add",
    result=Type.NUMBER,
    bounds=_longest,
    native=sum_or_difference(operator.add),
    postgresql=expression("dg_add", "a numeric, b numeric", "dg_exact(a + b)"),
    needs=ROUNDING,
)
subtract = Routine(
    name="dg_subtract",
    result=Type.NUMBER,
    bounds=_longest,
    native=sum_or_difference(operator.sub),
    postgresql=expression("dg_subtract", "a numeric, b numeric", "dg_exact(a - b)"),
    needs=ROUNDING,
)


def _native_product(left: Sql, right: Sql) -> Sql:
    most = left.largest * right.largest
    if left.integer is not None and right.integer is not None and most <= SQLITE_MOST:
        return of_integer(left.integer * right.integer, left.limit, most)
    return number(left.value * right.value, *_product(left, right), left.limit, most)


def _product(left: Sql, right: Sql) -> tuple[int, int]:
    return left.whole + right.whole, left.scale + right.scale


multiply = Routine(
    name="dg_multiply",
    result=Type.NUMBER,
    bounds=_product,
    native=short(_native_product),
    postgresql=expression("dg_multiply", "a numeric, b numeric", "dg_exact(a * b)"),
    needs=ROUNDING,
)


def by_zero(left: Sql, right: Sql) -> ColumnElement[str] | None:
    """Division by zero, where the divisor may be one."""
    if right.is_constant and right.constant:
        return None
    zero = zero_beside(right)
    given = [each.value.is_not(None) for each in (left,) if each.nullable]
    return where(and_(*given, right.value == zero), Failure.DIVISION_BY_ZERO)


def zero_beside(beside: Sql) -> ColumnElement[Any]:
    """Zero in the form of the number beside it."""
    zero = Sql(Type.NUMBER, ExactLiteral(Decimal(0), 0), is_constant=True, constant=Decimal(0), limit=beside.limit)
    return exactly(zero).value if beside.exact else zero.value


_DIVIDE = """
CREATE OR REPLACE FUNCTION dg_divide(a numeric, b numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    shift integer;
    quotient numeric;
BEGIN
    IF b = 0 THEN RETURN NULL; END IF;
    IF a = 0 THEN RETURN 0; END IF;
    IF scale(a) <= 18 AND scale(b) <= 18 AND abs(a) < 1e18 AND abs(b) < 1e18 THEN
        -- 130 places: no quotient of two such numbers is so near to a half of its 39th digit without being one.
        quotient := round(a, 130) / b;
        RETURN trim_scale(round(quotient, 79 - length(trunc(abs(quotient) * 1e40)::text)));
    END IF;
    -- A whole quotient of 40 or 41 digits, cut: half up, the digits behind the 40th change nothing.
    shift := 40 + dg_exponent(b) - dg_exponent(a);
    quotient := div(a * ('1e' || shift)::numeric, b);
    RETURN trim_scale(round(quotient, 39 - length(abs(quotient)::text)) * ('1e' || -shift)::numeric);
END $$;
"""


def _quotient(left: Sql, right: Sql) -> tuple[int, int]:
    if right.is_constant and right.constant:
        exponent = right.constant.adjusted()
        return max(left.whole - exponent, 0) + 1, max(left.scale + exponent, 0) + 41
    return left.whole + right.scale + 1, left.scale + right.whole + 40


def _native_quotient(left: Sql, right: Sql) -> Sql:
    """By a constant whose reciprocal has few digits, such as 100: the product with that."""
    if not right.constant:
        raise TooLong(*_quotient(left, right))
    reciprocal = EVERYDAY.divide(ONE, right.constant)
    if WIDE.multiply(reciprocal, right.constant) != ONE:
        raise TooLong(*_quotient(left, right))
    return _native_product(left, constant(Type.NUMBER, reciprocal, left.limit))


divide = Routine(
    name="dg_divide",
    result=Type.NUMBER,
    bounds=_quotient,
    error=by_zero,
    native=short(_native_quotient),
    postgresql=_DIVIDE,
    needs=ROUNDING,
)


def _native_remainder(left: Sql, right: Sql) -> Sql:
    first, second = aligned(left, right)
    if first.exact:
        raise TooLong(left.whole + right.whole, left.limit)
    made: Sql
    if first.integer is not None and second.integer is not None:
        made = of_integer(first.integer % func.nullif(second.integer, 0), first.limit, first.largest)
    else:
        divisor = func.nullif(second.value, zero_beside(second))
        made = number(first.value % divisor, first.whole, first.scale, first.limit, first.largest)
    return made.failing(by_zero(left, right))


modulo = Routine(
    name="dg_modulo",
    result=Type.NUMBER,
    bounds=_longest,
    error=by_zero,
    native=short(_native_remainder),
    postgresql=expression("dg_modulo", "a numeric, b numeric", "a % nullif(b, 0)"),
)


# -- one number -------------------------------------------------------------------------------------------
def _same_digits(item: Sql) -> tuple[int, int]:
    return item.whole, item.scale


def _native_negative(item: Sql) -> Sql:
    if item.integer is not None:
        return of_integer(-item.integer, item.limit, item.largest)
    return number(-item.value, item.whole, item.scale, item.limit, item.largest)


def _native_absolute(item: Sql) -> Sql:
    if item.integer is not None:
        return of_integer(func.abs(item.integer), item.limit, item.largest)
    return number(func.abs(item.value), item.whole, item.scale, item.limit, item.largest)


negative = Routine(
    name="dg_negative",
    result=Type.NUMBER,
    bounds=_same_digits,
    native=short(_native_negative),
    postgresql=expression("dg_negative", "a numeric", "dg_exact(-a)"),
    needs=ROUNDING,
)
absolute = Routine(
    name="dg_absolute",
    result=Type.NUMBER,
    bounds=_same_digits,
    native=short(_native_absolute),
    postgresql=expression("dg_absolute", "a numeric", "abs(a)"),
)


def sign(item: Sql) -> Sql:
    """-1, 0 or 1."""
    zero, (up, down, none) = zero_beside(item), (ExactLiteral(Decimal(each), 0) for each in (1, -1, 0))
    value = case((item.value > zero, up), (item.value < zero, down), (item.value == zero, none))
    return number(value, 1, 0, item.limit, 1)


def unchanged(item: Sql) -> Sql:
    """The argument itself."""
    return item


# -- several numbers --------------------------------------------------------------------------------------
def extreme(largest: bool) -> Meaning:
    """MAX or MIN; one blank makes all blank."""

    def meaning(*items: Sql) -> Sql:
        first, *others = aligned(*items)
        whole, scale = max(each.whole for each in items), max(each.scale for each in items)
        integers = [each.integer for each in (first, *others) if each.integer is not None]
        if others and len(integers) == len(items):
            most = max(each.largest for each in (first, *others))
            return of_integer(Extreme(largest, integers), first.limit, most)
        values = [each.value for each in (first, *others)]
        value = Extreme(largest, values) if others else first.value
        made = bounded(value, whole, scale, first.limit, first.exact)
        return made if first.exact else replace(made, most=max(each.largest for each in (first, *others)))

    return meaning
