"""As whom a run acts that acts as a person."""

from __future__ import annotations

from sqlalchemy import select

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import LANGUAGES, msg
from dougong.engine.actor import SYSTEM, Actor, zone_named
from dougong.engine.company import Company
from dougong.engine.entering import entering
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation


def person(company: Company, user_id: str | None, automation: Automation) -> Actor:
    """The person who set an automation off, as who they act now.

    Raises:
        Forbidden: nobody set it off, or they may no longer sign in.
    """
    with company.read(SYSTEM) as unit:
        return acting_person(unit, user_id, f"automation:{automation.name}")


def acting_person(unit: Unit, user_id: str | None, thing: str) -> Actor:
    """A user as who they act in what `thing` does.

    Raises:
        Forbidden: there is no such user who may sign in.
    """
    users = unit.runtime.storage.tables["user"]
    table = users.table
    wanted = select(table.c.name, table.c.login, table.c.kind, table.c.language, table.c.time_zone)
    here = (table.c.id == user_id, table.c.deleted_at.is_(None), entering(users))
    row = unit.connection.execute(wanted.where(*here)).first() if user_id is not None else None
    if row is None:
        reason = msg("Nobody who may sign in set this off, so there is nobody as whom it could act.")
        raise Forbidden(Problem(code="run-person-gone", thing=thing, reason=reason))
    return Actor(
        user_id=user_id,
        name=row.name or row.login,
        login=row.login,
        kind=row.kind or "internal",
        language=row.language if row.language in LANGUAGES else unit.company.language,
        zone=zone_named(row.time_zone, unit.company.zone),
        channel="workflow",
    )
