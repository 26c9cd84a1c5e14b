"""Who acts: the one argument that every read and write of records carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Channel = Literal[
    "form", "inline", "bulk", "api", "import", "conversion", "workflow", "system", "cli", "undo", "publish", "mail"
]

PUBLISHING: Channel = "publish"
"""The channel by which records that travel with the metadata are written."""


def zone_named(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """The time zone that a user's record names; `otherwise` where it names none, or one that this machine lacks."""
    try:
        return ZoneInfo(name) if name else otherwise
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise


@dataclass(frozen=True, slots=True)
class Scope:
    """What an actor's token leaves of their rights: the `objects` named (None for all), writing, changing metadata."""

    objects: frozenset[str] | None = None
    write: bool = True
    metadata: bool = True

    @property
    def key(self) -> str:
        """Equal for scopes that leave the same."""
        objects = "*" if self.objects is None else ",".join(sorted(self.objects))
        return f"scope:{objects}:{int(self.write)}"


WHOLE = Scope()
"""What leaves everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A user (or the system) acting for a company through a channel.

    `user_id` is None for the system alone. `rights` are system rights ("design", "publish", "users").
    `attributes` is what `$User` reads in formulas. `address` is the network address that asks, for the audit log.
    `scope` is what is left of all this when a program acts for the user. `viewer` is who looks on as this user: then
    nothing is written, and what the audit log records, it records of the viewer.
    """

    user_id: str | None
    name: str
    login: str = ""
    kind: Literal["internal", "partner", "customer", "interface", "system"] = "internal"
    language: str = "en"
    zone: ZoneInfo = ZoneInfo("UTC")
    channel: Channel = "form"
    rights: frozenset[str] = frozenset()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    scope: Scope = WHOLE
    viewer: Actor | None = None

    @property
    def is_system(self) -> bool:
        """True for the platform itself, which no access rule limits."""
        return self.kind == "system"


SYSTEM = Actor(user_id=None, name="System", kind="system", channel="system", rights=frozenset({"all"}))

NOBODY = Actor(user_id=None, name="")
"""Whoever has not signed in: for the audit log alone, with the address. Nobody opens units as this."""
