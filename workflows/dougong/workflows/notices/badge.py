"""How many notices somebody has not read: a column of the statement by which each page learns who asks."""

from __future__ import annotations

from sqlalchemy import ScalarSelect, func, select

from dougong.engine.sign_in_tables import sessions
from dougong.workflows.notices.tables import notices


def unread() -> ScalarSelect[int]:
    """The count, about the person of a session."""
    mine = (notices.c.user_id == sessions.c.user_id) & notices.c.read_at.is_(None)
    return select(func.count()).select_from(notices).where(mine).correlate(sessions).scalar_subquery()
