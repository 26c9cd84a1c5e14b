"""The second step of signing in: codes of an authenticator app (TOTP, RFC 6238) and recovery codes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp
import segno
from sqlalchemy import delete, exists, func, insert, select, update

from dougong.base.settings import Settings
from dougong.engine.dialects.statements import upsert
from dougong.engine.sign_in_tables import authenticators, passkeys, recovery_codes
from dougong.engine.unit import Unit
from dougong.web.identity import sealing
from dougong.web.identity.events import tell
from dougong.web.identity.policy import policy_of, role_asks

STEP_SECONDS = 30
LATE_STEPS = 1
"""A code is good for its own half minute, the one before and the one after: clocks differ."""
CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def asked(unit: Unit, user_id: str, settings: Settings) -> bool:
    """Whether somebody who proved their password has a second step to take.

    Who has an authenticator is always asked; who has passkeys alone, where the policy wants two steps of anybody, or
    a role of theirs does.
    """
    if has_authenticator(unit, user_id):
        return True
    wanted = policy_of(unit.runtime.model).second_step != "optional" or role_asks(unit, user_id)
    return wanted and has_passkey(unit, user_id)


def has_authenticator(unit: Unit, user_id: str) -> bool:
    """Whether the user has an authenticator app."""
    return bool(unit.connection.scalar(select(exists().where(authenticators.c.user_id == user_id))))


def has_passkey(unit: Unit, user_id: str) -> bool:
    """Whether the user has a passkey."""
    return bool(unit.connection.scalar(select(exists().where(passkeys.c.user_id == user_id))))


# -- authenticator apps ------------------------------------------------------------------------------------------
def new_secret() -> str:
    """A secret for an authenticator: 160 random bits in base 32."""
    return pyotp.random_base32()


def sealed(settings: Settings, secret: str) -> str:
    """A secret as it is kept."""
    return sealing.seal(settings, secret)


def unsealed(settings: Settings, kept: str) -> str | None:
    """What was sealed; None where the key that did it is gone."""
    return sealing.opened(settings, kept)


def address(secret: str, login: str, site: str) -> str:
    """What the app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=site)


def picture(text: str) -> str:
    """`text` as a QR code: SVG without style or script."""
    return str(segno.make(text, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr"))


def step_of(secret: str, code: str, now: datetime, after: int = -1) -> int | None:
    """The time step that `code` is of, where it is one of now and later than `after`: each is good once."""
    given = "".join(code.split())
    if len(given) != 6 or not given.isascii() or not given.isdecimal():
        return None
    clock, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    near = range(here - LATE_STEPS, here + LATE_STEPS + 1)
    found = [step for step in near if secrets.compare_digest(clock.generate_otp(step), given)]
    return next((step for step in found if step > after), None)


def enrol(unit: Unit, settings: Settings, user_id: str, secret: str, step: int) -> list[str]:
    """Keep an authenticator whose first code was right; new recovery codes, which are shown once."""
    row = {
        "user_id": user_id,
        "secret": sealed(settings, secret),
        "last_step": step,
        "confirmed_at": unit.now,
    }
    statement = upsert(unit.connection.dialect.name, authenticators).values(**row)
    unit.connection.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=row))
    tell(unit, "factor_added", user_id, factor="authenticator")
    return new_codes(unit, user_id)


def remove(unit: Unit, user_id: str) -> None:
    """Forget the authenticator and the recovery codes."""
    for table in (authenticators, recovery_codes):
        unit.connection.execute(delete(table).where(table.c.user_id == user_id))
    tell(unit, "factor_removed", user_id, factor="authenticator")


def accept(unit: Unit, settings: Settings, user_id: str, code: str) -> bool:
    """Take a code of the user's authenticator, or a recovery code; true once for each."""
    row = unit.connection.execute(select(authenticators).where(authenticators.c.user_id == user_id)).first()
    secret = unsealed(settings, row.secret) if row is not None else None
    if row is not None and secret is not None:
        step = step_of(secret, code, unit.now, after=row.last_step)
        if step is not None:
            mine = (authenticators.c.user_id == user_id) & (authenticators.c.last_step < step)
            return unit.connection.execute(update(authenticators).where(mine).values(last_step=step)).rowcount == 1
    return _accept_recovery(unit, user_id, code)


# -- recovery codes ----------------------------------------------------------------------------------------------
def new_codes(unit: Unit, user_id: str) -> list[str]:
    """Ten new codes of 50 bits in place of the old ones."""
    made = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(CODES)]
    unit.connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows: Sequence[dict[str, str]] = [{"user_id": user_id, "code": _digest(user_id, code)} for code in made]
    unit.connection.execute(insert(recovery_codes), rows)
    tell(unit, "factor_added", user_id, factor="recovery_codes")
    return made


def codes_left(unit: Unit, user_id: str) -> int:
    """How many recovery codes are still good."""
    mine = (recovery_codes.c.user_id == user_id) & recovery_codes.c.used_at.is_(None)
    return unit.connection.scalar(select(func.count()).select_from(recovery_codes).where(mine)) or 0


def _accept_recovery(unit: Unit, user_id: str, code: str) -> bool:
    this = (
        (recovery_codes.c.user_id == user_id)
        & (recovery_codes.c.code == _digest(user_id, code))
        & recovery_codes.c.used_at.is_(None)
    )
    used = unit.connection.execute(update(recovery_codes).where(this).values(used_at=unit.now)).rowcount == 1
    if used:
        tell(unit, "recovery_code_used", user_id, left=codes_left(unit, user_id))
    return used


def _digest(user_id: str, code: str) -> str:
    letters = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(f"{user_id}:{letters}".encode()).hexdigest()
