"""SQL of text by position. Positions and lengths count UTF-16 code units; PostgreSQL counts characters."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Numeric, Text, case, func, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.code_units import CUT, LEFT, LENGTH, SAFE, STRICT, UNITS, HasPairs, counted, splits, splitting
from dougong.formulas.sql.constructs import ExactLiteral, Holds
from dougong.formulas.sql.routines import Call, Routine
from dougong.formulas.sql.values import Sql, Unsupported, as_text, number, text
from dougong.formulas.types import Type

_DIGITS_OF_LENGTH = 9


class Tail(FunctionElement[str]):
    """The last characters of a text."""

    name = "tail"
    inherit_cache = True
    type = Text()


@compiles(Tail)
def _right(element: Tail, compiler: Any, **options: Any) -> str:
    text, count = (compiler.process(each, **options) for each in element.clauses)
    return f"right({text}, {count})"


@compiles(Tail, "sqlite")
def _from_the_end(element: Tail, compiler: Any, **options: Any) -> str:
    text, count = (compiler.process(each, **options) for each in element.clauses)
    return f"substr({text}, -{count})"


def _part(twin: str, take: Callable[..., ColumnElement[str]], *leasts: int) -> Callable[..., Sql]:
    """`take` of a text and constants, where no character of the text is two code units; elsewhere the routine."""

    def native(item: Sql, *counts: Sql) -> Sql:
        given = [counted(each, least) for each, least in zip(counts, leasts, strict=True)]
        item = as_text(item)
        called = type_coerce(Call(twin, (item, *counts)), Text())
        value = case((HasPairs(item.value), called), else_=take(item.value, *given))
        return text(value, longest=item.longest).failing(splitting(f"{twin}_error")(item, *counts))

    return native


length = Routine(name="dg_length", result=Type.NUMBER, digits=(9, 0), postgresql=LENGTH)

left = Routine(
    name="dg_left",
    result=Type.TEXT,
    native=_part("dg_left", lambda item, count: func.substr(item, 1, count, type_=Text()), 1),
    fails=True,
    error=splitting("dg_left_error"),
    needs=(UNITS, CUT),
    postgresql=LEFT + splits("dg_left", "t text, n numeric", "t, n"),
)

right = Routine(
    name="dg_right",
    result=Type.TEXT,
    native=_part("dg_right", Tail, 1),
    fails=True,
    error=splitting("dg_right_error"),
    needs=(LENGTH, UNITS, CUT),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_right(t text, n numeric) RETURNS text LANGUAGE plpgsql {STRICT} AS $$
DECLARE
    units numeric;
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN right(t, greatest(least(trunc(n), 1000000000), 0)::integer);
    END IF;
    units := dg_length(t);
    RETURN dg_cut(t, units - least(greatest(trunc(n), 0), units), units);
END $$;
{splits("dg_right", "t text, n numeric", "t, n")}""",
)

middle = Routine(
    name="dg_mid",
    result=Type.TEXT,
    native=_part("dg_mid", lambda item, start, count: func.substr(item, start, count, type_=Text()), 1, 1),
    fails=True,
    error=splitting("dg_mid_error"),
    needs=(UNITS, CUT),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_mid(t text, start numeric, n numeric) RETURNS text LANGUAGE plpgsql {STRICT} AS $$
DECLARE
    first numeric := greatest(trunc(start), 1) - 1;
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN substr(t, least(first, 1000000000)::integer + 1, greatest(least(trunc(n), 1000000000), 0)::integer);
    END IF;
    RETURN dg_cut(t, first, first + greatest(trunc(n), 0));
END $$;
CREATE OR REPLACE FUNCTION dg_mid_error(t text, start numeric, n numeric) RETURNS text LANGUAGE plpgsql {STRICT} AS $$
BEGIN
    RETURN CASE WHEN dg_mid(t, start, n) IS NULL THEN '{Failure.OUT_OF_RANGE}' END;
END $$;
""",
)

substring = Routine(
    name="dg_substr",
    result=Type.TEXT,
    fails=True,
    error=splitting("dg_substr_error"),
    needs=(LENGTH, UNITS, CUT),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_substr(t text, start numeric, n numeric) RETURNS text LANGUAGE plpgsql {STRICT} AS $$
DECLARE
    first numeric := CASE WHEN trunc(start) < 0 THEN dg_length(t) + trunc(start) ELSE greatest(trunc(start), 1) - 1 END;
BEGIN
    RETURN CASE WHEN first < 0 THEN '' ELSE dg_cut(t, first, first + greatest(trunc(n), 0)) END;
END $$;
CREATE OR REPLACE FUNCTION dg_substr(t text, start numeric) RETURNS text LANGUAGE sql {STRICT} AS $$
    SELECT dg_substr(t, start, 1000000000)
$$;
CREATE OR REPLACE FUNCTION dg_substr_error(t text, start numeric, n numeric) RETURNS text
LANGUAGE plpgsql {STRICT} AS $$
BEGIN
    RETURN CASE WHEN dg_substr(t, start, n) IS NULL THEN '{Failure.OUT_OF_RANGE}' END;
END $$;
CREATE OR REPLACE FUNCTION dg_substr_error(t text, start numeric) RETURNS text LANGUAGE sql {STRICT} AS $$
    SELECT dg_substr_error(t, start, 1000000000)
$$;
""",
)


class Position(FunctionElement[Any]):
    """Where the second text begins in the first, in characters; 0 where it does not."""

    name = "position"
    inherit_cache = True
    type = Numeric()


@compiles(Position)
def _strpos(element: Position, compiler: Any, **options: Any) -> str:
    text, part = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(strpos({text}, {part}) AS NUMERIC)"


@compiles(Position, "sqlite")
def _instr(element: Position, compiler: Any, **options: Any) -> str:
    text, part = (compiler.process(each, **options) for each in element.clauses)
    return f"instr({text}, {part})"


def _found(sought: Sql, item: Sql, *start: Sql) -> Sql:
    """FIND from the beginning, where no character of the text is two code units; elsewhere the routine."""
    if start or not isinstance(item.value, Column) or (sought.is_constant and sought.constant is None):
        raise Unsupported  # what is computed would be computed several times
    sought, item = as_text(sought), as_text(item)
    called = type_coerce(Call("dg_find", (sought, item)), Numeric())
    place = case((HasPairs(item.value), called), else_=Position(item.value, sought.value))
    zero = ExactLiteral(Decimal(0), 0)
    return number(case((Holds(item.value, sought.value), place), else_=zero), _DIGITS_OF_LENGTH, 0, item.limit)


find = Routine(
    name="dg_find",
    result=Type.NUMBER,
    digits=(_DIGITS_OF_LENGTH, 0),
    native=_found,
    needs=(LENGTH, UNITS),
    postgresql=rf"""
CREATE OR REPLACE FUNCTION dg_find(sought text, t text, start numeric) RETURNS numeric LANGUAGE plpgsql {SAFE} AS $$
DECLARE
    skipped integer := trunc(least(greatest(start, 1), 1000000000)) - 1;
    found integer;
BEGIN
    IF sought IS NULL OR t IS NULL OR start IS NULL THEN
        RETURN 0;
    END IF;
    IF octet_length(t) > length(t) AND t ~ '[\U00010000-\U0010FFFF]' THEN
        skipped := length(replace(left(dg_units(t), skipped), '2', ''));
        found := strpos(substr(t, skipped + 1), sought);
        RETURN CASE WHEN found = 0 THEN 0 ELSE dg_length(left(t, skipped + found - 1)) + 1 END;
    END IF;
    found := strpos(substr(t, skipped + 1), sought);
    RETURN CASE WHEN found = 0 THEN 0 ELSE skipped + found END;
END $$;
CREATE OR REPLACE FUNCTION dg_find(sought text, t text) RETURNS numeric LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN coalesce(strpos(t, sought), 0);
    END IF;
    RETURN dg_find(sought, t, 1);
END $$;
""",
)
