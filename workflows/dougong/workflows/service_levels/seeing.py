"""How the clocks of records stand, as people see it: at a record, and those of many that are due soonest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, false, or_, select

from dougong.engine.query import Condition, Query
from dougong.engine.reading.listing import LARGEST_PAGE
from dougong.engine.reading.people import people
from dougong.engine.saving.plan import plan_of
from dougong.engine.unit import Unit
from dougong.metadata.service_level import Clock, Rung, ServiceLevel
from dougong.workflows.service_levels.facts import OWNER, Asked, levels_of
from dougong.workflows.service_levels.judging import Standing, moments
from dougong.workflows.service_levels.keeping import COLUMNS, read
from dougong.workflows.service_levels.tables import clocks

Whose = Literal["mine", "team", "all"]
"""Of whom: records that the actor owns, those of the actor and everybody who reports to them, all that they see."""

LATEST = 50
"""Clocks of one record that are looked at for the latest of each."""

LOOKED_THROUGH = 1000
"""Open clocks that are looked through for those of records that somebody sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One clock of a record: how it stands, and the rung that comes next with its moment (None while it is paused)."""

    id: str
    object: str
    record: str
    level: ServiceLevel
    clock: Clock
    standing: Standing
    rung: Rung | None = None
    rung_at: datetime | None = None


def of_record(unit: Unit, object_name: str, id: str) -> tuple[Shown, ...]:
    """The clocks of a record as they stand, or ended last, in the order of the documents; a few statements."""
    levels = levels_of(unit.runtime).get(object_name, ())
    if not levels:
        return ()
    its = clocks.c
    asked = select(its.id, its.sla, its.clock, *COLUMNS).where(its.record_id == id)
    rows = unit.connection.execute(asked.order_by(its.id.desc()).limit(LATEST)).all()
    latest: dict[tuple[str, str], Any] = {}
    for row in rows:
        latest.setdefault((row[1], row[2]), row)
    if not latest:
        return ()
    known = Asked(unit, object_name, [id], levels)
    there = [(level, clock) for level in levels for clock in level.clocks if (level.name, clock.key) in latest]
    return tuple(
        _shown(known, level, clock, id, str(row[0]), read(row[3:]))
        for level, clock in there
        for row in (latest[level.name, clock.key],)
    )


def _shown(known: Asked, level: ServiceLevel, clock: Clock, record: str, id: str, standing: Standing) -> Shown:
    rung, at = None, None
    if standing.ended_at is None:
        coming = [(when, each) for each, when in moments(clock, known.counted(clock, record), standing) if when]
        at, rung = min(coming, key=lambda one: one[0], default=(None, None))
    return Shown(
        id=id, object=level.object, record=record, level=level, clock=clock, standing=standing, rung=rung, rung_at=at
    )


def soonest(unit: Unit, whose: Whose = "all", limit: int = 100) -> list[Shown]:
    """Open clocks with a moment that they are due at, of records that the actor sees: what is missed longest first.

    Of all that the actor sees the first `LOOKED_THROUGH` are looked through, of their own or their team's those of
    their records; a few statements for each object that has clocks.
    """
    its = clocks.c
    asked = select(its.id, its.sla, its.clock, its.object, its.record_id, *COLUMNS)
    asked = asked.where(its.ended_at.is_(None), its.due_at.is_not(None))
    if whose != "all":
        asked = asked.where(_owned(unit, people(unit, "$me" if whose == "mine" else "$my_team")))
    rows = unit.connection.execute(asked.order_by(its.due_at, its.id).limit(LOOKED_THROUGH)).all()
    found: list[Shown] = []
    for name in dict.fromkeys(str(row[3]) for row in rows):
        own = [row for row in rows if row[3] == name]
        seen = _seen(unit, name, [str(row[4]) for row in own])
        found.extend(_of_object(unit, name, [row for row in own if str(row[4]) in seen]))
    return sorted(found, key=lambda each: (each.standing.due_at or each.standing.began_at, each.id))[:limit]


def _owned(unit: Unit, owners: Sequence[str]) -> ColumnElement[bool]:
    """Clocks of records that some people own."""
    parts: list[ColumnElement[bool]] = []
    for name in levels_of(unit.runtime):
        plan = plan_of(unit.runtime, name)
        if OWNER in plan.slots:
            owner = plan.table.c[plan.slots[OWNER].keys[0]]
            parts.append(clocks.c.record_id.in_(select(plan.table.c.id).where(owner.in_(owners))))
    return or_(false(), *parts)


def _of_object(unit: Unit, object_name: str, rows: Sequence[Any]) -> Iterator[Shown]:
    levels = levels_of(unit.runtime).get(object_name, ())
    there = {(level.name, clock.key): (level, clock) for level in levels for clock in level.clocks}
    known = Asked(unit, object_name, [str(row[4]) for row in rows], levels) if rows else None
    for row in rows:
        if known is not None and (row[1], row[2]) in there:
            level, clock = there[row[1], row[2]]
            yield _shown(known, level, clock, str(row[4]), str(row[0]), read(row[5:]))


def _seen(unit: Unit, object_name: str, ids: Sequence[str]) -> set[str]:
    """Those of the records that the actor sees."""
    obj = unit.runtime.model.objects.get(object_name)
    if obj is None or not unit.access.may("read", obj):
        return set()
    found: set[str] = set()
    for start in range(0, len(ids), LARGEST_PAGE):
        some = tuple(dict.fromkeys(ids[start : start + LARGEST_PAGE]))
        query = Query(object=object_name, columns=(), where=Condition("id", "in", some), limit=LARGEST_PAGE)
        found |= {row.id for row in unit.records.query(query).rows}
    return found
