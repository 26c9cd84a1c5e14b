"""SQL of what is computed in double precision: roots, logarithms, powers of e, angles, distances on earth."""

from __future__ import annotations

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.routines import Routine
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


def _double(name: str, digits: tuple[int, int], condition: str, expression: str) -> Routine:
    """A function of one number `d`, which fails where the condition does not hold."""
    text = f"""
CREATE OR REPLACE FUNCTION {name}(x numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE d double precision := dg_double(x);
BEGIN
    -- As text it is the shortest number that reads back as the double.
    RETURN CASE WHEN {condition} THEN ({expression})::text::numeric END;
END $$;
"""
    return Routine(
        name=name,
        result=Type.NUMBER,
        bounds=lambda item: digits,
        fails=Failure.NOT_FINITE,
        postgresql=text,
        needs=(DOUBLE,),
    )


square_root = _double("dg_square_root", (155, 180), "d >= 0", "sqrt(d)")
natural_logarithm = _double("dg_natural_logarithm", (4, 40), "d > 0", "ln(d)")
logarithm = _double("dg_logarithm", (4, 40), "d > 0", "log(d)")
sine = _double("dg_sine", (1, 341), "true", "sin(d)")
cosine = _double("dg_cosine", (1, 60), "true", "cos(d)")
tangent = _double("dg_tangent", (20, 341), "true", "tan(d)")
arc_sine = _double("dg_arc_sine", (1, 341), "abs(d) <= 1", "asin(d)")
arc_cosine = _double("dg_arc_cosine", (1, 60), "abs(d) <= 1", "acos(d)")
arc_tangent = _double("dg_arc_tangent", (1, 341), "true", "atan(d)")

exponential = _double(
    "dg_exponential",
    (309, 341),
    "d <= 709.782712893384",
    # Where the result is no ordinary double, PostgreSQL's own function of doubles raises.
    "CASE WHEN d < -745.2 THEN 0 WHEN d < -708 THEN dg_double(exp(x)) ELSE exp(d) END",
)

arc_tangent_of = Routine(
    name="dg_arc_tangent_of",
    result=Type.NUMBER,
    bounds=lambda y, x: (1, 341),
    fails=Failure.NOT_FINITE,
    postgresql="""
CREATE OR REPLACE FUNCTION dg_arc_tangent_of(y numeric, x numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT atan2(dg_double(y), dg_double(x))::text::numeric
$$;
""",
    needs=(DOUBLE,),
)
