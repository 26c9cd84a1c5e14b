"""Values in the tests of formulas: from JSON to what a formula computes with, and back to what people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from dougong.base.language import Message, msg
from dougong.formulas import Type
from dougong.formulas.types import Value


class Unfit(Exception):
    """A JSON value that is none of its type."""


def read_value(kind: Type, given: Any) -> Value:
    """The value that `given` says. Blank is None, of true/false false.

    Raises:
        Unfit: it is no value of the type `kind`.
    """
    if given is None or given == "":
        return False if kind is Type.BOOLEAN else None
    read: Callable[[Any], Value] = _READ.get(kind, _text)
    try:
        return read(given)
    except (ValueError, InvalidOperation):
        raise Unfit from None


def shown(value: Value) -> Message | str:
    """A value as the author of a test writes it."""
    if value is None:
        return msg("blank")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, date | time):
        return value.isoformat()
    return "; ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise Unfit
    return given


def _number(given: Any) -> Decimal:
    if isinstance(given, bool | float) or not isinstance(given, int | str):
        raise Unfit
    found = Decimal(given)
    if not found.is_finite():
        raise Unfit
    return found


def _boolean(given: Any) -> bool:
    if not isinstance(given, bool):
        raise Unfit
    return given


def _several(given: Any) -> frozenset[str]:
    if not isinstance(given, list):
        raise Unfit
    return frozenset(map(_text, given))


def moment(given: Any) -> datetime:
    """A moment with the offset of its zone.

    Raises:
        ValueError: it is none, or says no offset.
    """
    found = datetime.fromisoformat(_text(given))
    if found.tzinfo is None:
        raise ValueError
    return found


def _place(given: Any) -> Value:
    raise Unfit  # no formula field returns a place, and what measures distances is tested by its numbers


_READ: Mapping[Type, Callable[[Any], Value]] = MappingProxyType(
    {
        Type.NUMBER: _number,
        Type.BOOLEAN: _boolean,
        Type.DATE: lambda given: date.fromisoformat(_text(given)),
        Type.DATETIME: moment,
        Type.TIME: lambda given: time.fromisoformat(_text(given)),
        Type.MULTI_PICKLIST: _several,
        Type.GEOLOCATION: _place,
    }
)
"""How values of each type are read; those not named here are texts."""
