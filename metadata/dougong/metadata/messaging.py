"""Channels, as the compiled model has them."""

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
