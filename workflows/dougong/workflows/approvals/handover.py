"""People who leave, or go on leave: what waits for them is given to others by a job, an approval at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from dougong.base.errors import NotFound
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import may_enter
from dougong.engine.jobs import Job, enqueue
from dougong.engine.saving.row import Row
from dougong.workflows.approvals import running
from dougong.workflows.approvals.running import OPEN
from dougong.workflows.approvals.state import Sweep
from dougong.workflows.approvals.tables import tasks

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.outbox import Task
    from dougong.engine.unit import Unit

SWEEP = "approval.sweep"
"""The job: payload `person`, whose open approvals are looked through."""

AWAY = ("absent_from", "absent_until", "delegate")
"""The fields of a user by which they are away."""


def follow(unit: Unit, rows: Sequence[Row]) -> None:
    """Ask for the job where users among `rows` can no longer act, or went on leave."""
    for row in rows:
        left = may_enter(row.before) and (row.doing == "delete" or not may_enter(row.values))
        away = row.doing == "update" and any(row.differs(name) for name in AWAY)
        if left or away:
            ask(unit, row.id, row.values.get("absent_from") if away else None)


def ask(unit: Unit, person: str, since: date | None = None) -> None:
    """Ask for the job that gives to others what waits for somebody: now, or when the day `since` begins."""
    zone = unit.company.zone
    begins = unit.now if since is None else max(unit.now, datetime.combine(since, time(), zone).astimezone(UTC))
    key = f"approval.sweep:{person}:{unit.now.isoformat()}"
    enqueue(unit, SWEEP, {"person": person}, key=key, run_at=begins)


def run(company: Company, task: Task) -> None:
    """Look through what waits for a person, each approval in a transaction of its own."""
    person = str(task.payload["person"])
    with company.read(SYSTEM) as unit:
        waiting = waiting_for(unit, person)
    for id in waiting:
        company.write(SYSTEM, partial(_sweep, id=id))


def waiting_for(unit: Unit, person: str) -> list[str]:
    """The approvals that wait for a person."""
    mine = select(tasks.c.instance).where(tasks.c.person == person, tasks.c.closed_at.is_(None))
    return list(dict.fromkeys(unit.connection.scalars(mine.order_by(tasks.c.id))))


def _sweep(unit: Unit, id: str) -> None:
    from dougong.workflows.approvals import service

    try:
        held = running.find(unit, id, lock=True)
    except NotFound:
        return
    if held.status in OPEN:
        service.carry_out(unit, held, Sweep())


JOBS = (Job(SWEEP, run, label=msg("Handing over what waits for somebody who is away")),)
"""What the workers do for people who leave."""
