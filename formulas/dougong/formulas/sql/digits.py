"""Functions of PostgreSQL for numbers of so many significant digits."""

from __future__ import annotations

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

ROUNDING = (EXPONENT, SIGNIFICANT, EXACT)


"""What every function needs that rounds to significant digits."""


def expression(name: str, parameters: str, body: str) -> str:
    """A function of numbers that is one expression."""
    return (
        f"CREATE OR REPLACE FUNCTION {name}({parameters}) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
        f"AS $$ SELECT {body} $$;"
    )
