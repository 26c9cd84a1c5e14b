"""SQL of text by position. Positions and lengths count UTF-16 code units; PostgreSQL counts characters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, case, func, literal, literal_column, null, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas import utf16
from dougong.formulas.decimals import whole
from dougong.formulas.evaluation import Failure
from dougong.formulas.sql.routines import Call, Routine
from dougong.formulas.sql.values import Sql, Unsupported, as_text, text
from dougong.formulas.types import Type

_MOST_PADDED = 100_000
_SAFE = "IMMUTABLE PARALLEL SAFE"
_STRICT = "IMMUTABLE STRICT PARALLEL SAFE"

_LENGTH = rf"""
CREATE OR REPLACE FUNCTION dg_length(t text) RETURNS numeric LANGUAGE plpgsql {_SAFE} AS $$
BEGIN
    IF octet_length(t) = length(t) OR t !~ '[\U00010000-\U0010FFFF]' THEN
        RETURN length(t);
    END IF;
    RETURN coalesce(length(regexp_replace(t, '[\U00010000-\U0010FFFF]', '\&\&', 'g')), 0);
END $$;
"""

_UNITS = rf"""
-- One sign per code unit: 0 is a whole character, 1 and 2 are the halves of a pair.
CREATE OR REPLACE FUNCTION dg_units(t text) RETURNS text LANGUAGE sql {_STRICT} AS $$
    SELECT regexp_replace(regexp_replace(t, '[^\U00010000-\U0010FFFF]', '0', 'g'), '[^0]', '12', 'g')
$$;
"""

_CUT = rf"""
-- The code units from first to last, counted from 0, last left out; NULL where a character would be split.
CREATE OR REPLACE FUNCTION dg_cut(t text, first numeric, last numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
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

_LEFT = f"""
CREATE OR REPLACE FUNCTION dg_left(t text, n numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN left(t, greatest(least(trunc(n), 1000000000), 0)::integer);
    END IF;
    RETURN dg_cut(t, 0, n);
END $$;
"""


def _splits(name: str, parameters: str, names: str) -> str:
    """The twin that tells where `name` has no value: where it gives NULL, which is not the empty text."""
    return f"""
CREATE OR REPLACE FUNCTION {name}_error({parameters}) RETURNS text LANGUAGE plpgsql {_SAFE} AS $$
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


def _splitting(twin: str) -> Callable[..., ColumnElement[str]]:
    """What the error twin says, asked only where a character may be split."""

    def error(text: Sql, *counts: Sql) -> ColumnElement[str]:
        said = type_coerce(Call(twin, (text, *counts)), Text())
        return case((HasPairs(text.value), said), else_=null())

    return error


# -- native where nothing can be split -----------------------------------------------------------------------
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


def _count(item: Sql, least: int) -> ColumnElement[int]:
    """A constant whole number of characters.

    Raises:
        Unsupported: it is none, or out of bounds.
    """
    if item.constant is None or not least <= item.constant <= _MOST_PADDED:
        raise Unsupported
    return literal_column(str(whole(item.constant)))


def _part(twin: str, take: Callable[..., ColumnElement[str]], *leasts: int) -> Callable[..., Sql]:
    """`take` of a text and constants, where no character of the text is two code units; elsewhere the routine."""

    def native(item: Sql, *counts: Sql) -> Sql:
        given = [_count(each, least) for each, least in zip(counts, leasts, strict=True)]
        item = as_text(item)
        called = type_coerce(Call(twin, (item, *counts)), Text())
        value = case((HasPairs(item.value), called), else_=take(item.value, *given))
        return text(value, longest=item.longest).failing(_splitting(f"{twin}_error")(item, *counts))

    return native


def _padded(name: str, own: str) -> Callable[..., Sql]:
    def native(item: Sql, count: Sql, *padding: Sql) -> Sql:
        signs = padding[0].constant if padding else " "
        if not isinstance(signs, str) or not utf16.is_plain(signs):
            raise Unsupported
        size, item = _count(count, 1), as_text(item)
        called = type_coerce(Call(name, (item, count, *padding)), Text())
        value = Padded(called, HasPairs(item.value), literal_column(own), item.value, size, literal(signs, Text()))
        return text(value, longest=_MOST_PADDED).failing(_padding_fails(f"{name}_error")(item, count, *padding))

    return native


length = Routine(name="dg_length", result=Type.NUMBER, digits=(9, 0), postgresql=_LENGTH)

left = Routine(
    name="dg_left",
    result=Type.TEXT,
    native=_part("dg_left", lambda item, count: func.substr(item, 1, count, type_=Text()), 1),
    fails=True,
    error=_splitting("dg_left_error"),
    needs=(_UNITS, _CUT),
    postgresql=_LEFT + _splits("dg_left", "t text, n numeric", "t, n"),
)

right = Routine(
    name="dg_right",
    result=Type.TEXT,
    native=_part("dg_right", Tail, 1),
    fails=True,
    error=_splitting("dg_right_error"),
    needs=(_LENGTH, _UNITS, _CUT),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_right(t text, n numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    units numeric;
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN right(t, greatest(least(trunc(n), 1000000000), 0)::integer);
    END IF;
    units := dg_length(t);
    RETURN dg_cut(t, units - least(greatest(trunc(n), 0), units), units);
END $$;
{_splits("dg_right", "t text, n numeric", "t, n")}""",
)

middle = Routine(
    name="dg_mid",
    result=Type.TEXT,
    native=_part("dg_mid", lambda item, start, count: func.substr(item, start, count, type_=Text()), 1, 1),
    fails=True,
    error=_splitting("dg_mid_error"),
    needs=(_UNITS, _CUT),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_mid(t text, start numeric, n numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    first numeric := greatest(trunc(start), 1) - 1;
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN substr(t, least(first, 1000000000)::integer + 1, greatest(least(trunc(n), 1000000000), 0)::integer);
    END IF;
    RETURN dg_cut(t, first, first + greatest(trunc(n), 0));
END $$;
CREATE OR REPLACE FUNCTION dg_mid_error(t text, start numeric, n numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
BEGIN
    RETURN CASE WHEN dg_mid(t, start, n) IS NULL THEN '{Failure.OUT_OF_RANGE}' END;
END $$;
""",
)

substring = Routine(
    name="dg_substr",
    result=Type.TEXT,
    fails=True,
    error=_splitting("dg_substr_error"),
    needs=(_LENGTH, _UNITS, _CUT),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_substr(t text, start numeric, n numeric) RETURNS text LANGUAGE plpgsql {_STRICT} AS $$
DECLARE
    first numeric := CASE WHEN trunc(start) < 0 THEN dg_length(t) + trunc(start) ELSE greatest(trunc(start), 1) - 1 END;
BEGIN
    RETURN CASE WHEN first < 0 THEN '' ELSE dg_cut(t, first, first + greatest(trunc(n), 0)) END;
END $$;
CREATE OR REPLACE FUNCTION dg_substr(t text, start numeric) RETURNS text LANGUAGE sql {_STRICT} AS $$
    SELECT dg_substr(t, start, 1000000000)
$$;
CREATE OR REPLACE FUNCTION dg_substr_error(t text, start numeric, n numeric) RETURNS text
LANGUAGE plpgsql {_STRICT} AS $$
BEGIN
    RETURN CASE WHEN dg_substr(t, start, n) IS NULL THEN '{Failure.OUT_OF_RANGE}' END;
END $$;
CREATE OR REPLACE FUNCTION dg_substr_error(t text, start numeric) RETURNS text LANGUAGE sql {_STRICT} AS $$
    SELECT dg_substr_error(t, start, 1000000000)
$$;
""",
)

find = Routine(
    name="dg_find",
    result=Type.NUMBER,
    digits=(9, 0),
    needs=(_LENGTH, _UNITS),
    postgresql=rf"""
CREATE OR REPLACE FUNCTION dg_find(sought text, t text, start numeric) RETURNS numeric LANGUAGE plpgsql {_SAFE} AS $$
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
CREATE OR REPLACE FUNCTION dg_find(sought text, t text) RETURNS numeric LANGUAGE plpgsql {_SAFE} AS $$
BEGIN
    IF octet_length(t) = length(t) THEN
        RETURN coalesce(strpos(t, sought), 0);
    END IF;
    RETURN dg_find(sought, t, 1);
END $$;
""",
)

_PADDING = f"""
-- What t lacks of n code units; NULL where that splits a character or is too much.
CREATE OR REPLACE FUNCTION dg_padding(t text, n numeric, padding text) RETURNS text LANGUAGE plpgsql {_SAFE} AS $$
DECLARE
    missing numeric := trunc(n) - dg_length(t);
BEGIN
    IF missing <= 0 OR n < 1 OR padding IS NULL THEN
        RETURN '';
    END IF;
    IF trunc(n) > {_MOST_PADDED} THEN
        RETURN NULL;
    END IF;
    RETURN dg_cut(repeat(padding, div(missing, dg_length(padding))::integer + 1), 0, missing);
END $$;
"""


def _padding_fails(twin: str) -> Callable[..., ColumnElement[str]]:
    """What the error twin says, asked of every row only where the length or the padding may be at fault."""

    def error(text: Sql, count: Sql, *padding: Sql) -> ColumnElement[str]:
        said = type_coerce(Call(twin, (text, count, *padding)), Text())
        is_short = count.constant is not None and count.constant <= _MOST_PADDED
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
        needs=(_LENGTH, _UNITS, _CUT, _LEFT, _PADDING),
        postgresql=f"""
CREATE OR REPLACE FUNCTION {name}(t text, n numeric, padding text) RETURNS text LANGUAGE plpgsql {_SAFE} AS $$
BEGIN
    IF octet_length(t || padding) = length(t || padding) AND n BETWEEN 1 AND {_MOST_PADDED} THEN
        RETURN {own}(t, trunc(n)::integer, padding);
    END IF;
    RETURN {body};
END $$;
CREATE OR REPLACE FUNCTION {name}(t text, n numeric) RETURNS text LANGUAGE sql {_SAFE} AS $$
    SELECT {name}(t, n, ' ')
$$;
{_splits(name, "t text, n numeric, padding text", "t, n, padding")}
{_splits(name, "t text, n numeric", "t, n")}""",
    )


pad_left = _pad("dg_lpad", "lpad", "dg_padding(t, n, padding) || dg_left(t, n)")
pad_right = _pad("dg_rpad", "rpad", "dg_left(t, n) || dg_padding(t, n, padding)")

reverse = Routine(
    name="dg_reverse",
    result=Type.TEXT,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_reverse(t text) RETURNS text LANGUAGE sql {_STRICT} AS $$ SELECT reverse(t) $$;
""",
)

character = Routine(
    name="dg_chr",
    result=Type.TEXT,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_chr(n numeric) RETURNS text LANGUAGE sql {_STRICT} AS $$
    SELECT CASE WHEN trunc(n) BETWEEN 1 AND 55295 OR trunc(n) BETWEEN 57344 AND 1114111
        THEN chr(trunc(n)::integer) ELSE '' END
$$;
""",
)

code_point = Routine(
    name="dg_ascii",
    result=Type.NUMBER,
    digits=(7, 0),
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_ascii(t text) RETURNS numeric LANGUAGE sql {_STRICT} AS $$ SELECT ascii(t)::numeric $$;
""",
)
