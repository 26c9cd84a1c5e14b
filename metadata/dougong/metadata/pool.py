"""Pools, as the compiled model has them: where records wait that nobody works on, and when they come back to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dougong.base.language import Labels
from dougong.formulas import Formula

Amount = Formula | int | None
"""A number, a formula that gives one, or no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim:
    """One reason to take a record from its owner: `days` after the last of the dates `since` and of getting it.

    `count` says which days count; those on which the owner is absent never do. What was not told `warn` days before
    is not taken.
    """

    key: str
    label: Labels
    days: Formula | int
    when: Formula | None = None
    since: tuple[str, ...] = ()
    count: Literal["all", "working"] = "all"
    warn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """Records that are never taken."""

    key: str
    label: Labels
    when: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One pool of an object.

    `account` is the id of the user, of the kind ``queue``, that owns what waits in it. `shows` are the fields seen
    before claiming. `hold` and `per_day` are limits for one person, `cool_down` and `protect` days. `members` and
    `assign` name people as sharing rules do.
    """

    name: str
    own: str
    object: str
    label: Labels
    account: str
    order: int
    members: tuple[str, ...]
    shows: tuple[str, ...]
    assign: tuple[str, ...] = ()
    when: Formula | None = None
    active: Formula | bool = True
    hold: Amount = None
    per_day: Amount = None
    cool_down: Amount = None
    protect: Amount = None
    reclaim: tuple[Reclaim, ...] = ()
    exceptions: tuple[Exempt, ...] = ()
    give_back: Literal["with_reason", "yes", "no"] = "with_reason"
