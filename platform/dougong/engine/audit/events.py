"""What is recorded: events as code reports them, entries as the log keeps them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dougong.engine.actor import Actor
from dougong.engine.audit.chain import canonical, digest
from dougong.engine.audit.kinds import KINDS

LONGEST_TARGET = 300
LONGEST_TEXT = 1000
"""Characters kept of an address and of any other text: what strangers send does not fill the log."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `kind` is one of `KINDS`; `target` is the address of what it happened to.

    Addresses: ``user:<id>``, ``record:account/<id>``, ``object:account``, ``revision:12``, ``role:sales``, a path.
    `data` are codes and numbers, JSON values that say nothing of a person but ids. Everything personal (a name that
    somebody typed, values before and after) goes into `personal`, which can be erased and leaves the chain whole.
    """

    kind: str
    target: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with who, when and from where: what is to be chained."""

    at: datetime
    kind: str
    actor_id: str | None
    channel: str
    target: str
    data: Mapping[str, Any]
    personal: Mapping[str, Any]

    @classmethod
    def of(cls, actor: Actor, at: datetime, event: Event, why: str = "") -> Entry:
        """The entry of `event`; `why` is the unit's reason, for events that give none.

        Where somebody looks on as `actor`, the entry is theirs and says as whom.

        Raises:
            LookupError: an unknown kind of event.
        """
        data = event.data if actor.viewer is None else {**event.data, "viewed_as": actor.user_id}
        address, actor = actor.address, actor.viewer or actor
        who = {"name": actor.name, "login": actor.login, "address": address, "why": event.why or why}
        personal = {key: _cut(value) for key, value in {**who, **event.personal}.items() if value not in ("", None)}
        kind = KINDS[event.kind].name
        return cls(at, kind, actor.user_id, actor.channel, _plain(event.target), data, personal)

    def row(self, seq: int) -> dict[str, Any]:
        """The entry as a row of `dg_audit`, but for its hash."""
        personal = canonical({**self.personal, "salt": secrets.token_hex(16)})
        at = self.at.astimezone(UTC)
        body = {
            "seq": seq,
            "at": at.isoformat(" ", "microseconds"),
            "kind": self.kind,
            "actor": self.actor_id,
            "channel": self.channel,
            "target": self.target,
            "data": self.data,
            "personal": digest(personal),
        }
        return {
            "seq": seq,
            "at": at,
            "kind": self.kind,
            "actor_id": self.actor_id,
            "target": self.target,
            "body": canonical(body),
            "personal": personal,
        }


def _plain(text: str) -> str:
    """`text` as every database can keep it: no NUL, no half characters, no more than an address needs."""
    return text[:LONGEST_TARGET].encode("utf-8", "replace").decode().replace("\0", "�")


def _cut(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
