"""Tokens of the API: what programs act with in a person's place. Shown once, kept as a hash, narrowed by a scope."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, insert, select, update

from dougong.base.errors import Place, Problem, Rejected
from dougong.base.ids import record_id
from dougong.base.language import LANGUAGES, msg
from dougong.base.settings import Settings
from dougong.engine.actor import Actor, Scope
from dougong.engine.entering import entering
from dougong.engine.first import First
from dougong.engine.runtime import Runtime
from dougong.engine.sign_in_tables import tokens
from dougong.engine.tables import head, people
from dougong.engine.unit import Unit
from dougong.web.identity.events import tell
from dougong.web.sessions import USER_COLUMNS, actor

PREFIX = "dg_"
"""What every token begins with: so that those who look for leaked secrets know one."""
LONGEST_LABEL = 80
MOST_DAYS = 3650
NO_API = msg("You may not use the API.")
"""What those hear who lack the system right: their tokens open nothing, and they make none."""
USED_EVERY = timedelta(minutes=10)
"""How stale `used_at` may grow before it is written again."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it; the token itself nobody sees again."""

    id: str
    label: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    def expired(self, now: datetime) -> bool:
        """Whether it opens nothing any more."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token came, and the digest of it. `stale` says that its use was not noted for a while."""

    actor: Actor
    digest: str
    stale: bool


def digest(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def make(unit: Unit, user_id: str, label: str, days: int | None = None, scope: Scope | None = None) -> str:
    """A new token for a user: shown once, kept as its digest. Without a scope it may do what the user may.

    Raises:
        Rejected: no name to know it by, more days than a token lives, an object that does not exist.
    """
    problems = list(_wrong(unit, label, days, scope))
    if problems:
        raise Rejected(problems)
    token = PREFIX + secrets.token_urlsafe(32)
    row = {
        "token": digest(token),
        "id": record_id(),
        "user_id": user_id,
        "label": label.strip()[:LONGEST_LABEL],
        "scope": None if scope is None else _stored(scope),
        "created_at": unit.now,
        "expires_at": unit.now + timedelta(days=days) if days else None,
    }
    unit.connection.execute(insert(tokens), row)
    data: dict[str, Any] = {"id": row["id"], "scope": row["scope"], **({"days": days} if days else {})}
    tell(unit, "token_created", user_id, {"label": row["label"]}, **data)
    return token


def _wrong(unit: Unit, label: str, days: int | None, scope: Scope | None) -> list[Problem]:
    found = []
    if days is not None and not 1 <= days <= MOST_DAYS:
        reason = msg("A token lives from 1 to {most} days.", most=MOST_DAYS)
        found.append(Problem(code="token-days", reason=reason, place=Place(field="days")))
    for name in sorted((scope.objects or frozenset()) - unit.runtime.model.objects.keys() if scope else ()):
        reason = msg("There is no object {name}.", name=name)
        found.append(Problem(code="token-object", reason=reason, place=Place(field="objects"), thing=name))
    return found


def _stored(scope: Scope) -> dict[str, Any]:
    objects = None if scope.objects is None else sorted(scope.objects)
    return {"objects": objects, "write": scope.write, "metadata": scope.metadata}


def _scope(stored: Mapping[str, Any] | None) -> Scope:
    if stored is None:
        return Scope()
    objects = stored["objects"]
    return Scope(None if objects is None else frozenset(objects), bool(stored["write"]), bool(stored["metadata"]))


def listed(unit: Unit, user_id: str) -> list[Token]:
    """A user's tokens, the newest first."""
    asked = select(tokens).where(tokens.c.user_id == user_id).order_by(tokens.c.created_at.desc())
    return [
        Token(row.id or "", row.label, _scope(row.scope), row.created_at, row.expires_at, row.used_at)
        for row in unit.connection.execute(asked)
    ]


def revoke(unit: Unit, user_id: str, token_id: str) -> bool:
    """Take a token back; False where the user has none of this id."""
    this = delete(tokens).where(tokens.c.user_id == user_id, tokens.c.id == token_id)
    done = unit.connection.execute(this).rowcount > 0
    if done:
        tell(unit, "token_revoked", user_id, id=token_id)
    return done


def asked(token: str) -> First:
    """Who calls with `token`, asked with the revision in force."""
    return First("api.token", _statement, {"token": digest(token)})


def caller(unit: Unit, row: Any, settings: Settings, address: str) -> Caller | None:
    """Who the answer to `asked` tells of; None for a token unknown or expired, or of somebody switched off."""
    if row is None or row.user_id is None or not row.active:
        return None
    if row.expires_at is not None and row.expires_at <= unit.now:
        return None
    acting = replace(actor(row, settings), channel="api", address=address, scope=_scope(row.scope))
    if acting.language not in LANGUAGES:
        acting = replace(acting, language=LANGUAGES[0])
    stale = row.used_at is None or row.used_at + USED_EVERY <= unit.now
    return Caller(acting, row.token, stale)


def used(unit: Unit, token: str) -> None:
    """Note that a token is in use."""
    unit.connection.execute(update(tokens).where(tokens.c.token == digest(token)).values(used_at=unit.now))


def _statement(runtime: Runtime) -> Select[Any]:
    users = runtime.storage.tables["user"]
    columns = {name: users.table.c[users.parts[name][0].key] for name in USER_COLUMNS}
    return (
        select(
            head.c.revision,
            people.c.version.label("people"),
            users.table.c.id.label("user_id"),
            tokens.c.token,
            tokens.c.expires_at,
            tokens.c.scope,
            tokens.c.used_at,
            *(columns[name].label(name) for name in USER_COLUMNS),
            entering(users).label("active"),
        )
        .select_from(head)
        .join(people, people.c.id == head.c.id)
        .outerjoin(tokens, tokens.c.token == bindparam("token"))
        .outerjoin(users.table, and_(users.table.c.id == tokens.c.user_id, users.table.c.deleted_at.is_(None)))
    )
