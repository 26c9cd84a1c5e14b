"""SQL of conditions and choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, and_, case, false, func, literal, not_, null, or_

from dougong.formulas.sql.choices import choose
from dougong.formulas.sql.comparisons import is_equal
from dougong.formulas.sql.constructs import Bracketed, Holds
from dougong.formulas.sql.values import Sql, boolean, chosen_by, same_type, simplest, truth
from dougong.formulas.types import Type

Join = Callable[..., ColumnElement[bool]]
_MOST_JOINED = 100


def all_of(*conditions: Sql) -> Sql:
    """AND stops at the first condition that is not true: an error behind it does not count."""
    return _until(conditions, joined(and_, map(truth, conditions)), stops_at=False)


def any_of(*conditions: Sql) -> Sql:
    """OR stops at the first condition that is true: an error behind it does not count."""
    return _until(conditions, joined(or_, map(truth, conditions)), stops_at=True)


def joined(join: Join, conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool]:
    """All conditions joined, in brackets by the hundred: every further one is a level to SQLite, which counts them."""
    parts = list(conditions)
    while len(parts) > _MOST_JOINED:
        groups = range(0, len(parts), _MOST_JOINED)
        parts = [Bracketed(join(*parts[start : start + _MOST_JOINED])) for start in groups]
    return join(*parts)


def _until(conditions: tuple[Sql, ...], value: ColumnElement[bool], stops_at: bool) -> Sql:
    stops = [truth(each) if stops_at else not_(truth(each)) for each in conditions]
    return boolean(value, False).failing(_first_failure(conditions, stops, [None] * len(conditions), None))


def _first_failure(
    conditions: tuple[Sql, ...],
    stops: list[ColumnElement[bool]],
    errors: list[ColumnElement[str] | None],
    last: ColumnElement[str] | None,
) -> ColumnElement[str] | None:
    """What fails first: a condition, or what is computed where it stops; behind the last one, `last`."""
    if all(each is None for each in (*errors, last, *(condition.error for condition in conditions))):
        return None
    branches: list[tuple[ColumnElement[bool], ColumnElement[Any]]] = []
    for condition, stop, error in zip(conditions, stops, errors, strict=True):
        # Where a condition fails its truth means nothing.
        if condition.error is not None:
            branches.append((condition.error.is_not(None), condition.error))
        branches.append((stop, null() if error is None else error))
    return case(*branches, else_=null() if last is None else last)


def negated(condition: Sql) -> Sql:
    """NOT; blank stays blank."""
    return boolean(not_(condition.value), condition.nullable)


def if_(condition: Sql, then: Sql, otherwise: Sql) -> Sql:
    """CASE WHEN."""
    chosen = choose([(chosen_by(condition), then)], otherwise)
    return chosen.after(condition.error)


def ifs(conditions: tuple[Sql, ...], values: tuple[Sql, ...], otherwise: Sql) -> Sql:
    """CASE WHEN; conditions behind the first that is true are not computed."""
    stops = [chosen_by(each) for each in conditions]
    error = _first_failure(conditions, stops, [each.error for each in values], otherwise.error)
    *branches, last = (replace(each, error=None) for each in (*values, otherwise))
    return choose(list(zip(stops, branches, strict=True)), last).failing(error)


def case_(expression: Sql, values: tuple[Sql, ...], results: tuple[Sql, ...], otherwise: Sql) -> Sql:
    """CASE; an error in any argument is an error of the whole, so errors are the caller's to add."""
    *parts, last = (replace(each, error=None) for each in (*results, otherwise))
    is_plain = not expression.is_constant and expression.type is not Type.ID
    if is_plain and all(each.constant is not None for each in values):
        # CASE x WHEN … computes x once.
        subject, *constants = simplest(*same_type(expression, *values))
        return choose(list(zip(constants, parts, strict=True)), last, subject)
    return choose([(is_equal(expression, value), then) for value, then in zip(values, parts, strict=True)], last)


def in_(expression: Sql, *values: Sql) -> Sql:
    """IN; a blank expression is among nothing."""
    subject, *listed = same_type(expression, *values)
    if expression.type is not Type.ID and all(each.constant is not None for each in listed):
        value, *others = simplest(subject, *listed)
        return boolean(_among(replace(subject, value=value), others), False)
    found = joined(or_, (is_equal(expression, each) for each in values))
    return boolean(and_(expression.value.is_not(None), found), False)


def _among(item: Sql, values: list[ColumnElement[Any]]) -> ColumnElement[bool]:
    found = item.value.in_(values)
    return func.coalesce(found, false(), type_=Boolean()) if item.nullable else found


def is_blank(item: Sql) -> Sql:
    """IS NULL."""
    return boolean(item.value.is_(None), False)


def never(item: Sql) -> Sql:
    """False whatever the argument."""
    return boolean(false(), False)


def or_substitute(item: Sql, substitute: Sql) -> Sql:
    """The substitute where the item is blank; only then can it fail."""
    first, second = same_type(item, substitute)
    if second.error is None and second.type not in (Type.NULL, Type.GEOLOCATION) and not first.is_constant:
        whole, scale = max(first.whole, second.whole), max(first.scale, second.scale)
        value = func.coalesce(first.value, second.value, type_=first.value.type)
        most = 0 if first.exact else max(first.largest, second.largest)
        longest = max(first.longest, second.longest)
        integer = None
        if first.integer is not None and second.integer is not None:
            integer = func.coalesce(first.integer, second.integer, type_=BigInteger())
        return replace(
            first, value=value, whole=whole, scale=scale, most=most, nullable=second.nullable, longest=longest,
            integer=integer, is_guarded=False, joined=(),
        )  # fmt: skip
    chosen = choose([(first.value.is_not(None), replace(first, error=None))], second)
    return chosen.after(item.error)


def or_null_substitute(item: Sql, substitute: Sql) -> Sql:
    """NULLVALUE of what is not text: both sides are computed, so errors are the caller's to add."""
    return or_substitute(replace(item, error=None), replace(substitute, error=None))


def first_of(item: Sql, substitute: Sql) -> Sql:
    """NULLVALUE on text: never the substitute."""
    return item


def unless_error(item: Sql, substitute: Sql) -> Sql:
    """The substitute where the item fails."""
    if item.error is None:
        return item
    return choose([(item.error.is_(None), replace(item, error=None))], substitute)


def has_value(field: Sql, value: Sql) -> Sql:
    """ISPICKVAL."""
    return boolean(is_equal(field, replace(value, type=Type.TEXT)), False)


def includes(field: Sql, value: Sql) -> Sql:
    """INCLUDES, over values that stand between semicolons: ``;red;blue;``."""
    if value.constant is None:
        return boolean(false(), False)
    held = Holds(field.value, literal(f";{value.constant};", Text()))
    return boolean(and_(field.value.is_not(None), held), False)
