"""What the audit log is told about signing in: by the person, or by somebody at the door who is nobody yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dougong.engine.actor import NOBODY, Actor
from dougong.engine.audit import Event, record
from dougong.engine.unit import Unit


def tell(
    unit: Unit,
    kind: str,
    user_id: str | None,
    personal: Mapping[str, Any] = {},
    *,
    by: Actor | None = None,
    **data: Any,
) -> None:
    """Record an event about a user; what the unit's own actor did unless it was done `by` another.

    `data` are codes and counts: never a password, code, token or key, nor a hash of one, nor a name that was typed
    where nobody has it, since people type passwords there.
    """
    acting = unit if by is None else unit.acting(by)
    record(acting, Event(kind, target=f"user:{user_id}" if user_id else "", data=data, personal=personal))


def at_the_door(address: str, user_id: str | None = None) -> Actor:
    """Whoever is not signed in yet: nobody, or the user that they have just proved to be."""
    return replace(NOBODY, user_id=user_id, address=address)
