"""What is begun in one request and finished in another, once and soon. The person holds a token, we its hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import delete, insert, select

from dougong.engine.sign_in_tables import challenges
from dougong.engine.unit import Unit

Kind = Literal["second_step", "passkey", "new_passkey", "new_authenticator", "single_sign_on", "reset", "approval"]

SOON = timedelta(minutes=10)
"""How long a step of signing in may take."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Something begun: for whom, where that is known, and what has to be known to finish it."""

    user_id: str | None
    details: Mapping[str, Any]


def digest(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(unit: Unit, kind: Kind, user_id: str | None = None, lifetime: timedelta = SOON, **details: Any) -> str:
    """Begin something; the token that finishes it. What has expired is swept out."""
    token = secrets.token_urlsafe(32)
    row = {
        "token": digest(token),
        "kind": kind,
        "user_id": user_id,
        "details": details,
        "expires_at": unit.now + lifetime,
    }
    unit.connection.execute(delete(challenges).where(challenges.c.expires_at < unit.now))
    unit.connection.execute(insert(challenges), row)
    return token


def look(unit: Unit, kind: Kind, token: str) -> Challenge | None:
    """What was begun, without finishing it."""
    row = unit.connection.execute(
        select(challenges.c.user_id, challenges.c.details, challenges.c.expires_at).where(*_is(kind, token))
    ).first()
    return Challenge(row.user_id, row.details) if row is not None and row.expires_at > unit.now else None


def take(unit: Unit, kind: Kind, token: str) -> Challenge | None:
    """Finish what was begun: of any number that try at once with one token, one gets it."""
    row = unit.connection.execute(
        delete(challenges)
        .where(*_is(kind, token))
        .returning(challenges.c.user_id, challenges.c.details, challenges.c.expires_at)
    ).first()
    return Challenge(row.user_id, row.details) if row is not None and row.expires_at > unit.now else None


def drop(unit: Unit, kind: Kind, user_id: str) -> None:
    """Give up everything of a kind that was begun for a user."""
    unit.connection.execute(delete(challenges).where(challenges.c.kind == kind, challenges.c.user_id == user_id))


def _is(kind: Kind, token: str) -> tuple[Any, ...]:
    return challenges.c.token == digest(token), challenges.c.kind == kind
