"""SQL of numbers as text, and of text as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.core import get_global
from sqlalchemy import Boolean, ColumnElement, and_, not_, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.digits import ROUNDING
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import Sql, as_text, where
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


class _SpellsNumber(FunctionElement[bool]):
    """Whether a text is a number: what has digits alone and a point among them is, without a call."""

    name = "spells_number"
    inherit_cache = True
    type = Boolean()


@compiles(_SpellsNumber)
def _at_once(element: _SpellsNumber, compiler: Any, **options: Any) -> str:
    text, called = (compiler.process(each, **options) for each in element.clauses)
    return f"({_digits_alone(text)} OR {called})"


@compiles(_SpellsNumber, "sqlite")
def _by_glob(element: _SpellsNumber, compiler: Any, **options: Any) -> str:
    text, called = (compiler.process(each, **options) for each in element.clauses)
    # A CASE, because SQLite computes both sides of an OR whose value it needs.
    return f"CASE WHEN length({text}) < 39 AND ({text}) NOT GLOB '*[^0-9]*' THEN 1 ELSE {called} END"


def _digits_alone(text: str) -> str:
    """Digits, with a point perhaps; short enough for every digit to count. Cheaper than a regular expression."""
    return f"(length({text}) < 39 AND translate({text}, '0123456789', '') IN ('', '.') AND ({text}) <> '.')"


def _is_no_number(item: Sql) -> ColumnElement[str]:
    item = as_text(item)
    spelt = _SpellsNumber(item.value, type_coerce(is_number.call(item).value, Boolean()))
    return where(and_(item.value.is_not(None), not_(spelt)), Failure.NUMBER_TEXT)


value = Routine(
    name="dg_value",
    result=Type.NUMBER,
    bounds=lambda text: (200, 200),
    error=_is_no_number,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_value(t text) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF {_digits_alone("t")} THEN
        RETURN t::numeric;
    END IF;
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
