"""SQL of arithmetic: native operators where the digits provably fit, exact functions elsewhere."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func

from dougong.base.language import msg
from dougong.formulas.decimals import EXACT as EVERYDAY
from dougong.formulas.decimals import ONE, WIDE
from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.constructs import ExactLiteral, Extreme, Rounded
from dougong.formulas.sql.routines import Call, Routine, undefined
from dougong.formulas.sql.values import (
    Meaning,
    Sql,
    TooLong,
    Unsupported,
    aligned,
    bounded,
    constant,
    exactly,
    number,
    where,
)
from dougong.formulas.types import Type

STEADY_DIGITS = 33
"""Digits to which CEILING and FLOOR round first; with fewer there is nothing to round."""

EXPONENT = """
CREATE OR REPLACE FUNCTION dg_exponent(x numeric) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- The power of ten of the first digit: 2 for 123, -3 for 0.00123.
DECLARE digits text := abs(x)::text;
BEGIN
    IF abs(x) >= 1 THEN RETURN length(split_part(digits, '.', 1)) - 1; END IF;
    RETURN CASE WHEN x = 0 THEN 0 ELSE length(ltrim(digits, '0.')) - length(digits) + 1 END;
END $$;
"""

SIGNIFICANT = """
CREATE OR REPLACE FUNCTION dg_significant(x numeric, digits integer) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- Rounded half up to so many significant digits.
BEGIN
    IF scale(x) < digits - 20 AND abs(x) < 1e20 THEN RETURN x; END IF;
    RETURN trim_scale(round(x, digits - 1 - dg_exponent(x)));
END $$;
"""

EXACT = """
CREATE OR REPLACE FUNCTION dg_exact(x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT dg_significant(x, 39)
$$;
"""

_ROUNDING = (EXPONENT, SIGNIFICANT, EXACT)


def short(meaning: Meaning) -> Meaning:
    """A meaning in native operators, which refuses numbers that may not fit them."""

    def checked(*items: Sql) -> Sql:
        for each in items:
            if each.exact:
                raise TooLong(each.whole + each.scale, each.limit)
        return meaning(*items)

    return checked


def _sql(name: str, parameters: str, body: str) -> str:
    """A function of numbers that is one expression."""
    return (
        f"CREATE OR REPLACE FUNCTION {name}({parameters}) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
        f"AS $$ SELECT {body} $$;"
    )


# -- the four operations ----------------------------------------------------------------------------------
def sum_or_difference(operate: Callable[[Any, Any], Any]) -> Meaning:
    """`+` or `-` of two numbers: one digit more than the longer."""

    def meaning(left: Sql, right: Sql) -> Sql:
        first, second = aligned(left, right)
        if first.exact:
            raise TooLong(*_longest(left, right))
        most = first.largest + second.largest
        return number(operate(first.value, second.value), first.whole, first.scale, first.limit, most)

    return short(meaning)


def _longest(left: Sql, right: Sql) -> tuple[int, int]:
    return max(left.whole, right.whole) + 1, max(left.scale, right.scale)


add = Routine(
    name="dg_add",
    result=Type.NUMBER,
    bounds=_longest,
    native=sum_or_difference(operator.add),
    postgresql=_sql("dg_add", "a numeric, b numeric", "dg_exact(a + b)"),
    needs=_ROUNDING,
)
subtract = Routine(
    name="dg_subtract",
    result=Type.NUMBER,
    bounds=_longest,
    native=sum_or_difference(operator.sub),
    postgresql=_sql("dg_subtract", "a numeric, b numeric", "dg_exact(a - b)"),
    needs=_ROUNDING,
)


def _native_product(left: Sql, right: Sql) -> Sql:
    return number(left.value * right.value, *_product(left, right), left.limit, left.largest * right.largest)


def _product(left: Sql, right: Sql) -> tuple[int, int]:
    return left.whole + right.whole, left.scale + right.scale


multiply = Routine(
    name="dg_multiply",
    result=Type.NUMBER,
    bounds=_product,
    native=short(_native_product),
    postgresql=_sql("dg_multiply", "a numeric, b numeric", "dg_exact(a * b)"),
    needs=_ROUNDING,
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
    needs=_ROUNDING,
)


def _native_remainder(left: Sql, right: Sql) -> Sql:
    first, second = aligned(left, right)
    if first.exact:
        raise TooLong(left.whole + right.whole, left.limit)
    divisor = func.nullif(second.value, zero_beside(second))
    made = number(first.value % divisor, first.whole, first.scale, first.limit, first.largest)
    return made.failing(by_zero(left, right))


modulo = Routine(
    name="dg_modulo",
    result=Type.NUMBER,
    bounds=_longest,
    error=by_zero,
    native=short(_native_remainder),
    postgresql=_sql("dg_modulo", "a numeric, b numeric", "a % nullif(b, 0)"),
)

_POWER = """
CREATE OR REPLACE FUNCTION dg_power(a numeric, b numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    low numeric;
    high numeric;
    result numeric;
BEGIN
    IF b <> trunc(b) OR a = 0 AND b < 0 THEN RETURN NULL; END IF;
    IF b = 0 OR a = 1 THEN RETURN 1; END IF;
    IF a = 0 THEN RETURN 0; END IF;
    IF a = -1 THEN RETURN 1 - 2 * abs(b % 2); END IF;
    -- The decimal logarithm of the result, at first only between which whole numbers it is.
    low := dg_exponent(a) * b;
    high := low + b;
    IF b < 0 THEN SELECT high, low INTO low, high; END IF;
    IF high < -39 THEN RETURN 0; END IF;
    IF high > 64 OR low < -60 THEN
        low := log(abs(a) + 0.000000000000000000000000000000) * b;
        IF low > 64 THEN RETURN NULL; END IF;
        IF low < -40 THEN RETURN 0; END IF;
    END IF;
    -- With the places of 40 digits, the first 18 are those of the exact result.
    result := dg_significant(power(a + ('0e' || least(0, floor(low)::integer - 40))::numeric, b), 18);
    RETURN CASE WHEN abs(result) < 1e-39 THEN 0 ELSE trim_scale(result) END;
END $$;
"""
_POWER_WHOLE, _POWER_DIGITS = 65, 18


def _native_power(base: Sql, exponent: Sql) -> Sql:
    """A product, where the exponent is 1 to 3 and the result cannot have more digits than powers keep."""
    times = exponent.constant
    if times not in (1, 2, 3) or base.largest**times >= 10**_POWER_DIGITS:
        raise TooLong(_POWER_DIGITS + 1, _POWER_DIGITS)
    value = base.value
    for _ in range(int(times) - 1):
        value = value * base.value
    return number(value, base.whole, base.scale * int(times), base.limit, base.largest ** int(times))


def _power_error(base: Sql, exponent: Sql) -> ColumnElement[str] | None:
    times = exponent.constant
    if isinstance(times, Decimal) and times == times.to_integral_value() and 0 <= base.whole * times < _POWER_WHOLE:
        return None
    return undefined(Call("dg_power", (base, exponent)), (base, exponent), Failure.OUT_OF_RANGE)


power = Routine(
    name="dg_power",
    result=Type.NUMBER,
    bounds=lambda base, exponent: (_POWER_WHOLE, 57),
    native=short(_native_power),
    error=_power_error,
    postgresql=_POWER,
    needs=_ROUNDING,
)


# -- one number -------------------------------------------------------------------------------------------
def _same_digits(item: Sql) -> tuple[int, int]:
    return item.whole, item.scale


negative = Routine(
    name="dg_negative",
    result=Type.NUMBER,
    bounds=_same_digits,
    native=short(lambda item: number(-item.value, item.whole, item.scale, item.limit, item.largest)),
    postgresql=_sql("dg_negative", "a numeric", "dg_exact(-a)"),
    needs=_ROUNDING,
)
absolute = Routine(
    name="dg_absolute",
    result=Type.NUMBER,
    bounds=_same_digits,
    native=short(lambda item: number(func.abs(item.value), item.whole, item.scale, item.limit, item.largest)),
    postgresql=_sql("dg_absolute", "a numeric", "abs(a)"),
)


def unchanged(item: Sql) -> Sql:
    """The argument itself."""
    return item


# -- rounding ---------------------------------------------------------------------------------------------
def _native_rounding(mode: str) -> Meaning:
    def meaning(item: Sql, places: Sql | None = None) -> Sql:
        if places is not None and not places.is_constant:
            raise Unsupported(msg("The number of places must be a constant."))
        count = 0 if places is None else int(places.constant)
        if not 0 <= count <= item.limit:
            raise TooLong(abs(count), item.limit)
        return _cut(item, count, mode)

    return short(meaning)


def _cut(item: Sql, places: int, mode: str) -> Sql:
    if item.scale <= places:
        return item
    unit = 10 ** (item.scale - places)
    number(item.value, item.whole, item.scale, item.limit, item.largest + unit)
    rounded = Rounded(item.value, item.scale, places, mode)
    return number(rounded, item.whole, places, item.limit, item.largest // unit + 1)


def _rounded_digits(item: Sql, places: Sql | None = None) -> tuple[int, int]:
    scale = item.scale
    if places is None or places.is_constant:
        count = 0 if places is None else int(places.constant)
        scale = max(0, min(scale, count))
    return item.whole + 1, scale


def _rounding(name: str, mode: str, native: str) -> Routine:
    body = (
        f"CASE WHEN abs(places) > 5000 THEN CASE WHEN places > 0 THEN a ELSE 0 END "
        f"WHEN places >= scale(a) THEN a ELSE trim_scale({native}(a, trunc(places)::integer)) END"
    )
    text = _sql(name, "a numeric, places numeric", body)
    if mode == "down":
        text += "\n" + _sql(name, "a numeric", f"{native}(a)")
    return Routine(
        name=name, result=Type.NUMBER, bounds=_rounded_digits, native=_native_rounding(mode), postgresql=text
    )


round_half_up = _rounding("dg_round", "half_up", "round")
truncate = _rounding("dg_truncate", "down", "trunc")


def rounded_whole(name: str, mode: str, expression: str) -> Routine:
    """CEILING, FLOOR, MCEILING or MFLOOR."""

    def native(item: Sql) -> Sql:
        number(item.value, item.whole, item.scale, STEADY_DIGITS)
        return _cut(item, 0, mode)

    body = expression.format(f"dg_significant(a, {STEADY_DIGITS})")
    return Routine(
        name=name,
        result=Type.NUMBER,
        bounds=lambda item: (item.whole + 1, 0),
        native=short(native),
        postgresql=_sql(name, "a numeric", body),
        needs=_ROUNDING,
    )


ceiling = rounded_whole("dg_ceiling", "up", "sign(a) * ceil(abs({}))")
floor = rounded_whole("dg_floor", "down", "trunc({})")
mathematical_ceiling = rounded_whole("dg_mathematical_ceiling", "ceiling", "ceil({})")
mathematical_floor = rounded_whole("dg_mathematical_floor", "floor", "floor({})")


CLIP = 10**17
CLIPPED = _sql("dg_clipped", "a numeric", f"greatest(least(trunc(a), {CLIP}), -{CLIP})")


def clipped(item: Sql) -> Sql:
    """A short whole number: cut toward zero, and where it is larger than any position, count or day, 10**17."""
    if not item.exact:
        try:
            return _cut(item, 0, "down")
        except TooLong:
            pass
    return number(Call("dg_clipped", (item,)), 18, 0, item.limit)


# -- several numbers --------------------------------------------------------------------------------------
def extreme(largest: bool) -> Meaning:
    """MAX or MIN; one blank makes all blank."""

    def meaning(*items: Sql) -> Sql:
        first, *others = aligned(*items)
        whole, scale = max(each.whole for each in items), max(each.scale for each in items)
        values = [each.value for each in (first, *others)]
        value = Extreme(largest, values) if others else first.value
        made = bounded(value, whole, scale, first.limit, first.exact)
        return made if first.exact else replace(made, most=max(each.largest for each in (first, *others)))

    return meaning
