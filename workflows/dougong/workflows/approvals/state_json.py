"""The state of an approval as JSON, and back."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any

from dougong.workflows.approvals import state as states
from dougong.workflows.approvals.state import State


def to_json(state: State) -> dict[str, Any]:
    """A state as JSON: blanks left out."""
    return typing.cast(dict[str, Any], _plain(state))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: _plain(said) for each in fields(value) if (said := getattr(value, each.name)) != _default(each)
        }
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _default(field: Field[Any]) -> Any:
    """What a field has where JSON says nothing of it."""
    return field.default_factory() if field.default_factory is not MISSING else field.default


def from_json(body: Mapping[str, Any]) -> State:
    """The state that `to_json` wrote."""
    return typing.cast(State, _read(State, body))


@cache
def _types(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind, vars(states))


def _read(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _read(next(each for each in args if each is not type(None)), value)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_read(args[0], each) for each in value)
        return tuple(_read(each, one) for each, one in zip(args, value, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return types.MappingProxyType({key: _read(args[1], each) for key, each in value.items()})
    if is_dataclass(kind):
        known = _types(typing.cast(type, kind))
        return typing.cast(type, kind)(**{key: _read(known[key], each) for key, each in value.items() if key in known})
    return datetime.fromisoformat(value) if kind is datetime else value
