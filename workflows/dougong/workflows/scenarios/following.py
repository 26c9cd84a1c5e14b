"""What follows in a test: runs that are set off, and what comes while time passes; all in the test's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from dougong.base.errors import Problem
from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.tables import outbox
from dougong.workflows.approvals import timers
from dougong.workflows.automations import clock, kept
from dougong.workflows.automations.kept import Run
from dougong.workflows.automations.rehearsing import Rehearsal
from dougong.workflows.automations.tables import runs
from dougong.workflows.service_levels import climbing
from dougong.workflows.service_levels.keeping import TOGETHER

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MOST_RUNS = 200
"""Runs that one test may set off: the guard stops circles before."""

WORKFLOW: Actor = replace(SYSTEM, channel="workflow")

Acting = Callable[[Actor], "Unit"]
"""A unit of the test's transaction in which somebody acts at its moment."""


class Following:
    """What one test has led to, and still leads to. Whatever is made from here on has a later id than `begun`."""

    def __init__(self, acting: Acting, people: Mapping[str, Actor]) -> None:
        """`people` of the test by key: automations that run as a person find them there."""
        self.acting, self.people = acting, people
        self.begun = record_id()
        self.carried: set[str] = set()

    def catch_up(self) -> Iterator[Problem]:
        """Carry out every run that was asked for, and those that they set off; what steps failed by."""
        for _ in range(MOST_RUNS):
            run = self._next()
            if run is None:
                return
            self.carried.add(run.id)
            yield from self._carry_out(run)

    def _next(self) -> Run | None:
        asked = select(*kept.COLUMNS).where(runs.c.id > self.begun, runs.c.status == "waiting")
        rows = self.acting(SYSTEM).connection.execute(asked.order_by(runs.c.id))
        return next((found for found in map(kept.read, rows) if found.id not in self.carried), None)

    def _carry_out(self, run: Run) -> Iterator[Problem]:
        automation = self.acting(SYSTEM).runtime.model.workflows.automations.get(run.automation)
        if automation is None:
            return
        actor = WORKFLOW
        if automation.run_as == "person":
            actor = next((each for each in self.people.values() if each.user_id == run.actor_id), WORKFLOW)
        unit = self.acting(actor)
        rehearsal = Rehearsal(unit, automation, run)
        rehearsal.carry_out()
        unit.connection.execute(update(runs).where(runs.c.id == run.id).values(status="done"))
        for step in rehearsal.foreseen:
            yield from step.problems

    def pass_time(self, since: datetime) -> Iterator[Problem]:
        """What came since then, up to the moment at which the test is now: time limits, clocks, dates, schedules."""
        unit = self.acting(SYSTEM)
        self._timers(unit)
        while climbing.some(unit) == TOGETHER:
            pass
        for automation in list(clock.timed(unit.runtime.model)):
            clock.look_within(unit, automation, since)
        yield from self.catch_up()

    def _timers(self, unit: Unit) -> None:
        """The time limits of approvals, each as it comes; one may lead to the next."""
        done: set[str] = set()
        for _ in range(MOST_RUNS):
            its = outbox.c
            due = select(its.id, its.payload).where(
                its.job == timers.TIMEOUT, its.id > self.begun, its.run_at <= unit.now
            )
            rows = unit.connection.execute(due.where(its.state == "ready").order_by(its.run_at, its.id)).all()
            row = next((each for each in rows if each.id not in done), None)
            if row is None:
                return
            done.add(row.id)
            timers.carry_out(unit, row.payload)
