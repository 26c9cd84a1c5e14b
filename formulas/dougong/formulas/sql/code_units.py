"""Text of PostgreSQL by UTF-16 code units, in which the language counts; PostgreSQL counts characters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, case, literal_column, null, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas.decimals import whole
from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.routines import Call
from dougong.formulas.sql.values import Sql, Unsupported

MOST_PADDED = 100_000
"""Characters that padding may produce."""
SAFE = "IMMUTABLE PARALLEL SAFE"
STRICT = "IMMUTABLE STRICT PARALLEL SAFE"

LENGTH = rf"""
CREATE OR REPLACE FUNCTION dg_length(t text) RETURNS numeric LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    IF octet_length(t) = length(t) OR t !~ '[\U00010000-\U0010FFFF]' THEN
        RETURN length(t);
    END IF;
    RETURN coalesce(length(regexp_replace(t, '[\U00010000-\U0010FFFF]', '\&\&', 'g')), 0);
END $$;
"""

UNITS = rf"""
-- One sign per code unit: 0 is a whole character, 1 and 2 are the halves of a pair.
CREATE OR REPLACE FUNCTION dg_units(t text) RETURNS text LANGUAGE sql {STRICT} AS $$
    SELECT regexp_replace(regexp_replace(t, '[^\U00010000-\U0010FFFF]', '0', 'g'), '[^0]', '12', 'g')
$$;
"""

CUT = rf"""
-- The code units from first to last, counted from 0, last left out; NULL where a character would be split.
CREATE OR REPLACE FUNCTION dg_cut(t text, first numeric, last numeric) RETURNS text LANGUAGE plpgsql {STRICT} AS $$
DECLARE
    start integer := trunc(least(greatest(first, 0), 1000000000));
    size integer := greatest(trunc(least(last, 1000000000)) - start, 0);
    units text;
    part text;
BEGIN
    IF octet_length(t) = length(t) OR t !~ '[\U00010000-\U0010FFFF]' THEN
        RETURN substr(t, start + 1, size);
    END IF;
    units := dg_units(t);
    part := substr(units, start + 1, size);
    IF part ~ '^2|1$' THEN
        RETURN NULL;
    END IF;
    RETURN substr(t, length(replace(left(units, start), '2', '')) + 1, length(replace(part, '2', '')));
END $$;
"""

LEFT = f"""
CREATE OR REPLACE FUNCTION dg_left(t text, n numeric) RETURNS text LANGUAGE plpgsql {STRICT} AS $$
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN left(t, greatest(least(trunc(n), 1000000000), 0)::integer);
    END IF;
    RETURN dg_cut(t, 0, n);
END $$;
"""


def splits(name: str, parameters: str, names: str) -> str:
    """The twin that tells where `name` has no value: where it gives NULL, which is not the empty text."""
    return f"""
CREATE OR REPLACE FUNCTION {name}_error({parameters}) RETURNS text LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    RETURN CASE WHEN t IS NOT NULL AND n IS NOT NULL AND {name}({names}) IS NULL THEN '{Failure.OUT_OF_RANGE}' END;
END $$;
"""


class HasPairs(FunctionElement[bool]):
    """True where a text has characters of two code units: elsewhere nothing can be split."""

    name = "has_pairs"
    inherit_cache = True
    type = Boolean()


@compiles(HasPairs)
def _by_expression(element: HasPairs, compiler: Any, **options: Any) -> str:
    (text,) = (compiler.process(each, **options) for each in element.clauses)
    return rf"(octet_length({text}) > length({text}) AND ({text}) ~ '[\U00010000-\U0010FFFF]')"


@compiles(HasPairs, "sqlite")
def _by_glob(element: HasPairs, compiler: Any, **options: Any) -> str:
    (text,) = (compiler.process(each, **options) for each in element.clauses)
    return f"({text}) GLOB '*[\U00010000-\U0010ffff]*'"


def splitting(twin: str) -> Callable[..., ColumnElement[str]]:
    """What the error twin says, asked only where a character may be split."""

    def error(text: Sql, *counts: Sql) -> ColumnElement[str]:
        said = type_coerce(Call(twin, (text, *counts)), Text())
        return case((HasPairs(text.value), said), else_=null())

    return error


def counted(item: Sql, least: int) -> ColumnElement[int]:
    """A constant whole number of characters.

    Raises:
        Unsupported: it is none, or out of bounds.
    """
    if item.constant is None or not least <= item.constant <= MOST_PADDED:
        raise Unsupported
    return literal_column(str(whole(item.constant)))
