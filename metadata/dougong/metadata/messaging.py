"""Channels, web hooks and templates of messages, as the compiled model has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from dougong.base.language import Labels
from dougong.formulas import Formula

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to tell people things outside of the application; `options` are the keys of its `type` alone."""

    name: str
    label: Labels
    type: str
    options: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """Texts with merge fields about a record of `object`: by language, pieces of text and formulas in order."""

    name: str
    label: Labels
    object: str
    subject: Mapping[str, tuple[str | Formula, ...]]
    body: Mapping[str, tuple[str | Formula, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A web hook. Outgoing ones are called at `url`; incoming ones fire automations with what `values` map."""

    name: str
    label: Labels
    direction: Literal["in", "out"]
    active: bool
    signing_secret: str | None
    url: str = ""
    largest_kb: int = 256
    """Of what is sent to an incoming one."""
    key: str = ""
    """JSON pointer of what is the same when an incoming call is repeated; "" for the header ``webhook-id``."""
    rows: str = ""
    """JSON pointer of the list whose elements are dealt with one by one; "" where the body is the one element."""
    values: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Name of a value: JSON pointer within an element."""
    required: tuple[str, ...] = ()
    """Names of values without which an element is put aside."""
