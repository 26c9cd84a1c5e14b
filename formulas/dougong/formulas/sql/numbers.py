"""SQL of arithmetic: native operators where the digits provably fit, refused elsewhere."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, or_

from dougong.base.language import msg
from dougong.formulas.sql.constructs import ExactLiteral, Rounded
from dougong.formulas.sql.values import Meaning, Sql, Unsupported, aligned, number

_STEADY_DIGITS = 33
"""Digits to which the Python meaning rounds first; with fewer there is nothing to round."""


def sum_or_difference(operate: Callable[[Any, Any], Any]) -> Meaning:
    """`+` or `-` of two numbers: one digit more than the longer."""

    def meaning(left: Sql, right: Sql) -> Sql:
        first, second = aligned(left, right)
        whole = max(first.whole, second.whole) + 1
        return number(operate(first.value, second.value), whole, first.scale, first.limit)

    return meaning


add = sum_or_difference(operator.add)
subtract = sum_or_difference(operator.sub)


def multiply(left: Sql, right: Sql) -> Sql:
    """`*`: the digits of both."""
    return number(left.value * right.value, left.whole + right.whole, left.scale + right.scale, left.limit)


def modulo(left: Sql, right: Sql) -> Sql:
    """MOD: the remainder has the sign of the left side in both databases."""
    first, second = aligned(left, right)
    zero = ExactLiteral(Decimal(0), second.scale)
    made = number(first.value % func.nullif(second.value, zero), first.whole, first.scale, first.limit)
    return made.failing(and_(first.value.is_not(None), second.value.is_not(None), second.value == zero))


def negative(item: Sql) -> Sql:
    """The sign changed."""
    return number(-item.value, item.whole, item.scale, item.limit)


def unchanged(item: Sql) -> Sql:
    """The argument itself."""
    return item


def absolute(item: Sql) -> Sql:
    """ABS."""
    return number(func.abs(item.value), item.whole, item.scale, item.limit)


def rounded_to(mode: str) -> Meaning:
    """ROUND or TRUNC to a constant number of places."""

    def meaning(item: Sql, places: Sql | None = None) -> Sql:
        if places is not None and not places.is_constant:
            raise Unsupported(msg("The number of places must be a constant."))
        count = 0 if places is None else int(places.constant)
        if not 0 <= count <= item.limit:
            raise Unsupported(msg("The number of places must be between 0 and 18."))
        return _cut(item, count, mode)

    return meaning


def rounded_whole(mode: str) -> Meaning:
    """CEILING, FLOOR, MCEILING or MFLOOR."""

    def meaning(item: Sql) -> Sql:
        number(item.value, item.whole, item.scale, _STEADY_DIGITS)
        return _cut(item, 0, mode)

    return meaning


def _cut(item: Sql, places: int, mode: str) -> Sql:
    if item.scale <= places:
        return item
    number(item.value, item.whole + 1, item.scale, item.limit)
    return number(Rounded(item.value, item.scale, places, mode), item.whole + 1, places, item.limit)


def extreme(compare: Callable[[Any, Any], Any]) -> Meaning:
    """MAX or MIN; one blank makes all blank."""

    def meaning(*items: Sql) -> Sql:
        first, *others = aligned(*items)
        best = first.value
        for each in others:
            best = case((compare(each.value, best), each.value), else_=best)
        value = case((or_(*(each.value.is_(None) for each in (first, *others))), None), else_=best)
        return number(value, max(each.whole for each in items), first.scale, first.limit)

    return meaning
