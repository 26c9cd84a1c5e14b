"""Who is signed in: server-side sessions behind a random cookie, and what a person prefers.

The cookie holds 32 random bytes; the database holds their SHA-256, so that a copy of it opens no door.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Select, Text, and_, bindparam, cast, delete, insert, select, update

from dougong.base.language import LANGUAGES
from dougong.base.settings import Settings
from dougong.engine.actor import Actor
from dougong.engine.first import First
from dougong.engine.runtime import Runtime
from dougong.engine.tables import credentials, head, sessions
from dougong.engine.tables import settings as stored_settings
from dougong.engine.unit import Unit

LIFETIME = timedelta(days=30)
IDLE = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=10)
"""How stale `seen_at` may grow before it is written again: a write per page would be a write too many."""

PREFERENCES = "pages"
"""The name under which a person's preferences stand in `dg_setting`."""

THEMES = ("system", "light", "dark")
DENSITIES = ("ordinary", "compact", "comfortable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in person. `token` is what their cookie holds."""

    token: str
    actor: Actor
    must_change: bool
    stale: bool
    preferences: Mapping[str, Any]

    @property
    def theme(self) -> str:
        """Light, dark, or as the system says."""
        return str(self.preferences.get("theme", THEMES[0]))

    @property
    def density(self) -> str:
        """Height of rows and controls."""
        return str(self.preferences.get("density", DENSITIES[0]))

    @property
    def folded(self) -> bool:
        """True when the rail shows icons alone."""
        return bool(self.preferences.get("folded"))


def cookie_name(secure: bool) -> str:
    """The session cookie's name; the prefix binds it to this host and https where there is https."""
    return "__Host-dougong" if secure else "dougong"


def digest(token: str) -> str:
    """What the database keeps of a cookie."""
    return hashlib.sha256(token.encode()).hexdigest()


def asked(token: str) -> First:
    """Who the cookie `token` stands for, asked with the revision in force."""
    return First("web.session", _statement, {"token": digest(token)})


def find(unit: Unit, token: str, settings: Settings) -> Session | None:
    """The session that the answer to `asked` tells of; None when there is none or it has ended."""
    row = unit.first
    if (
        row is None
        or row.user_id is None
        or row.expires_at <= unit.now
        or row.seen_at + IDLE <= unit.now
        or not row.active
    ):
        return None
    return Session(
        token=token,
        actor=actor(row, settings),
        must_change=bool(row.must_change),
        stale=row.seen_at + SEEN_EVERY <= unit.now,
        preferences=row.value or {},
    )


def _statement(runtime: Runtime) -> Select[Any]:
    users = runtime.storage.tables["user"]
    column = {name: users.table.c[users.parts[name][0].key] for name in USER_COLUMNS}
    personal = and_(stored_settings.c.owner == cast(sessions.c.user_id, Text), stored_settings.c.name == PREFERENCES)
    return (
        select(
            head.c.revision,
            users.table.c.id.label("user_id"),
            sessions.c.seen_at,
            sessions.c.expires_at,
            credentials.c.must_change,
            stored_settings.c.value,
            *(column[name].label(name) for name in USER_COLUMNS),
        )
        .select_from(head)
        .outerjoin(sessions, sessions.c.token == bindparam("token"))
        .outerjoin(users.table, and_(users.table.c.id == sessions.c.user_id, users.table.c.deleted_at.is_(None)))
        .outerjoin(credentials, credentials.c.user_id == sessions.c.user_id)
        .outerjoin(stored_settings, personal)
    )


USER_COLUMNS = ("name", "login", "kind", "active", "language", "time_zone")


def actor(row: Any, settings: Settings) -> Actor:
    """The actor of a row with `user_id` and the user's columns."""
    language = row.language if row.language in LANGUAGES else settings.default_language
    return Actor(
        user_id=row.user_id,
        name=row.name or row.login,
        login=row.login,
        kind=row.kind or "internal",
        language=language,
        zone=_zone(row.time_zone, settings),
    )


def _zone(name: str | None, settings: Settings) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else settings.default_timezone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return settings.default_timezone


def begin(unit: Unit, user_id: str, agent: str, address: str) -> str:
    """Start a session for a user and return what the cookie shall hold."""
    token = secrets.token_urlsafe(32)
    row = {
        "token": digest(token),
        "user_id": user_id,
        "created_at": unit.now,
        "seen_at": unit.now,
        "expires_at": unit.now + LIFETIME,
        "agent": agent[:200],
        "address": address[:64],
    }
    unit.connection.execute(insert(sessions), row)
    unit.connection.execute(delete(sessions).where(sessions.c.expires_at < unit.now))
    return token


def end(unit: Unit, token: str) -> None:
    """End one session."""
    unit.connection.execute(delete(sessions).where(sessions.c.token == digest(token)))


def end_others(unit: Unit, user_id: str, token: str) -> None:
    """End every session of a user but this one."""
    others = delete(sessions).where(sessions.c.user_id == user_id, sessions.c.token != digest(token))
    unit.connection.execute(others)


def seen(unit: Unit, token: str) -> None:
    """Note that a session is in use."""
    mark = update(sessions).where(sessions.c.token == digest(token)).values(seen_at=unit.now)
    unit.connection.execute(mark)


def listed(unit: Unit, user_id: str) -> list[tuple[str, str, datetime]]:
    """A user's sessions, the latest used first: browser, address, last use."""
    asked = (
        select(sessions.c.agent, sessions.c.address, sessions.c.seen_at)
        .where(sessions.c.user_id == user_id, sessions.c.expires_at > unit.now)
        .order_by(sessions.c.seen_at.desc())
    )
    return [(device(row.agent), row.address, row.seen_at) for row in unit.connection.execute(asked)]


_BROWSERS = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("MicroMessenger", "WeChat"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """What people call the browser that says `agent` of itself: "Chrome · Windows"."""
    named = [next((name for mark, name in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in named if name) or agent[:40]


def prefer(unit: Unit, user_id: str, changes: Mapping[str, Any]) -> None:
    """Keep what a person prefers."""
    where = and_(stored_settings.c.owner == user_id, stored_settings.c.name == PREFERENCES)
    known = unit.connection.execute(select(stored_settings.c.value).where(where)).scalar()
    if known is None:
        row = {"owner": user_id, "name": PREFERENCES, "value": dict(changes)}
        unit.connection.execute(insert(stored_settings), row)
    else:
        unit.connection.execute(update(stored_settings).where(where).values(value={**known, **changes}))
