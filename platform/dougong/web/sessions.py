"""Who is signed in: server-side sessions behind a random cookie, and what a person prefers.

The cookie holds 32 random bytes; the database holds their SHA-256, so that a copy of it opens no door.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, Text, and_, bindparam, cast, delete, exists, func, insert, or_, select, update

from dougong.base.hooks import Hooks
from dougong.base.ids import record_id
from dougong.base.language import LANGUAGES
from dougong.base.settings import Settings
from dougong.engine.actor import Actor, zone_named
from dougong.engine.columns import Instant
from dougong.engine.entering import entering
from dougong.engine.first import First
from dougong.engine.runtime import Runtime
from dougong.engine.sign_in_tables import authenticators, credentials, passkeys, sessions
from dougong.engine.tables import head, people
from dougong.engine.tables import settings as stored_settings
from dougong.engine.unit import Unit
from dougong.web.credentials import aged
from dougong.web.identity.policy import Policy, policy_of, role_asks

Method = Literal["password", "password_and_code", "password_and_passkey", "passkey", "single_sign_on"]
"""How a session began."""

SEEN_EVERY = timedelta(minutes=10)
"""How stale `seen_at` may grow before it is written again: a write per page would be a write too many."""

PREFERENCES = "pages"
"""The name under which a person's preferences stand in `dg_setting`."""

BADGE = "badge_"
"""What the columns of plugins begin with."""

THEMES = ("system", "light", "dark")
DENSITIES = ("ordinary", "compact", "comfortable")

LAST_SIGN_IN = "last_sign_in_at"
"""The field of a user that says when they signed in last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in person. `token` is what their cookie holds.

    `must_change`: they choose a password before anything else; `lacks_second_step`: they set up a second step.
    `proved_at` is when they last proved who they are. `viewing` is as whom they ask to look on; `own` is who they are
    themselves while they do, with `actor` the other one (see `dougong.web.viewing`).
    """

    token: str
    actor: Actor
    must_change: bool
    lacks_second_step: bool
    proved_at: datetime
    stale: bool
    preferences: Mapping[str, Any]
    viewing: Actor | None = None
    own: Actor | None = None
    lapsed: Actor | None = None
    """As whom they looked on until this request, where that is no longer allowed."""
    badges: Mapping[str, int] = field(default_factory=dict)
    """What plugins count for them, by name (see the hook `badges`)."""

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


def asked(token: str, hooks: Hooks) -> First:
    """Who the cookie `token` stands for, and what plugins want to know of them, with the revision in force."""
    return First(("web.session", hooks), functools.partial(_statement, hooks), {"token": digest(token)})


def find(unit: Unit, token: str, settings: Settings) -> Session | None:
    """The session that the answer to `asked` tells of; None when there is none or it has ended."""
    row, policy = unit.first, policy_of(unit.runtime.model)
    if row is None or row.user_id is None or not row.active or _ended(row, unit.now, policy):
        return None
    acting, viewing = actor(row, settings), _viewed(row, settings)
    by_password = row.method.startswith("password")
    return Session(
        token=token,
        actor=acting,
        must_change=by_password and (bool(row.must_change) or aged(row.changed_at, unit.now, policy)),
        lacks_second_step=row.method != "single_sign_on" and not row.second_step and asks_second_step(unit, acting),
        proved_at=row.proved_at or row.created_at,
        stale=row.seen_at + SEEN_EVERY <= unit.now,
        preferences=row.value or {},
        viewing=viewing if row.viewed_active else None,
        lapsed=None if row.viewed_active else viewing,
        badges={name[len(BADGE) :]: value or 0 for name, value in row._asdict().items() if name.startswith(BADGE)},
    )


def _viewed(row: Any, settings: Settings) -> Actor | None:
    """As whom the session looks on; None for nobody."""
    if row.viewed_id is None:
        return None
    return Actor(
        user_id=row.viewed_id,
        name=row.viewed_name or row.viewed_login,
        login=row.viewed_login,
        kind=row.viewed_kind or "internal",
        language=row.language if row.language in LANGUAGES else settings.default_language,
        zone=zone_named(row.viewed_time_zone, settings.default_timezone),
    )


def _ended(row: Any, now: datetime, policy: Policy) -> bool:
    """Whether the time of a session is over, by the policy of today whenever it began."""
    return bool(row.expires_at <= now or row.seen_at + policy.idle <= now or row.created_at + policy.lifetime <= now)


MANAGING = ("manage_users", "design", "publish", "view_audit")
"""The rights whose holders are asked for a second step where the policy says "managers"."""


def asks_second_step(unit: Unit, actor: Actor) -> bool:
    """Whether the policy, or a role of theirs, asks a second step of `actor`."""
    asked = policy_of(unit.runtime.model).second_step
    if asked != "all" and role_asks(unit, actor.user_id or ""):
        return True
    if asked == "managers":
        access = unit.acting(actor).access
        return any(access.has(right) for right in MANAGING)
    return asked == "all"


def _statement(hooks: Hooks, runtime: Runtime) -> Select[Any]:
    users = runtime.storage.tables["user"]
    viewed = users.table.alias("viewed")
    keys = {name: users.parts[name][0].key for name in USER_COLUMNS}
    column = {name: users.table.c[key] for name, key in keys.items()}
    personal = and_(stored_settings.c.owner == cast(sessions.c.user_id, Text), stored_settings.c.name == PREFERENCES)
    second_step = or_(
        exists().where(authenticators.c.user_id == sessions.c.user_id),
        exists().where(passkeys.c.user_id == sessions.c.user_id),
    )
    return (
        select(
            head.c.revision,
            people.c.version.label("people"),
            users.table.c.id.label("user_id"),
            sessions.c.seen_at,
            sessions.c.created_at,
            sessions.c.expires_at,
            sessions.c.proved_at,
            sessions.c.method,
            credentials.c.must_change,
            credentials.c.changed_at,
            second_step.label("second_step"),
            stored_settings.c.value,
            *(column[name].label(name) for name in USER_COLUMNS),
            entering(users).label("active"),
            viewed.c.id.label("viewed_id"),
            and_(entering(users, viewed), viewed.c.deleted_at.is_(None)).label("viewed_active"),
            *(viewed.c[keys[name]].label(f"viewed_{name}") for name in USER_COLUMNS),
            *(each.label(f"{BADGE}{name}") for some in hooks.badges(runtime=runtime) for name, each in some.items()),
        )
        .select_from(head)
        .join(people, people.c.id == head.c.id)
        .outerjoin(sessions, sessions.c.token == bindparam("token"))
        .outerjoin(users.table, and_(users.table.c.id == sessions.c.user_id, users.table.c.deleted_at.is_(None)))
        .outerjoin(credentials, credentials.c.user_id == sessions.c.user_id)
        .outerjoin(stored_settings, personal)
        .outerjoin(viewed, viewed.c.id == sessions.c.viewing)
    )


USER_COLUMNS = ("name", "login", "kind", "language", "time_zone")


def actor(row: Any, settings: Settings) -> Actor:
    """The actor of a row with `user_id` and the user's columns."""
    language = row.language if row.language in LANGUAGES else settings.default_language
    return Actor(
        user_id=row.user_id,
        name=row.name or row.login,
        login=row.login,
        kind=row.kind or "internal",
        language=language,
        zone=zone_named(row.time_zone, settings.default_timezone),
    )


def begin(unit: Unit, user_id: str, agent: str, address: str, method: Method = "password") -> str:
    """Start a session for a user and return what the cookie shall hold: always a new one."""
    token = secrets.token_urlsafe(32)
    row = {
        "token": digest(token),
        "id": record_id(),
        "user_id": user_id,
        "method": method,
        "created_at": unit.now,
        "proved_at": unit.now,
        "seen_at": unit.now,
        "expires_at": unit.now + policy_of(unit.runtime.model).lifetime,
        "agent": agent[:200],
        "address": address[:64],
    }
    unit.connection.execute(insert(sessions), row)
    unit.connection.execute(delete(sessions).where(sessions.c.expires_at < unit.now))
    _note_sign_in(unit, user_id)
    return token


def _note_sign_in(unit: Unit, user_id: str) -> None:
    """Keep the moment with the user, for formulas and automations; no change of the record that anybody made.

    A company whose base package is older has no such field yet.
    """
    users = unit.runtime.storage.tables.get("user")
    if users is not None and LAST_SIGN_IN in users.parts:
        (column,) = users.parts[LAST_SIGN_IN]
        unit.connection.execute(update(users.table).where(users.table.c.id == user_id).values({column: unit.now}))


def end(unit: Unit, token: str) -> None:
    """End one session."""
    unit.connection.execute(delete(sessions).where(sessions.c.token == digest(token)))


def end_one(unit: Unit, user_id: str, session_id: str) -> bool:
    """End a session of a user by the id under which it is listed; False where they have none of it."""
    this = delete(sessions).where(sessions.c.user_id == user_id, sessions.c.id == session_id)
    return unit.connection.execute(this).rowcount > 0


def end_all(unit: Unit, user_id: str, but: str = "") -> int:
    """End every session of a user, `but` that of the cookie with this text; how many that were."""
    ending = delete(sessions).where(sessions.c.user_id == user_id, sessions.c.token != digest(but))
    return unit.connection.execute(ending).rowcount


def view(unit: Unit, token: str, user_id: str | None) -> None:
    """Let a session look on as another user from now on; as nobody else where `user_id` is None."""
    mark = update(sessions).where(sessions.c.token == digest(token)).values(viewing=user_id)
    unit.connection.execute(mark)


def seen(unit: Unit, token: str) -> None:
    """Note that a session is in use."""
    mark = update(sessions).where(sessions.c.token == digest(token)).values(seen_at=unit.now)
    unit.connection.execute(mark)


def proved(unit: Unit, token: str) -> None:
    """Note that a session's person has proved anew who they are."""
    mark = update(sessions).where(sessions.c.token == digest(token)).values(proved_at=unit.now)
    unit.connection.execute(mark)


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as its owner sees it."""

    id: str
    device: str
    address: str
    method: str
    began_at: datetime
    seen_at: datetime
    here: bool


def listed(unit: Unit, user_id: str, here: str = "") -> list[Listed]:
    """A user's sessions, the latest used first; that of the cookie `here` says so."""
    policy = policy_of(unit.runtime.model)
    asked = select(sessions).where(sessions.c.user_id == user_id).order_by(sessions.c.seen_at.desc())
    return [
        Listed(
            row.id or "", device(row.agent), row.address, row.method, row.created_at, row.seen_at,
            bool(here) and row.token == digest(here),
        )
        for row in unit.connection.execute(asked)
        if not _ended(row, unit.now, policy)
    ]  # fmt: skip


def last_seen(unit: Unit, user_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of these users was last at work; who is signed in nowhere is left out."""
    latest = func.max(sessions.c.seen_at, type_=Instant())
    asked = select(sessions.c.user_id, latest).where(sessions.c.user_id.in_(user_ids)).group_by(sessions.c.user_id)
    return {row[0]: row[1] for row in unit.connection.execute(asked)}


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
