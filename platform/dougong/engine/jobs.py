"""Background work: one port for both databases.

    enqueue(unit, "rebuild_indexes", {}, key="indexes:7")     in the open transaction
    Worker(company).run(stop)                                 on the other side

A job may run more than once (its worker was killed after the work, before the note). So a job that writes does it in a
unit of its own and looks first whether it was done, and what it sends outside carries `Task.key` or `Task.id`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from dougong.base.registry import Registry
from dougong.engine import outbox
from dougong.engine.actor import SYSTEM
from dougong.engine.outbox import Task

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something that workers can do. `run` gets the company and the task; it raises to be tried again."""

    name: str
    run: Callable[[Company, Task], None]
    attempts: int = 5


JOBS: Registry[Job] = Registry("job")
"""Every job by name; rooms and plugins add theirs."""


def job(name: str, attempts: int = 5) -> Callable[[Callable[[Company, Task], None]], Job]:
    """Decorator: register a function as the job `name`."""
    return lambda run: JOBS.add(Job(name, run, attempts))


def enqueue(
    unit: Unit, name: str, payload: Mapping[str, Any], key: str | None = None, run_at: datetime | None = None
) -> str | None:
    """Ask for job `name` in the unit's transaction; the task's id, None where `key` was asked for before.

    `payload` holds ids and other small JSON values; the work reads what it needs anew.

    Raises:
        LookupError: there is no such job.
    """
    wanted = JOBS[name]
    when = run_at or unit.now
    id = outbox.put(unit.connection, wanted.name, payload, key, unit.now, when)
    if id is not None:
        unit.company.database.announce(unit.connection, id, when)
    return id


def perform(company: Company, id: str) -> bool:
    """Claim and do one task; False where there was nothing to claim."""
    task = company.write(SYSTEM, lambda unit: outbox.claim(unit.connection, id, JOBS, unit.now))
    if task is None:
        return False
    wanted = JOBS[task.job]
    try:
        wanted.run(company, task)
    except Exception as error:  # whatever a job raises is noted with the task, and the worker goes on
        _log.warning("job failed", job=task.job, task=task.id, attempt=task.attempt, error=str(error))
        said = "".join(traceback.format_exception(error))[-4000:]
        company.write(SYSTEM, lambda unit: _failed(unit, task, said, wanted.attempts))
        return True
    company.write(SYSTEM, lambda unit: outbox.done(unit.connection, task, unit.now))
    return True


def _failed(unit: Unit, task: Task, said: str, attempts: int) -> None:
    again = outbox.failed(unit.connection, task, said, unit.now, attempts)
    if again is not None:
        unit.company.database.announce(unit.connection, task.id, again)


def run_due(company: Company, limit: int = 100) -> int:
    """Do what is due, here and now; how many tasks that were. What a worker of SQLite does over and over."""
    with company.read(SYSTEM) as unit:
        found = outbox.due(unit.connection, JOBS, datetime.now(UTC), limit)
    return sum(perform(company, id) for id in found)
