"""SQL of powers."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ColumnElement

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.digits import ROUNDING
from dougong.formulas.sql.numbers import short
from dougong.formulas.sql.routines import Call, Routine, undefined
from dougong.formulas.sql.values import Sql, TooLong, number
from dougong.formulas.types import Type

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
    needs=ROUNDING,
)
