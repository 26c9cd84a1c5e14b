"""SQL of text functions: those that mean the same by character and by UTF-16 unit."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Text, and_, case, func, literal, true

from dougong.formulas.sql.constructs import ExactLiteral, Holds
from dougong.formulas.sql.values import Sql, as_text, boolean, number, text

_DIGITS_OF_LENGTH = 9


def join(left: Sql, right: Sql) -> Sql:
    """`&` and `+`; a blank side counts as empty."""
    empty = literal("", Text())
    return text(func.coalesce(as_text(left).value, empty).concat(func.coalesce(as_text(right).value, empty)))


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


def substitute(item: Sql, old: Sql, new: Sql) -> Sql:
    """SUBSTITUTE; a blank new text deletes."""
    empty = literal("", Text())
    replaced = func.replace(
        as_text(item).value, as_text(old).value, func.coalesce(as_text(new).value, empty), type_=Text()
    )
    return text(case((and_(item.value.is_not(None), old.value.is_not(None)), replaced)))


def trim(item: Sql) -> Sql:
    """TRIM."""
    blank = literal(" ", Text())
    return text(func.ltrim(func.rtrim(as_text(item).value, blank), blank, type_=Text()))


def picklist_text(item: Sql) -> Sql:
    """TEXT of a picklist: its value."""
    return text(item.value, may_be_empty=False)


def count_selected(field: Sql) -> Sql:
    """PICKLISTCOUNT, over values that stand between semicolons."""
    semicolon, empty = literal(";", Text()), literal("", Text())
    semicolons = func.length(field.value) - func.length(func.replace(field.value, semicolon, empty))
    zero = ExactLiteral(Decimal(0), 0)
    count = case((field.value.is_(None), zero), else_=semicolons + ExactLiteral(Decimal(-1), 0))
    return number(count, _DIGITS_OF_LENGTH, 0, field.limit)
