"""Passwords: Argon2id hashes, what makes one good enough, one-time passwords."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import zxcvbn
from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, or_, select, update
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from dougong.base.errors import Place, Problem, Rejected
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import entering
from dougong.engine.sign_in_tables import credentials, former_passwords
from dougong.engine.unit import Unit
from dougong.web.identity.events import tell
from dougong.web.identity.policy import Policy, policy_of

LONGEST = 200
GUESSABLE = 8
"""Passwords that a good guesser finds within ten to the power of this many tries are refused."""
LOOKED_AT = 72
"""Characters from the front that the estimate of guesses looks at: its time grows with the square of them."""
COMMON = frozenset(FREQUENCY_LISTS["passwords"])
ORDINARY = Policy()
"""What is asked where the metadata say nothing."""
_WORDS = "abcdefghjkmnpqrstuvwxyz23456789"

PARAMETERS = profiles.RFC_9106_LOW_MEMORY
"""Argon2id with 64 MB, three passes, four lanes: RFC 9106's second recommended option. A hash made with other
parameters is made anew when its owner signs in."""

_hasher = PasswordHasher.from_parameters(PARAMETERS)


@functools.cache
def _nobody() -> str:
    """A hash that is checked for an unknown name, so that the answer takes as long as for a known one."""
    return _hasher.hash(secrets.token_hex(8))


@dataclass(frozen=True, slots=True)
class Account:
    """What sign-in needs of a user; `hash` is None for somebody without a password."""

    user_id: str
    hash: str | None
    active: bool


def one_time_password() -> str:
    """A new password of twelve characters in groups, about 60 bits, to be changed at first use."""
    return "-".join("".join(secrets.choice(_WORDS) for _ in range(4)) for _ in range(3))


def account(unit: Unit, login: str) -> Account | None:
    """The user who signs in as `login` (their login name, e-mail address or mobile), where exactly one does."""
    users = unit.runtime.storage.tables["user"]
    columns = {name: users.table.c[users.parts[name][0].key] for name in ("login", "email", "mobile")}
    asked = (
        select(users.table.c.id, entering(users).label("active"), credentials.c.hash)
        .outerjoin(credentials, credentials.c.user_id == users.table.c.id)
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
    found = unit.connection.execute(asked).all() if login else []
    return Account(found[0].id, found[0].hash, bool(found[0].active)) if len(found) == 1 else None


def fits(known: Account | None, password: str) -> bool:
    """Whether `password` is the account's. Takes the same time when there is no account, or none with a password."""
    hash = known.hash if known else None
    right = _verified(hash or _nobody(), password)
    return right and known is not None and hash is not None and known.active


def _verified(hash: str, password: str) -> bool:
    try:
        return _hasher.verify(hash, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def renewed(known: Account, password: str) -> str | None:
    """A hash in place of one whose parameters are no longer ours; None where they are."""
    stale = known.hash is not None and _hasher.check_needs_rehash(known.hash)
    return _hasher.hash(password) if stale else None


def keep_renewed(unit: Unit, user_id: str, hash: str) -> None:
    """Keep what `renewed` made."""
    unit.connection.execute(update(credentials).where(credentials.c.user_id == user_id).values(hash=hash))


def set_password(unit: Unit, user_id: str, password: str, must_change: bool = False) -> None:
    """Give a user a password; one that `must_change` is made by us and not held to the policy.

    Raises:
        Rejected: the policy refuses it.
    """
    hash = _hasher.hash(password) if must_change else new_hash(unit, user_id, password)
    keep(unit, user_id, hash, must_change)


def new_hash(unit: Unit, user_id: str, password: str) -> str:
    """The hash of a new password that the policy allows. It takes long: pages make it before they begin to write.

    Raises:
        Rejected: the policy refuses it.
    """
    policy = policy_of(unit.runtime.model)
    problem = weakness(password, policy, _words_about(unit, user_id)) or _used_before(unit, user_id, password, policy)
    if problem:
        raise Rejected(problem)
    return _hasher.hash(password)


def keep(unit: Unit, user_id: str, hash: str, must_change: bool = False) -> None:
    """Keep the hash of a user's new password, and the one that it follows among the former ones."""
    old = unit.connection.execute(select(credentials.c.hash).where(credentials.c.user_id == user_id)).scalar()
    if old is not None:
        _remember(unit, user_id, old, policy_of(unit.runtime.model))
    row = {
        "user_id": user_id,
        "hash": hash,
        "must_change": must_change,
        "failures": 0,
        "locked_until": None,
        "changed_at": unit.now,
    }
    unit.connection.execute(delete(credentials).where(credentials.c.user_id == user_id))
    unit.connection.execute(insert(credentials), row)
    tell(unit, "password_changed", user_id, one_time=must_change)


def weakness(password: str, policy: Policy = ORDINARY, about: Iterable[str] = ()) -> Problem | None:
    """What is wrong with a password of somebody who is known by the words `about` them, if anything."""
    if len(password) < policy.password_length:
        return _weak("password-short", msg("A password has at least {count} characters.", count=policy.password_length))
    if len(password) > LONGEST:
        return _weak("password-long", msg("A password has at most {count} characters.", count=LONGEST))
    several = msg("Use several words.")
    if len(set(password)) < 5:
        return _weak("password-simple", msg("This password repeats a few characters."), several)
    lowered = password.lower()
    if lowered in COMMON:
        return _weak("password-common", msg("This is one of the passwords that are tried first."), several)
    words = sorted({word.lower() for word in about if len(word) > 2})
    if any(word in lowered and 2 * len(word) >= len(lowered) for word in words):
        return _weak("password-personal", msg("This password is made of your name or login."), several)
    if zxcvbn.zxcvbn(password[:LOOKED_AT], user_inputs=list(words))["guesses_log10"] < GUESSABLE:
        return _weak("password-guessable", msg("This password is easy to guess."), several)
    return None


def _weak(code: str, reason: Message, fix: Message | None = None) -> Problem:
    return Problem(code=code, reason=reason, fix=fix, place=Place(field="new"))


def _words_about(unit: Unit, user_id: str) -> list[str]:
    """What others know of a user: the parts of their login, name (in pinyin too), e-mail and mobile."""
    import pypinyin  # its dictionaries take a fifth of a second to load, which no command should wait for

    values = unit.records.get("user", user_id).values if unit.actor.is_system else _as_system(unit, user_id)
    name = str(values.get("name") or "")
    spelt = pypinyin.lazy_pinyin(name)
    texts = [name, "".join(spelt), "".join(spelt[1:] + spelt[:1])]
    texts += [str(values.get(key) or "").partition("@")[0].removeprefix("+86") for key in ("login", "email", "mobile")]
    return [part for text in texts for part in {text, *text.split()}]


def _as_system(unit: Unit, user_id: str) -> Any:
    return Unit(unit.company, unit.connection, unit.runtime, SYSTEM, unit.now).records.get("user", user_id).values


def _used_before(unit: Unit, user_id: str, password: str, policy: Policy) -> Problem | None:
    former = (
        select(former_passwords.c.hash)
        .where(former_passwords.c.user_id == user_id)
        .order_by(former_passwords.c.until.desc())
        .limit(policy.password_history)
    )
    if any(_verified(hash, password) for hash in unit.connection.execute(former).scalars()):
        return _weak("password-former", msg("You had this password before."), msg("Choose one that is new to you."))
    return None


def _remember(unit: Unit, user_id: str, hash: str, policy: Policy) -> None:
    """Keep the hash of a password that goes, and as many before it as the policy looks back."""
    this = former_passwords.c.user_id == user_id
    kept = (
        select(former_passwords.c.until)
        .where(this)
        .order_by(former_passwords.c.until.desc())
        .limit(max(policy.password_history - 1, 0))
    )
    known = unit.connection.execute(kept).scalars().all()
    unit.connection.execute(delete(former_passwords).where(this, former_passwords.c.until.not_in(known)))
    if policy.password_history:
        row = {"user_id": user_id, "until": unit.now, "hash": hash}
        unit.connection.execute(insert(former_passwords), row)


def holds(unit: Unit, user_id: str, password: str) -> bool:
    """Whether `password` is the user's present one."""
    stored = unit.connection.execute(select(credentials.c.hash).where(credentials.c.user_id == user_id)).scalar()
    return _verified(stored or _nobody(), password) and stored is not None


def has_password(unit: Unit, user_id: str) -> bool:
    """Whether the user can sign in with one at all."""
    asked = select(credentials.c.user_id).where(credentials.c.user_id == user_id)
    return unit.connection.execute(asked).first() is not None


def aged(changed_at: Any, now: Any, policy: Policy) -> bool:
    """Whether a password set at `changed_at` has to be changed by now."""
    return (
        bool(policy.password_days)
        and changed_at is not None
        and (changed_at + timedelta(days=policy.password_days) <= now)
    )
