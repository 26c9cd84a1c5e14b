"""Channels and incoming web hooks, as the compiled model has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dougong.base.language import Labels

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to tell people things outside of the application; `options` are the keys of its `type` alone."""

    name: str
    label: Labels
    type: str
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An incoming web hook. Callers sign with one secret or send the other as a token; pointers are JSON pointers."""

    name: str
    label: Labels
    active: bool
    signing_secret: str | None
    token_secret: str | None
    largest_bytes: int
    once: str | None
    """Of what is the same where a call is repeated; None for a header."""
    rows: str | None
    """Of the list whose elements are dealt with one by one; None where the body is the one element."""
    values: Mapping[str, str]
    """Name of a value: pointer within an element."""
    required: tuple[str, ...]
    field: str
    """Of the object of each automation: the records that have `value` in it are what an element is about."""
    value: str
