"""Tests of a configuration, as the compiled model has them: what is given, what somebody does, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from dougong.base.language import Labels

DEEDS = ("create", "update", "delete", "submit", "approve", "reject", "wait")
"""What may happen in a test; each deed is one of them."""

THE_DEED = "when"
"""The key by which the record that is made under ``when`` is named: ``@when``."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that happens. `on` is an object for "create", how long for "wait", else the key of a record."""

    does: Literal["create", "update", "delete", "submit", "approve", "reject", "wait"]
    on: str
    by: str | None = None
    values: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    to: str | None = None
    """Of "submit": the whole name of the approval."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is there beforehand: a user with roles, a setting with another value, or what a deed leads to."""

    key: str
    roles: tuple[str, ...] | None = None
    values: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    setting: str | None = None
    value: Any = None
    deed: Deed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One thing that follows; what is None is not asked."""

    key: str
    refused_by: str | None = None
    warned_by: str | None = None
    record: str | None = None
    has: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    gone: bool | None = None
    approval: str | None = None
    object: str | None = None
    """Records of an object that the test has led to: `count` of them (one) have the values in `has`."""
    count: int | None = None
    told: str | None = None
    """The key of a user who is told something whose title has `says` in it, `count` times (at least once)."""
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One test. `at` is the moment of everything in it; None is now."""

    name: str
    label: Labels
    given: tuple[Given, ...]
    when: Deed
    then: tuple[Expected, ...]
    at: datetime | None = None
