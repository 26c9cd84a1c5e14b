"""SQL conditions that are never NULL, so that NOT around them means what it says.

`x IS NOT NULL AND x = y` rather than COALESCE: an index on the column still serves it. Of what is computed there is no
index, and computing it twice costs twice (see `Decided`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, and_, false, func, or_, true

from dougong.engine.expressions import Decided, InPlace
from dougong.engine.lettercase import lowered

Compare = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]


def present(column: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """`condition` holds and the column is not blank."""
    return and_(column.is_not(None), condition) if _kept(column) else Decided(condition, column)


def absent_or(column: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The column is blank or `condition` holds."""
    return or_(column.is_(None), condition) if _kept(column) else or_(condition, column.is_(None))


def _kept(column: ColumnElement[Any]) -> bool:
    return isinstance(column, ColumnClause | InPlace)


def one_of(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """The column is one of `values`; never so for an empty list."""
    return present(column, column.in_(values)) if values else false()


def none_of(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """The column is blank or none of `values`; always so for an empty list."""
    return absent_or(column, column.not_in(values)) if values else true()


COMPARE: Mapping[str, Compare] = {
    "is": lambda column, value: present(column, column == value),
    "is_not": lambda column, value: absent_or(column, column != value),
    "gt": lambda column, value: present(column, column > value),
    "gte": lambda column, value: present(column, column >= value),
    "lt": lambda column, value: present(column, column < value),
    "lte": lambda column, value: present(column, column <= value),
    "between": lambda column, ends: present(column, column.between(*ends)),
    "in": one_of,
    "not_in": none_of,
    "blank": lambda column, _: column.is_(None),
    "not_blank": lambda column, _: column.is_not(None),
}
"""What the comparing operators mean over one column."""

TEXT: Mapping[str, Compare] = {
    "contains": lambda column, value: present(column, func.lower(column).contains(lowered(value), autoescape=True)),
    "not_contains": lambda column, value: absent_or(
        column, ~func.lower(column).contains(lowered(value), autoescape=True)
    ),
    "starts": lambda column, value: present(column, func.lower(column).startswith(lowered(value), autoescape=True)),
    "ends": lambda column, value: present(column, func.lower(column).endswith(lowered(value), autoescape=True)),
    "is": lambda column, value: present(column, func.lower(column) == lowered(value)),
    "is_not": lambda column, value: absent_or(column, func.lower(column) != lowered(value)),
    "in": lambda column, values: (
        present(column, func.lower(column).in_([lowered(each) for each in values])) if values else false()
    ),
    "not_in": lambda column, values: (
        absent_or(column, func.lower(column).not_in([lowered(each) for each in values])) if values else true()
    ),
    "blank": COMPARE["blank"],
    "not_blank": COMPARE["not_blank"],
}
"""The same over text, without regard to case (see `dougong.engine.lettercase`)."""
