"""Background work: one port for both databases.

    enqueue(unit, "rebuild_indexes", {}, key="indexes:7")     in the open transaction
    Worker(company).run(stop)                                 on the other side

A job may run more than once (its worker was killed after the work, before the note). So a job that writes does it in a
unit of its own and looks first whether it was done, and what it sends outside carries `Task.key` or `Task.id`.
"""

from __future__ import annotations

import functools
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dougong.base.failures import Failure, storable
from dougong.base.language import Message, msg
from dougong.base.registry import Registry
from dougong.engine import lanes, outbox
from dougong.engine.actor import SYSTEM
from dougong.engine.outbox import Task

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

_log = structlog.get_logger()


Verdict = Literal["retried", "dropped"]
"""What somebody decides about work that failed."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that workers can do. `run` gets the company and the task; it raises to be tried again.

    What is `daily` the workers ask for themselves, once in each company's day.
    """

    name: str
    run: Callable[[Company, Task], None]
    attempts: int = 5
    daily: bool = False
    decided: Callable[[Unit, Mapping[str, Any], Verdict], None] | None = None
    """What is noted elsewhere when somebody asks for it again or gives it up: the payload, and which of the two."""
    hides: frozenset[str] = frozenset()
    """Keys of the payload that hold contents of records: pages about work do not show them."""
    label: Message | None = None
    """What people call it; its name where nothing is said."""


JOBS: Registry[Job] = Registry("job")
"""Every job by name; rooms and plugins add theirs."""


class NotYet(Exception):
    """Raised by a job that cannot be done before `until`, through no failure: it is tried again then."""

    def __init__(self, until: datetime, aside: bool = False) -> None:
        """Give the task back until then; `aside`, it leaves its lanes for good, so that nothing waits for it."""
        super().__init__(until.isoformat())
        self.until, self.aside = until, aside


def job(
    name: str, attempts: int = 5, daily: bool = False, **more: Any
) -> Callable[[Callable[[Company, Task], None]], Job]:
    """Decorator: register a function as the job `name`, with what else a `Job` says."""
    return lambda run: JOBS.add(Job(name, run, attempts, daily, **more))


def enqueue(
    unit: Unit,
    name: str,
    payload: Mapping[str, Any],
    key: str | None = None,
    run_at: datetime | None = None,
    within: Collection[str] = (),
) -> str | None:
    """Ask for job `name` in the unit's transaction; the task's id, None where `key` was asked for before.

    `payload` holds ids and other small JSON values; the work reads what it needs anew. It is not begun before what
    was asked for earlier in one of the lanes `within` is done, or has failed for good (`dougong.engine.lanes`).

    Raises:
        LookupError: there is no such job.
    """
    wanted = JOBS[name]
    when = run_at or unit.now
    id = outbox.put(unit.connection, wanted.name, payload, key, unit.now, when, within)
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
        with _alive(company, task):
            wanted.run(company, task)
    except NotYet as error:
        until, aside = error.until, error.aside
        company.write(SYSTEM, lambda unit: _postponed(unit, task, until, aside))
        return True
    except Exception as error:  # whatever a job raises is noted with the task, and the worker goes on
        from dougong.engine import causes  # what mail is sent by takes a while

        _log.warning("job failed", job=task.job, task=task.id, attempt=task.attempt, error=str(error))
        said, failure = storable("".join(traceback.format_exception(error))[-4000:]), causes.failure(error)
        company.write(SYSTEM, lambda unit: _failed(unit, task, said, failure, wanted.attempts))
        return True
    company.write(SYSTEM, lambda unit: finish(unit, task))
    return True


def _postponed(unit: Unit, task: Task, until: datetime, aside: bool) -> None:
    outbox.postponed(unit.connection, task, until)
    unit.company.database.announce(unit.connection, task.id, until)
    if aside and task.ordered:
        _their_turn(unit, lanes.leave(unit.connection, task.id))


def _their_turn(unit: Unit, tasks: Iterable[str]) -> None:
    """Tell workers of tasks that have waited for another: what told of them before was in vain."""
    for id in tasks:
        unit.company.database.announce(unit.connection, id, unit.now)


@contextmanager
def _alive(company: Company, task: Task) -> Iterator[None]:
    """Signs of life, as long as the block takes: however long a job runs, nobody else begins it meanwhile."""
    over = threading.Event()
    held = outbox.HELD.set((company, task))

    def renew() -> None:
        while not over.wait(outbox.RENEWED.total_seconds()):
            try:
                company.write(SYSTEM, lambda unit: outbox.renew(unit.connection, task, unit.now))
            except SQLAlchemyError as error:  # the next sign may find better times
                _log.warning("no sign of life", task=task.id, error=str(error))

    signs = threading.Thread(target=renew, name="dougong-signs", daemon=True)
    signs.start()
    try:
        yield
    finally:
        outbox.HELD.reset(held)
        over.set()
        signs.join()


def _failed(unit: Unit, task: Task, said: str, failure: Failure, attempts: int) -> None:
    again = outbox.failed(unit.connection, task, said, unit.now, attempts, failure)
    if again is not None:
        unit.company.database.announce(unit.connection, task.id, again)
    elif task.ordered:
        _their_turn(unit, lanes.give_way(unit.connection, task.id))


def finish(unit: Unit, task: Task) -> bool:
    """Note in the job's own transaction that it is done: its work is then there exactly when the note is.

    For a job whose work is one transaction. False where another worker has the task by now, or did it: then the job
    must do nothing.
    """
    was_ours = outbox.done(unit.connection, task, unit.now)
    if was_ours and task.ordered:
        _their_turn(unit, lanes.leave(unit.connection, task.id))
    return was_ours


def drop(unit: Unit, id: str) -> bool:
    """Give failed or waiting work up, and let go on what stood behind it; False where it is neither."""
    was_there = outbox.drop(unit.connection, id, unit.now)
    if was_there:
        _their_turn(unit, lanes.leave(unit.connection, id))
    return was_there


def run_due(company: Company, limit: int = 100) -> int:
    """Do what is due, here and now; how many tasks that were. What a worker of SQLite does over and over."""
    with company.read(SYSTEM) as unit:
        found = outbox.due(unit.connection, JOBS, datetime.now(UTC), limit)
    return sum(perform(company, id) for id in found)


def ask_daily(company: Company, today: date) -> None:
    """Ask for every job that is done once a day, where it was not asked for today."""
    for each in JOBS.values():
        if each.daily:
            key = f"{each.name}:{today.isoformat()}"
            company.write(SYSTEM, functools.partial(enqueue, name=each.name, payload={}, key=key))


@job("jobs.forget", daily=True, label=msg("Forgetting work that was done long ago"))
def _forget(company: Company, task: Task) -> None:
    """Forget what was done long ago, so many at once."""
    while company.write(SYSTEM, lambda unit: outbox.forget(unit.connection, unit.now)):
        pass
