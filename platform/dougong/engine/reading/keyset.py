"""Keyset paging: page 2,000 costs what page 1 costs.

Blanks come last in the order of the list, whatever its direction; the id breaks ties. A cursor does not become an
OR, which no index serves, but a list of ranges, each one stretch of the index, in their order.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, bindparam, tuple_
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.types import TypeDecorator, TypeEngine

from dougong.base.errors import BadRequest, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine.columns import Id, Version
from dougong.formulas.sql.types import LongNumber


@dataclass(frozen=True, slots=True)
class Key:
    """One level of an order. `nullable` keys put blanks last (first when walked backwards)."""

    column: ColumnElement[Any]
    descending: bool
    nullable: bool


_LONGEST = Decimal(10) ** 100
"""Beyond every number that a formula yields."""


def order(keys: Sequence[Key], backwards: bool) -> list[UnaryExpression[Any]]:
    """The ORDER BY that walks `keys` forwards or backwards."""
    terms: list[UnaryExpression[Any]] = []
    for key in keys:
        term = key.column.desc() if key.descending != backwards else key.column.asc()
        if key.nullable:
            term = term.nulls_first() if backwards else term.nulls_last()
        terms.append(term)
    return terms


def shape(values: Sequence[Any]) -> tuple[bool, ...]:
    """Which cursor values are blank: what the ranges depend on beside the keys."""
    return tuple(value is None for value in values)


def ranges(keys: Sequence[Key], blanks: Sequence[bool], backwards: bool) -> list[ColumnElement[bool]]:
    """The index ranges after a cursor (before it, when `backwards`), nearest first.

    The cursor's values are the bind parameters ``cursor_0`` … in the order of `keys`.
    """
    found: list[ColumnElement[bool]] = []
    for level in range(len(keys) - 1, -1, -1):
        same = [_same(keys[at], at, blanks[at]) for at in range(level)]
        for beyond in _beyond(keys[level], level, blanks[level], backwards):
            found.append(and_(*same, beyond))
    return _joined(keys, blanks, backwards, found)


def _bound(key: Key, at: int) -> Any:
    return bindparam(f"cursor_{at}", type_=key.column.type)


def _same(key: Key, at: int, blank: bool) -> ColumnElement[bool]:
    return key.column.is_(None) if blank else key.column == _bound(key, at)


def _beyond(key: Key, at: int, blank: bool, backwards: bool) -> list[ColumnElement[bool]]:
    """What follows the cursor's value at one level, in order."""
    if blank:
        return [key.column.is_not(None)] if backwards else []
    bound = _bound(key, at)
    further = key.column < bound if key.descending != backwards else key.column > bound
    return [further, key.column.is_(None)] if key.nullable and not backwards else [further]


def _joined(
    keys: Sequence[Key], blanks: Sequence[bool], backwards: bool, found: list[ColumnElement[bool]]
) -> list[ColumnElement[bool]]:
    """One sort key and the id walk the same way: the tie and what lies beyond are one row comparison."""
    uniform = all(key.descending == keys[0].descending for key in keys)
    inner_nullable = any(key.nullable for key in keys[1:])
    if not uniform or inner_nullable or any(blanks) or len(keys) == 1:
        return found
    left = tuple_(*(key.column for key in keys))
    right = tuple_(*(_bound(key, at) for at, key in enumerate(keys)))
    beyond: ColumnElement[bool] = left < right if keys[0].descending != backwards else left > right
    return [beyond, keys[0].column.is_(None)] if keys[0].nullable and not backwards else [beyond]


def encode(values: Sequence[Any], backwards: bool) -> str:
    """An opaque cursor of sort values; safe in a URL."""
    body = orjson.dumps([1 if backwards else 0, [_plain(value) for value in values]])
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return {"n": str(value)}
        case datetime():
            return {"i": value.isoformat()}
        case date():
            return {"d": value.isoformat()}
        case time():
            return {"t": value.isoformat()}
        case _:
            return value


def _moment(text: str) -> datetime:
    """A moment in UTC: what lies outside of its years in another zone is none that a list showed."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


_READ: Mapping[str, Any] = {
    "n": Decimal,
    "i": _moment,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
}


def decode(cursor: str, keys: Sequence[Key]) -> tuple[bool, tuple[Any, ...]]:
    """Whether a cursor walks backwards, and its values.

    Raises:
        BadRequest: the text is no cursor of the order of `keys`.
    """
    try:
        backwards, values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        read = tuple([_read(value) for value in values])
        if not all(_fits(key, value) for key, value in zip(keys, read, strict=True)):
            raise ValueError
    except (ValueError, KeyError, TypeError, ArithmeticError):
        raise BadRequest(
            Problem(
                code="cursor-broken",
                thing="cursor",
                reason=msg("The page mark in the address does not belong to this list."),
                fix=msg("Open the list from its first page."),
            )
        ) from None
    return bool(backwards), read


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    return _READ[kind](text)


def _beyond_all(kind: TypeEngine[Any]) -> Decimal:
    """A number above every one that a column of this type has."""
    if isinstance(kind, LongNumber):
        return _LONGEST
    return Decimal(2**31 if isinstance(kind, Version) else 2**63).scaleb(-(getattr(kind, "scale", 0) or 0))


def _fits(key: Key, value: Any) -> bool:
    """Whether the column of `key` can hold `value`: a database fails over what it cannot compare, and says nothing."""
    kind = key.column.type
    if value is None:
        return key.nullable
    if isinstance(kind, Id):
        return is_record_id(value)
    wanted = (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type
    if wanted is str:
        return isinstance(value, str) and "\x00" not in value
    if wanted is bool:
        return isinstance(value, bool)
    if issubclass(wanted, int | float | Decimal):
        return isinstance(value, int | float | Decimal) and abs(Decimal(value)) < _beyond_all(kind)
    return type(value) is wanted
