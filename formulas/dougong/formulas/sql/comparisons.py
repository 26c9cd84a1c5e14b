"""SQL of the comparison operators. Blank text equals empty text; every other blank gives blank."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, or_, true

from dougong.formulas.decimals import WIDE, quantized
from dougong.formulas.sql.constructs import CodePointOrder, ExactLiteral
from dougong.formulas.sql.values import Meaning, Sql, as_text, boolean, most_of, same_type, simplest
from dougong.formulas.types import Type

Compare = Callable[[Any, Any], Any]

_MIRRORED: dict[Compare, Compare] = {
    operator.lt: operator.gt,
    operator.gt: operator.lt,
    operator.le: operator.ge,
    operator.ge: operator.le,
    operator.eq: operator.eq,
    operator.ne: operator.ne,
}
_BETWEEN_STEPS: dict[Compare, Compare | None] = {
    operator.lt: operator.le,
    operator.le: operator.le,
    operator.gt: operator.gt,
    operator.ge: operator.gt,
    operator.eq: None,
    operator.ne: None,
}
"""With a constant between two steps of a column's scale: how to compare with the step below it."""


def compared(compare: Compare) -> Meaning:
    """The meaning of an operator that gives blank where a side is blank."""

    def meaning(left: Sql, right: Sql) -> Sql:
        if left.is_constant and left.constant is not None and not right.is_constant:
            return _with_constant(_MIRRORED[compare], right, left) or _plain(compare, left, right)
        return _with_constant(compare, left, right) or _plain(compare, left, right)

    return meaning


def _plain(compare: Compare, left: Sql, right: Sql) -> Sql:
    left, right = _bare_ids(left, right)
    first, second = same_type(left, right)
    if first.type is Type.TEXT and compare not in (operator.eq, operator.ne):
        return boolean(compare(CodePointOrder(first.value), CodePointOrder(second.value)))
    return boolean(compare(*simplest(first, second)), first.nullable or second.nullable)


def _with_constant(compare: Compare, left: Sql, right: Sql) -> Sql | None:
    """A number compared with a constant that has more places than it: without widening the number."""
    if left.exact or not isinstance(right.constant, Decimal) or right.scale <= left.scale:
        return None
    step = quantized(right.constant, left.scale, ROUND_FLOOR)
    rounded = _BETWEEN_STEPS[compare]
    if rounded is None:
        return boolean(case((left.value.is_not(None), true() if compare is operator.ne else false())))
    if abs(step.scaleb(left.scale, WIDE)) > most_of(left.limit):
        return None
    return boolean(rounded(left.value, ExactLiteral(step, left.scale)), left.nullable)


def text_equal(left: Sql, right: Sql) -> Sql:
    """Never blank: NULL stands for empty text."""
    if left.is_constant and not right.is_constant:
        left, right = right, left
    if right.is_constant and right.constant is None:
        return boolean(left.value.is_(None), False)
    left, right = _bare_ids(left, right)
    first, second = same_type(left, right)
    if right.is_constant:
        return boolean(and_(first.value.is_not(None), first.value == second.value), False)
    return boolean(first.value.is_not_distinct_from(second.value), False)


def text_different(left: Sql, right: Sql) -> Sql:
    """Never blank: NULL stands for empty text."""
    if left.is_constant and not right.is_constant:
        left, right = right, left
    if right.is_constant and right.constant is None:
        return boolean(left.value.is_not(None), False)
    left, right = _bare_ids(left, right)
    first, second = same_type(left, right)
    if right.is_constant:
        return boolean(or_(first.value.is_(None), first.value != second.value), False)
    return boolean(first.value.is_distinct_from(second.value), False)


def is_equal(left: Sql, right: Sql) -> ColumnElement[bool]:
    """True or false, never NULL, as CASE and IN compare: a blank equals nothing unless both are text."""
    if Type.TEXT in (left.type, right.type) or Type.PICKLIST in (left.type, right.type):
        return text_equal(left, right).value
    return and_(left.value.is_not(None), compared(operator.eq)(left, right).value.is_(True))


def _bare_ids(left: Sql, right: Sql) -> tuple[Sql, Sql]:
    """An id column beside a constant stays an id only where the constant is one: databases refuse other text."""
    if left.type is Type.ID and right.is_constant and _is_id(right.constant):
        return left, replace(right, type=Type.ID)
    if left.type is Type.ID and right.type is Type.ID and not right.is_constant:
        return left, right
    return as_text(left), as_text(right)


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and value == str(UUID(value))
    except ValueError:
        return False
