"""SQL of text functions: those that mean the same by character and by UTF-16 unit."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Column, ColumnElement, Text, case, func, literal, true

from dougong.formulas.evaluation import Failure
from dougong.formulas.lengths import MOST
from dougong.formulas.sql.constructs import ExactLiteral, Holds
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.values import Sql, Unsupported, as_text, boolean, number, text
from dougong.formulas.types import Type

_DIGITS_OF_LENGTH = 9


def join(left: Sql, right: Sql) -> Sql:
    """`&` and `+`; a blank side counts as empty."""
    given = [as_text(each) for each in (left, right) if not (each.is_constant and each.constant is None)]
    if len(given) < 2:
        return next(iter(given), left)
    pieces = tuple(piece for each in given for piece in each.joined or (each,))
    is_filled = any(not each.nullable for each in pieces)
    value = _concatenated(_given(each) for each in pieces)
    made = text(value, not is_filled, left.longest + right.longest)
    if is_filled and len(pieces) - 1 == sum(not each.nullable for each in pieces[1:]):
        return replace(made, nullable=False, joined=pieces)  # one may be blank, the first: asked once as it is
    if all(each.is_constant or isinstance(each.value, Column) for each in pieces):
        # Where no piece is blank, which is most often, none need be asked whether it is.
        bare = _concatenated(each.value for each in pieces)
        made = replace(made, value=func.coalesce(bare, made.value, type_=Text()))
    return replace(made, nullable=not is_filled, joined=pieces)


def _concatenated(parts: Iterable[ColumnElement[str]]) -> ColumnElement[str]:
    return functools.reduce(lambda left, right: left.concat(right), parts)


def _given(item: Sql) -> ColumnElement[str]:
    """A text, empty where it is blank."""
    value: ColumnElement[str] = as_text(item).value
    return func.coalesce(value, literal("", Text())) if item.nullable else value


def begins(item: Sql, beginning: Sql) -> Sql:
    """BEGINS."""
    same = (
        func.substr(as_text(item).value, 1, func.length(as_text(beginning).value), type_=Text())
        == as_text(beginning).value
    )
    return boolean(case((beginning.value.is_(None), true()), else_=same))


def contains(item: Sql, part: Sql) -> Sql:
    """CONTAINS."""
    return boolean(case((part.value.is_(None), true()), else_=Holds(as_text(item).value, as_text(part).value)))


def _shortened(item: Sql, old: Sql, new: Sql) -> Sql:
    """SUBSTITUTE that cannot make a text longer; a blank new text deletes."""
    put = new.constant or ""
    if not new.is_constant or not isinstance(old.constant, str) or len(put) > len(old.constant):
        raise Unsupported
    shorter = func.replace(as_text(item).value, old.value, literal(put, Text()), type_=Text())
    return text(shorter, longest=item.longest)


substitute = Routine(
    name="dg_substitute",
    result=Type.TEXT,
    longest=MOST,
    fails=True,
    native=_shortened,
    postgresql=f"""
CREATE OR REPLACE FUNCTION dg_substitute(t text, old text, new text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    put text := coalesce(new, '');
BEGIN
    -- The first condition is cheap, and enough for almost every text.
    IF length(t)::bigint * length(put) > {MOST} AND length(t)
        + (length(t) - length(replace(t, old, ''))) / length(old) * (length(put) - length(old))::bigint > {MOST}
    THEN
        RETURN NULL;
    END IF;
    RETURN replace(t, old, put);
END $$;
CREATE OR REPLACE FUNCTION dg_substitute_error(t text, old text, new text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN t IS NOT NULL AND old IS NOT NULL AND dg_substitute(t, old, new) IS NULL
        THEN '{Failure.OUT_OF_RANGE}' END;
END $$;
""",
)


def trim(item: Sql) -> Sql:
    """TRIM."""
    blank = literal(" ", Text())
    return text(func.ltrim(func.rtrim(as_text(item).value, blank), blank, type_=Text()), longest=item.longest)


def picklist_text(item: Sql) -> Sql:
    """TEXT of a picklist: its value."""
    return text(item.value, may_be_empty=False, longest=item.longest)


def count_selected(field: Sql) -> Sql:
    """PICKLISTCOUNT, over values that stand between semicolons."""
    semicolon, empty = literal(";", Text()), literal("", Text())
    semicolons = func.length(field.value) - func.length(func.replace(field.value, semicolon, empty))
    zero = ExactLiteral(Decimal(0), 0)
    count = case((field.value.is_(None), zero), else_=semicolons + ExactLiteral(Decimal(-1), 0))
    return number(count, _DIGITS_OF_LENGTH, 0, field.limit)
