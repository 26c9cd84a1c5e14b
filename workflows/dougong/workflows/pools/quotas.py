"""How many records somebody may claim yet: what they hold, what they claimed today, what they lost lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from dougong.engine.actor import SYSTEM
from dougong.engine.query import All, Condition, Query
from dougong.engine.unit import Unit
from dougong.metadata.pool import Pool
from dougong.workflows.pools import facts
from dougong.workflows.pools.tables import events

LOST = ("returned", "reclaimed")


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of one person in one pool (None for none), and how much of them is used."""

    hold: int | None
    held: int
    per_day: int | None
    today: int

    @property
    def left(self) -> int | None:
        """How many more may be claimed now; None for as many as there are."""
        parts = [self.hold - self.held] if self.hold is not None else []
        parts += [self.per_day - self.today] if self.per_day is not None else []
        return max(0, min(parts)) if parts else None


def quota(unit: Unit, pool: Pool, person: str) -> Quota:
    """What somebody may claim yet. They hold the live records of the pool's condition that they own."""
    hold, per_day = facts.amount(unit, pool.hold), facts.amount(unit, pool.per_day)
    held = _held(unit.acting(SYSTEM), pool, person) if hold is not None else 0
    return Quota(hold, held, per_day, _today(unit, pool, person) if per_day is not None else 0)


def _held(unit: Unit, pool: Pool, person: str) -> int:
    where = [Condition("owner", "is", person), facts.condition(unit, pool)]
    query = Query(object=pool.object, where=All(tuple(each for each in where if each is not None)))
    return unit.records.count(query).number


def _today(unit: Unit, pool: Pool, person: str) -> int:
    mine = (events.c.person == person, events.c.pool == pool.name, events.c.day == facts.today(unit))
    asked = select(func.count()).select_from(events).where(*mine, events.c.event == "claimed")
    return int(unit.connection.scalar(asked) or 0)


def cooling(unit: Unit, pool: Pool, person: str, ids: Iterable[str]) -> dict[str, date]:
    """Of records that somebody lost or gave back lately, the day on which they may claim each again."""
    length = facts.amount(unit, pool.cool_down)
    if not length:
        return {}
    first = facts.today(unit) - timedelta(days=length)
    lost = (events.c.person == person, events.c.event.in_(LOST), events.c.day > first)
    asked = select(events.c.record_id, func.max(events.c.day)).where(events.c.record_id.in_(list(ids)), *lost)
    rows = unit.connection.execute(asked.group_by(events.c.record_id))
    return {str(id): day + timedelta(days=length) for id, day in rows}
