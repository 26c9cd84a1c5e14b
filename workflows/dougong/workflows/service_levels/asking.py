"""Asking for the job that looks at clocks, for the next moment at which one of them has something to say.

What comes within a day is asked for where it is known; what comes later, by the job of that day. Moments are whole
minutes, and one job does for all clocks of its minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from dougong.engine.jobs import enqueue
from dougong.engine.unit import Unit
from dougong.workflows.service_levels.tables import clocks

TICK = "sla.tick"

AHEAD = timedelta(hours=26)
"""How far ahead jobs are asked for: the daily job comes before that."""

MINUTE = timedelta(minutes=1)


def ask(unit: Unit, moments: Iterable[datetime | None]) -> None:
    """Ask for the earliest of `moments`, in the open transaction."""
    first = min((each for each in moments if each is not None), default=None)
    if first is None or first > unit.now + AHEAD:
        return
    asked = max(first, unit.now)
    at = asked.replace(second=0, microsecond=0)
    at = at if at >= asked else at + MINUTE
    # Who asks in another minute asks for a job of its own: one that is done already would not see what they write.
    enqueue(unit, TICK, {}, key=f"{TICK}:{at.isoformat()}:{unit.now:%d%H%M}", run_at=at)


def ask_for_next(unit: Unit) -> None:
    """Ask for the next moment of all clocks."""
    ask(unit, [unit.connection.scalar(select(func.min(clocks.c.next_at)))])
