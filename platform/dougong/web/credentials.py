"""Passwords: Argon2id hashes, one-time passwords, and a brake on guessing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, or_, select, update

from dougong.base.errors import Place, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.tables import credentials
from dougong.engine.unit import Unit

SHORTEST = 10
LONGEST = 200
FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)
_WORDS = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_hex(8))
"""Checked for an unknown name, so that the answer takes as long as for a known one."""


@dataclass(frozen=True, slots=True)
class Account:
    """What sign-in needs of a user."""

    user_id: str
    hash: str
    active: bool
    failures: int
    locked_until: datetime | None


def one_time_password() -> str:
    """A new password of twelve characters in groups, about 60 bits, to be changed at first use."""
    return "-".join("".join(secrets.choice(_WORDS) for _ in range(4)) for _ in range(3))


def account(unit: Unit, login: str) -> Account | None:
    """The user who signs in as `login` (their login name, e-mail address or mobile), where exactly one does."""
    users = unit.runtime.storage.tables["user"]
    columns = {name: users.table.c[users.parts[name][0].key] for name in ("login", "email", "mobile", "active")}
    asked = (
        select(
            users.table.c.id,
            columns["active"].label("active"),
            credentials.c.hash,
            credentials.c.failures,
            credentials.c.locked_until,
        )
        .join(credentials, credentials.c.user_id == users.table.c.id)
        .where(
            users.table.c.deleted_at.is_(None),
            or_(
                func.lower(columns["login"]) == login.lower(),
                func.lower(columns["email"]) == login.lower(),
                columns["mobile"].in_((login, f"+86{login}")),
            ),
        )
        .limit(2)
    )
    found = unit.connection.execute(asked).all()
    if len(found) != 1:
        return None
    row = found[0]
    return Account(row.id, row.hash, bool(row.active), row.failures, row.locked_until)


def fits(known: Account | None, password: str) -> bool:
    """Whether `password` is the account's. Takes the same time when there is no account."""
    try:
        _hasher.verify(known.hash if known else _NOBODY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return known is not None and known.active


def failed(unit: Unit, known: Account) -> None:
    """Count a wrong password; after a few, each one doubles the wait."""
    failures = known.failures + 1
    wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures, 12))) if failures >= FREE_TRIES else None
    _set(unit, known.user_id, failures=failures, locked_until=unit.now + wait if wait else None)


def succeeded(unit: Unit, known: Account, password: str) -> None:
    """Forget the wrong tries; renew the hash when its parameters have moved on."""
    values: dict[str, Any] = {"failures": 0, "locked_until": None}
    if _hasher.check_needs_rehash(known.hash):
        values["hash"] = _hasher.hash(password)
    _set(unit, known.user_id, **values)


def set_password(unit: Unit, user_id: str, password: str, must_change: bool = False) -> None:
    """Give a user a password.

    Raises:
        Rejected: it is too short, too long or too simple.
    """
    problem = weakness(password)
    if problem:
        raise Rejected(problem)
    row = {
        "user_id": user_id,
        "hash": _hasher.hash(password),
        "must_change": must_change,
        "failures": 0,
        "locked_until": None,
        "changed_at": unit.now,
    }
    unit.connection.execute(delete(credentials).where(credentials.c.user_id == user_id))
    unit.connection.execute(insert(credentials), row)


def weakness(password: str) -> Problem | None:
    """What is wrong with a password, if anything."""
    place = Place(field="new")
    if len(password) < SHORTEST:
        reason = msg("A password has at least {count} characters.", count=SHORTEST)
        return Problem(code="password-short", reason=reason, place=place)
    if len(password) > LONGEST:
        reason = msg("A password has at most {count} characters.", count=LONGEST)
        return Problem(code="password-long", reason=reason, place=place)
    if len(set(password)) < 5:
        reason = msg("This password repeats a few characters.")
        return Problem(code="password-simple", reason=reason, fix=msg("Use several words."), place=place)
    return None


def holds(unit: Unit, user_id: str, password: str) -> bool:
    """Whether `password` is the user's present one."""
    stored = unit.connection.execute(select(credentials.c.hash).where(credentials.c.user_id == user_id)).scalar()
    try:
        return stored is not None and _hasher.verify(stored, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False


def _set(unit: Unit, user_id: str, **values: Any) -> None:
    unit.connection.execute(update(credentials).where(credentials.c.user_id == user_id).values(**values))
