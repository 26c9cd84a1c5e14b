"""SQL of choosing one of several values: CASE WHEN."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, case, null

from dougong.formulas.sql.values import Sql, blank, same_type
from dougong.formulas.types import Type


def choose(
    branches: Iterable[tuple[ColumnElement[Any], Sql]], otherwise: Sql, subject: ColumnElement[Any] | None = None
) -> Sql:
    """CASE WHEN over whole expressions, errors included: only the branch taken can fail.

    With a `subject` each branch has a value that the subject may be equal to, in place of a condition.
    """
    whens, items = zip(*branches, strict=True)
    everything = same_type(*items, otherwise)
    type = next((each.type for each in everything if each.type is not Type.NULL), Type.NULL)
    error = None
    if any(each.error is not None for each in everything):
        errors = [null() if each.error is None else each.error for each in everything]
        error = _case(whens, errors, subject)
    if all(map(_is_nothing, everything)):
        return blank(type, everything[-1].limit).failing(error)
    value = _case(whens, [each.value for each in everything], subject)
    parts = _chosen_parts(whens, everything, subject) if type is Type.GEOLOCATION else ()
    return replace(
        _described(type, value, everything),
        error=error,
        parts=parts,
        integer=_chosen_integer(whens, everything, subject),
    )


def _case(
    whens: tuple[ColumnElement[Any], ...], results: list[ColumnElement[Any]], subject: ColumnElement[Any] | None
) -> ColumnElement[Any]:
    return case(*zip(whens, results[:-1], strict=True), value=subject, else_=results[-1])


def _chosen_integer(
    whens: tuple[ColumnElement[Any], ...], items: list[Sql], subject: ColumnElement[Any] | None
) -> ColumnElement[int] | None:
    """The same as a BIGINT, where every item is one."""
    integers = [null() if _is_nothing(each) else each.integer for each in items]
    if any(each is None for each in integers):
        return None
    return _case(whens, [each for each in integers if each is not None], subject)


def _is_nothing(item: Sql) -> bool:
    return item.is_constant and item.constant is None


def _described(type: Type, value: ColumnElement[Any], items: list[Sql]) -> Sql:
    """`value`, which is that of one of the items."""
    whole, scale, limit = (max(getattr(each, name) for each in items) for name in ("whole", "scale", "limit"))
    is_exact = any(each.exact for each in items)
    most = 0 if is_exact or type is not Type.NUMBER else max(_largest_of(each) for each in items)
    nullable = any(each.nullable for each in items)
    longest = max(each.longest for each in items)
    return Sql(type, value, None, whole, scale, nullable, limit=limit, exact=is_exact, most=most, longest=longest)


def _chosen_parts(
    whens: tuple[ColumnElement[Any], ...], items: list[Sql], subject: ColumnElement[Any] | None
) -> tuple[Sql, ...]:
    """The numbers of the place chosen."""
    gone = blank(Type.NUMBER, items[-1].limit)
    parts = zip(*(each.parts or (gone, gone) for each in items), strict=True)
    return tuple(choose(zip(whens, each[:-1], strict=True), each[-1], subject) for each in parts)


def _largest_of(item: Sql) -> int:
    return 0 if _is_nothing(item) else item.largest
