"""SQL of what is computed in double precision: roots, logarithms, powers of e, angles, distances on earth."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.numbers import zero_beside
from dougong.formulas.sql.routines import Call, Routine, undefined
from dougong.formulas.sql.values import Sql, where
from dougong.formulas.types import Type

DOUBLE = """
CREATE OR REPLACE FUNCTION dg_double(x numeric) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
-- The nearest double; NULL where there is none, 0 for what is too small.
BEGIN
    IF abs(x) >= 1.797693134862315807e308 THEN RETURN NULL; END IF;
    IF abs(x) < 2.4703282292062328e-324 THEN RETURN 0; END IF;
    RETURN x::double precision;
END $$;
"""


Condition = Callable[[Sql], ColumnElement[bool] | None]


def _is_ordinary(item: Sql) -> bool:
    """Whether no value of it is too large for a double, and none but zero too small."""
    return item.whole <= 308 and item.scale <= 323


def _double(name: str, digits: tuple[int, int], fits: str, expression: str, fails: Condition | None = None) -> Routine:
    """A function of one number `d`, which fails where it does not fit; in SQL's own numbers, where `fails` says."""
    text = f"""
CREATE OR REPLACE FUNCTION {name}(x numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE d double precision := dg_double(x);
BEGIN
    -- As text it is the shortest number that reads back as the double.
    RETURN CASE WHEN {fits} THEN ({expression})::text::numeric END;
END $$;
"""

    def error(item: Sql) -> ColumnElement[str] | None:
        if not _is_ordinary(item):
            return undefined(Call(name, (item,)), (item,), Failure.NOT_FINITE)
        condition = None if fails is None else fails(item)
        return None if condition is None else where(condition, Failure.NOT_FINITE)

    return Routine(
        name=name, result=Type.NUMBER, bounds=lambda item: digits, error=error, postgresql=text, needs=(DOUBLE,)
    )


def _is_negative(item: Sql) -> ColumnElement[bool]:
    return item.value < zero_beside(item)


def _is_not_positive(item: Sql) -> ColumnElement[bool]:
    return item.value <= zero_beside(item)


square_root = _double("dg_square_root", (155, 180), "d >= 0", "sqrt(d)", _is_negative)
natural_logarithm = _double("dg_natural_logarithm", (4, 40), "d > 0", "ln(d)", _is_not_positive)
logarithm = _double("dg_logarithm", (4, 40), "d > 0", "log(d)", _is_not_positive)
sine = _double("dg_sine", (1, 341), "true", "sin(d)")
cosine = _double("dg_cosine", (1, 60), "true", "cos(d)")
tangent = _double("dg_tangent", (20, 341), "true", "tan(d)")
arc_tangent = _double("dg_arc_tangent", (1, 341), "true", "atan(d)")


def _is_null_of(name: str) -> Condition:
    """Where a function of a number that is no blank gives none."""
    return lambda item: and_(item.value.is_not(None), Call(name, (item,)).is_(None))


# What is hardly larger than 1 is 1 as a double.
arc_sine = _double("dg_arc_sine", (1, 341), "abs(d) <= 1", "asin(d)", _is_null_of("dg_arc_sine"))
arc_cosine = _double("dg_arc_cosine", (1, 60), "abs(d) <= 1", "acos(d)", _is_null_of("dg_arc_cosine"))


def _is_large(item: Sql) -> ColumnElement[bool] | None:
    return None if item.whole < 3 else _is_null_of("dg_exponential")(item)


exponential = _double(
    "dg_exponential",
    (309, 341),
    "d <= 709.782712893384",
    # Where the result is no ordinary double, PostgreSQL's own function of doubles raises.
    "CASE WHEN d < -745.2 THEN 0 WHEN d < -708 THEN dg_double(exp(x)) ELSE exp(d) END",
    _is_large,
)


def _arc_tangent_error(y: Sql, x: Sql) -> ColumnElement[str] | None:
    if _is_ordinary(y) and _is_ordinary(x):
        return None
    return undefined(Call("dg_arc_tangent_of", (y, x)), (y, x), Failure.NOT_FINITE)


arc_tangent_of = Routine(
    name="dg_arc_tangent_of",
    result=Type.NUMBER,
    bounds=lambda y, x: (1, 341),
    error=_arc_tangent_error,
    postgresql="""
CREATE OR REPLACE FUNCTION dg_arc_tangent_of(y numeric, x numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT atan2(dg_double(y), dg_double(x))::text::numeric
$$;
""",
    needs=(DOUBLE,),
)
