"""SQL of LPAD and RPAD."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Text, case, literal, literal_column, null, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas import utf16
from dougong.formulas.sql.code_units import CUT, LEFT, LENGTH, MOST_PADDED, SAFE, UNITS, HasPairs, counted, splits
from dougong.formulas.sql.routines import Call, Routine
from dougong.formulas.sql.values import Sql, Unsupported, as_text, text
from dougong.formulas.types import Type


class Padded(FunctionElement[str]):
    """A text padded or cut by PostgreSQL's own function, given its name; SQLite, which has none, calls the routine."""

    name = "padded"
    inherit_cache = True
    type = Text()


@compiles(Padded)
def _by_own_function(element: Padded, compiler: Any, **options: Any) -> str:
    called, pairs, own, text, count, padding = (compiler.process(each, **options) for each in element.clauses)
    return f"CASE WHEN {pairs} THEN {called} ELSE {own}({text}, {count}, {padding}) END"


@compiles(Padded, "sqlite")
def _by_routine(element: Padded, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


def _padded(name: str, own: str) -> Callable[..., Sql]:
    def native(item: Sql, count: Sql, *padding: Sql) -> Sql:
        signs = padding[0].constant if padding else " "
        if not isinstance(signs, str) or not utf16.is_plain(signs):
            raise Unsupported
        size, item = counted(count, 1), as_text(item)
        called = type_coerce(Call(name, (item, count, *padding)), Text())
        value = Padded(called, HasPairs(item.value), literal_column(own), item.value, size, literal(signs, Text()))
        return text(value, longest=MOST_PADDED).failing(_padding_fails(f"{name}_error")(item, count, *padding))

    return native


_PADDING = f"""
-- What t lacks of n code units; NULL where that splits a character or is too much.
CREATE OR REPLACE FUNCTION dg_padding(t text, n numeric, padding text) RETURNS text LANGUAGE plpgsql {SAFE} AS $$
DECLARE
    missing numeric := trunc(n) - dg_length(t);
BEGIN
    IF missing <= 0 OR n < 1 OR padding IS NULL THEN
        RETURN '';
    END IF;
    IF trunc(n) > {MOST_PADDED} THEN
        RETURN NULL;
    END IF;
    RETURN dg_cut(repeat(padding, div(missing, dg_length(padding))::integer + 1), 0, missing);
END $$;
"""


def _padding_fails(twin: str) -> Callable[..., ColumnElement[str]]:
    """What the error twin says, asked of every row only where the length or the padding may be at fault."""

    def error(text: Sql, count: Sql, *padding: Sql) -> ColumnElement[str]:
        said = type_coerce(Call(twin, (text, count, *padding)), Text())
        is_short = count.constant is not None and count.constant <= MOST_PADDED
        is_plain = all(each.is_constant and utf16.is_plain(each.constant or "") for each in padding)
        return case((HasPairs(text.value), said), else_=null()) if is_short and is_plain else said

    return error


def _pad(name: str, own: str, body: str) -> Routine:
    """LPAD or RPAD; without a padding it is a blank."""
    return Routine(
        name=name,
        result=Type.TEXT,
        fails=True,
        error=_padding_fails(f"{name}_error"),
        native=_padded(name, own),
        needs=(LENGTH, UNITS, CUT, LEFT, _PADDING),
        postgresql=f"""
CREATE OR REPLACE FUNCTION {name}(t text, n numeric, padding text) RETURNS text LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    IF octet_length(t || padding) = length(t || padding) AND n BETWEEN 1 AND {MOST_PADDED} THEN
        RETURN {own}(t, trunc(n)::integer, padding);
    END IF;
    RETURN {body};
END $$;
CREATE OR REPLACE FUNCTION {name}(t text, n numeric) RETURNS text LANGUAGE sql {SAFE} AS $$
    SELECT {name}(t, n, ' ')
$$;
{splits(name, "t text, n numeric, padding text", "t, n, padding")}
{splits(name, "t text, n numeric", "t, n")}""",
    )


pad_left = _pad("dg_lpad", "lpad", "dg_padding(t, n, padding) || dg_left(t, n)")
pad_right = _pad("dg_rpad", "rpad", "dg_left(t, n) || dg_padding(t, n, padding)")
