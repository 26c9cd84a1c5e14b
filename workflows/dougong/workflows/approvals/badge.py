"""How many decisions wait for somebody: a column of the statement by which each page learns who asks."""

from __future__ import annotations

from sqlalchemy import ScalarSelect, func, select

from dougong.engine.sign_in_tables import sessions
from dougong.workflows.approvals.tables import tasks


def waiting() -> ScalarSelect[int]:
    """The count, about the person of a session."""
    mine = (tasks.c.person == sessions.c.user_id) & tasks.c.closed_at.is_(None)
    return select(func.count()).select_from(tasks).where(mine).correlate(sessions).scalar_subquery()
