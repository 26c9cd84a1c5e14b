"""People who are switched off or frozen are out at once: their sessions end in the transaction that does it.

A session of theirs opens nothing anyhow; ending it keeps it shut when they may come in again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete

from dougong.engine.audit import Event, record
from dougong.engine.entering import USER, may_enter
from dougong.engine.saving.row import Row
from dougong.engine.sign_in_tables import challenges, sessions
from dougong.engine.unit import Unit


def follow(unit: Unit, rows: Iterable[Row]) -> None:
    """End the sessions of users among `rows` who may not come in any more, and what they had begun."""
    left = [row.id for row in rows if row.plan.name == USER and may_enter(row.before) and _gone(row)]
    if not left:
        return
    for table in (sessions, challenges):
        unit.connection.execute(delete(table).where(table.c.user_id.in_(left)))
    for user_id in left:
        record(unit, Event("session_ended", target=f"user:{user_id}", data={"all": True}))


def _gone(row: Row) -> bool:
    return row.doing == "delete" or not may_enter(row.values)
