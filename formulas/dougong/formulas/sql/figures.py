"""SQL of numbers as text, and of text as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.core import get_global
from sqlalchemy import Boolean, ColumnElement, and_, not_, type_coerce

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.digits import ROUNDING
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import Sql, where
from dougong.formulas.types import Type

number_text = Routine(
    name="dg_number_text",
    result=Type.TEXT,
    postgresql="""
CREATE OR REPLACE FUNCTION dg_number_text(a numeric) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT trim_scale(a)::text
$$;
""",
)

_IS_NUMBER = """
CREATE OR REPLACE FUNCTION dg_is_number(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
-- Exponents have two digits and the text is short, so that no text is too large a number.
BEGIN
    RETURN coalesce(
        length(t) <= 100 AND t ~ '^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?0*[0-9]{1,2})?$', false
    );
END $$;
"""

is_number = Routine(name="dg_is_number", result=Type.BOOLEAN, postgresql=_IS_NUMBER)


def _is_no_number(item: Sql) -> ColumnElement[str]:
    return where(
        and_(item.value.is_not(None), not_(type_coerce(is_number.call(item).value, Boolean()))), Failure.NUMBER_TEXT
    )


value = Routine(
    name="dg_value",
    result=Type.NUMBER,
    bounds=lambda text: (200, 200),
    error=_is_no_number,
    postgresql="""
CREATE OR REPLACE FUNCTION dg_value(t text) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN dg_is_number(t) THEN CASE WHEN length(t) < 39 THEN t::numeric ELSE dg_exact(t::numeric) END END;
END $$;
""",
    needs=(_IS_NUMBER, *ROUNDING),
)


def _places() -> str:
    """How many places a currency shows, as a CASE of SQL."""
    known: Mapping[str, Any] = get_global("currency_fractions")
    cases = (f"WHEN '{code}' THEN {digits[0]}" for code, digits in sorted(known.items()) if code != "DEFAULT")
    return f"CASE code {' '.join(cases)} ELSE 2 END"


format_currency = Routine(
    name="dg_format_currency",
    result=Type.TEXT,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_format_currency(code text, amount numeric) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    places integer := {_places()};
    shown numeric := round(amount, places);
    grouped text := reverse(regexp_replace(reverse(trunc(abs(shown))::text), '([0-9]{{3}})(?=[0-9])', '\\1,', 'g'));
BEGIN
    RETURN coalesce(code, '') || ' ' || CASE WHEN shown < 0 THEN '-' ELSE '' END || grouped
        || CASE WHEN places > 0 THEN '.' || split_part(shown::text, '.', 2) ELSE '' END;
END $$;
""",
)
