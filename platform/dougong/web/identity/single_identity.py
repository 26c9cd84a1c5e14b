"""Who somebody is at a provider of single sign-on."""

from __future__ import annotations

from sqlalchemy import delete, exists, insert, select

from dougong.engine.sign_in_tables import identities
from dougong.engine.unit import Unit
from dougong.web.identity.events import tell


def linked(unit: Unit, user_id: str) -> bool:
    """Whether a user is somebody at a provider."""
    return bool(unit.connection.scalar(select(exists().where(identities.c.user_id == user_id))))


def user_of(unit: Unit, issuer: str, subject: str) -> str | None:
    """The user who is `subject` at `issuer`."""
    this = (identities.c.issuer == issuer) & (identities.c.subject == subject)
    return unit.connection.scalar(select(identities.c.user_id).where(this))


def link(unit: Unit, user_id: str, issuer: str, subject: str) -> None:
    """Note that a user is `subject` at `issuer`."""
    row = {"issuer": issuer, "subject": subject, "user_id": user_id, "linked_at": unit.now}
    unit.connection.execute(insert(identities), row)
    tell(unit, "factor_added", user_id, factor="single_sign_on", issuer=issuer)


def unlink(unit: Unit, user_id: str) -> None:
    """Forget who a user is elsewhere."""
    unit.connection.execute(delete(identities).where(identities.c.user_id == user_id))
    tell(unit, "factor_removed", user_id, factor="single_sign_on")
