"""The moments of clocks: rungs that come are climbed once, each as a run of its automation; targets are missed.

One transaction notes that a rung is climbed and asks for its run, so neither is there without the other. What a
downtime left out is made up for, each rung in its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import select

from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import Job
from dougong.engine.outbox import Task
from dougong.engine.unit import Unit
from dougong.metadata.service_level import Clock, Rung, ServiceLevel
from dougong.workflows.automations import clock as automations
from dougong.workflows.automations import starting
from dougong.workflows.automations.starting import Cause
from dougong.workflows.service_levels import asking
from dougong.workflows.service_levels.facts import Asked
from dougong.workflows.service_levels.judging import Standing, climbed
from dougong.workflows.service_levels.keeping import COLUMNS, TOGETHER, keep, read
from dougong.workflows.service_levels.tables import clocks

DAY = "sla.day"


def tick(company: Company, task: Task) -> None:
    """The job: do what has come by now, then ask for the next moment; done twice it does nothing twice."""
    while company.write(SYSTEM, some) == TOGETHER:
        pass
    company.write(SYSTEM, asking.ask_for_next)


def _plan(company: Company, task: Task) -> None:
    """The daily job: ask for what comes until the next day."""
    company.write(SYSTEM, asking.ask_for_next)


def some(unit: Unit) -> int:
    """Look at the next clocks whose moments have come; how many there were."""
    its = clocks.c
    due = select(its.id, its.object, its.sla, its.clock, its.record_id, *COLUMNS).where(its.next_at <= unit.now)
    due = due.order_by(its.next_at, its.id).limit(TOGETHER).with_for_update(skip_locked=True)
    rows = sorted(unit.connection.execute(due).all(), key=lambda row: (row[1], row[2], row[3]))
    for (_, name, key), group in groupby(rows, key=lambda row: (row[1], row[2], row[3])):
        level = unit.runtime.model.workflows.service_levels.get(name)
        clock = next((each for each in level.clocks if each.key == key), None) if level is not None else None
        found = [(str(row[0]), str(row[4]), read(row[5:])) for row in group]
        if level is None or clock is None:
            keep(
                unit, [(id, replace(each, next_at=None)) for id, _, each in found]
            )  # it left the metadata, and will be ended
        else:
            _climb(unit, level, clock, found)
    return len(rows)


def _climb(unit: Unit, level: ServiceLevel, clock: Clock, found: Sequence[tuple[str, str, Standing]]) -> None:
    records = [record for _, record, _ in found]
    asked = Asked(unit, level.object, records, (level,))
    changed: list[tuple[str, Standing]] = []
    come: dict[str, tuple[Rung, list[str]]] = {}
    for id, record, old in found:
        new, rungs = climbed(clock, asked.counted(clock, record), old, unit.now)
        changed.append((id, new))
        for each in rungs:
            come.setdefault(each.key, (each, []))[1].append(record)
    keep(unit, changed)
    for rung in clock.ladder:
        if rung.key in come:
            _start(unit, rung, come[rung.key][1])


def _start(unit: Unit, rung: Rung, records: Sequence[str]) -> None:
    """Ask for the runs of a rung, for the records that it is for."""
    automation = rung.automation
    if not automations.is_on(unit, automation):
        return
    trigger: dict[str, Any] = {"event": "sla", "on": unit.now.astimezone(unit.company.zone).date().isoformat()}
    meant = automations.meant_of(unit, automation, records, trigger)
    starting.start(unit, automation, meant, Cause(event="sla", trigger=trigger, actor_id=None))


JOBS = (
    Job(DAY, _plan, daily=True, label=msg("Service levels of the day")),
    Job(asking.TICK, tick, attempts=1000, label=msg("Moments of service levels")),
)
"""What the workers do for clocks."""
