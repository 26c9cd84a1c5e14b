"""Jobs: asked for in a transaction, done after it, at least once; the same contract on both databases."""

from __future__ import annotations

import contextvars
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from dougong.engine import jobs, outbox, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.jobs import JOBS, Job, NotYet
from dougong.engine.outbox import Task
from dougong.engine.unit import Unit
from dougong.engine.workers import Worker

SEEN: list[tuple[str | None, int]] = []
RAN = threading.Event()


def _note(company: Company, task: Task) -> None:
    SEEN.append((task.key, task.attempt))
    RAN.set()


def _not_yet(company: Company, task: Task) -> None:
    SEEN.append((task.key, task.tried))
    if task.attempt < 5:
        raise NotYet(datetime.now(UTC) + timedelta(minutes=1))


def _fail(company: Company, task: Task) -> None:
    SEEN.append((task.key, task.attempt))
    raise RuntimeError("the printer is on fire")


JOBS.add(Job("test-note", _note))
JOBS.add(Job("test-fail", _fail, attempts=2))
JOBS.add(Job("test-not-yet", _not_yet, attempts=2))


@pytest.fixture
def companies(database_url: str) -> Iterator[Companies]:
    """Companies over an empty database of each kind."""
    SEEN.clear()
    RAN.clear()
    found = Companies(PlainSettings(database_url=make_url(database_url)))
    yield found
    found.close()


def _ask(company: Company, job: str, key: str | None = None) -> str | None:
    return company.write(SYSTEM, lambda unit: jobs.enqueue(unit, job, {"n": 1}, key))


def _row(company: Company) -> tuple[str, int, str | None]:
    columns = tables.outbox.c
    with company.read(SYSTEM) as unit:
        ours = columns.job.startswith("test-")
        return tuple(unit.connection.execute(select(columns.state, columns.attempts, columns.error).where(ours)).one())


def _age(company: Company, by: timedelta) -> None:
    """Pretend that everything in the outbox happened so much earlier."""

    def work(unit: Unit) -> None:
        columns = tables.outbox.c
        for id, run_at, claimed_at, done_at in unit.connection.execute(
            select(columns.id, columns.run_at, columns.claimed_at, columns.done_at)
        ).all():
            unit.connection.execute(
                update(tables.outbox)
                .where(columns.id == id)
                .values(run_at=run_at - by, claimed_at=claimed_at and claimed_at - by, done_at=done_at and done_at - by)
            )

    company.write(SYSTEM, work)


def test_worker_does_what_was_committed(companies: Companies) -> None:
    """A worker takes up a task soon after its transaction, once."""
    company = companies.open()
    worker = Worker(companies).start()
    try:
        _ask(company, "test-note", "a")
        assert RAN.wait(10)
        until = time.monotonic() + 5
        while _row(company)[0] != "done" and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        worker.stop()
    assert _row(company) == ("done", 1, None)
    assert SEEN == [("a", 1)]


def test_rollback_takes_the_task_along(companies: Companies) -> None:
    """A transaction that fails asks for nothing."""
    company = companies.open()

    def work(unit: Unit) -> None:
        jobs.enqueue(unit, "test-note", {})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        company.write(SYSTEM, work)
    assert jobs.run_due(company) == 0


def test_same_key_is_asked_for_once(companies: Companies) -> None:
    """The second request under one key is no new task."""
    company = companies.open()
    assert _ask(company, "test-note", "a") is not None
    assert _ask(company, "test-note", "a") is None
    assert (jobs.run_due(company), jobs.run_due(company)) == (1, 0)


def test_failure_is_tried_again_later_and_given_up_at_last(companies: Companies) -> None:
    """The error is kept with the task."""
    company = companies.open()
    _ask(company, "test-fail")
    assert (jobs.run_due(company), jobs.run_due(company)) == (1, 0)
    state, attempts, error = _row(company)
    assert (state, attempts) == ("ready", 1)
    assert "the printer is on fire" in str(error)
    _age(company, timedelta(minutes=5))
    assert (jobs.run_due(company), jobs.run_due(company)) == (1, 0)
    assert _row(company)[:2] == ("failed", 2)


def test_task_of_a_dead_worker_is_taken_over(companies: Companies) -> None:
    """A claim that is older than its lease counts no more, and the dead worker's late note changes nothing."""
    company = companies.open()
    id = _ask(company, "test-note", "a")
    first = company.write(SYSTEM, lambda unit: outbox.claim(unit.connection, str(id), JOBS, unit.now))
    assert first is not None
    assert jobs.run_due(company) == 0
    _age(company, outbox.LEASE)
    assert jobs.run_due(company) == 1
    company.write(SYSTEM, lambda unit: outbox.failed(unit.connection, first, "late", unit.now, 5))
    assert _row(company) == ("done", 2, None)
    assert SEEN == [("a", 2)]


def test_task_of_a_killed_process_is_done_by_the_next(companies: Companies, database_url: str) -> None:
    """``kill -9`` in the middle of a task: it is claimed, nothing is lost, and another worker does it."""
    company = companies.open()
    _ask(company, "test-note", "a")
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.killed_worker", database_url], cwd=Path(__file__).parents[2], timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert _row(company) == ("claimed", 1, None)
    _age(company, outbox.LEASE)
    worker = Worker(companies).start()
    try:
        assert RAN.wait(10)
    finally:
        worker.stop()
    assert SEEN == [("a", 2)]
    assert _row(company) == ("done", 2, None)


def test_two_workers_do_a_task_once(companies: Companies) -> None:
    """Claims exclude one another."""
    company = companies.open()
    ids = [str(_ask(company, "test-note", str(at))) for at in range(20)]
    threads = [threading.Thread(target=lambda: [jobs.perform(company, id) for id in ids]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(at) for at in range(20)) == sorted(str(key) for key, _ in SEEN)


def test_unknown_job_is_refused_when_asked_for(companies: Companies) -> None:
    """The name is checked where the mistake is made."""
    with pytest.raises(LookupError, match="did you mean 'test-note'"):
        _ask(companies.open(), "test-not")


def test_a_task_that_cannot_be_done_yet_has_not_failed(companies: Companies) -> None:
    """However often it is put off, no attempt is counted."""
    company = companies.open()
    _ask(company, "test-not-yet", "a")
    for _ in range(5):
        jobs.run_due(company)
        _age(company, timedelta(minutes=2))
    assert _row(company) == ("done", 5, None)
    assert {tried for _, tried in SEEN} == {1}


def test_what_was_given_up_can_be_asked_for_again(companies: Companies) -> None:
    """It has as many attempts as before, and keeps the error until it is done; what is done is not asked for again."""
    company = companies.open()
    id = str(_ask(company, "test-fail"))
    for _ in range(2):
        jobs.run_due(company)
        _age(company, timedelta(minutes=5))
    again = [company.write(SYSTEM, lambda unit: outbox.ask_again(unit.connection, [id], unit.now)) for _ in range(2)]
    assert again == [1, 0]
    assert _row(company)[:2] == ("ready", 2)
    jobs.run_due(company)
    assert _row(company)[:2] == ("ready", 3)
    assert company.write(SYSTEM, lambda unit: outbox.drop(unit.connection, id, unit.now))
    _age(company, timedelta(days=1))
    assert jobs.run_due(company) == 0
    assert _row(company)[0] == "dropped"


def test_a_long_task_stays_with_its_worker(companies: Companies, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it gives signs of life nobody else may have it."""
    company = companies.open()
    monkeypatch.setattr(outbox, "RENEWED", timedelta(milliseconds=20))
    id = str(_ask(company, "test-note"))
    task = company.write(SYSTEM, lambda unit: outbox.claim(unit.connection, id, JOBS, unit.now))
    assert task is not None
    _age(company, outbox.LEASE)
    with company.read(SYSTEM) as unit:
        before = outbox.due(unit.connection, JOBS, unit.now)
    with jobs._alive(company, task):
        until = time.monotonic() + 10
        free: object = before
        while free and time.monotonic() < until:
            time.sleep(0.02)
            with company.read(SYSTEM) as unit:
                free = outbox.due(unit.connection, JOBS, unit.now)
    assert (list(before), free) == ([id], [])


def test_a_transaction_longer_than_the_lease_is_followed_by_a_sign_of_life(companies: Companies) -> None:
    """Nobody who waited for it finds the task free; and what a worker does that lost its task is undone."""
    company = companies.open()
    id = str(_ask(company, "test-note"))
    task = company.write(SYSTEM, lambda unit: outbox.claim(unit.connection, id, JOBS, unit.now))
    assert task is not None
    _age(company, outbox.LEASE)
    with jobs._alive(company, task):
        company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-note", {}, key="asked"))
        with company.read(SYSTEM) as unit:
            assert id not in outbox.due(unit.connection, JOBS, unit.now)
        later = datetime.now(UTC) + 2 * outbox.LEASE
        unheld = contextvars.Context()
        assert unheld.run(company.write, SYSTEM, lambda unit: outbox.claim(unit.connection, id, JOBS, later))
        with pytest.raises(outbox.Lost):
            company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-note", {}, key="late"))
    assert company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-note", {}, key="asked")) is None
    assert company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-note", {}, key="late")) is not None


def test_what_was_done_long_ago_is_forgotten(companies: Companies) -> None:
    """Failed tasks stay until somebody decides about them."""
    company = companies.open()
    _ask(company, "test-note", "done")
    _ask(company, "test-fail", "failed")
    for _ in range(2):
        jobs.run_due(company)
        _age(company, timedelta(minutes=5))
    _age(company, outbox.KEPT)
    jobs.ask_daily(company, datetime.now(UTC).date())
    jobs.ask_daily(company, datetime.now(UTC).date())
    jobs.run_due(company)
    with company.read(SYSTEM) as unit:
        rows = unit.connection.execute(select(tables.outbox.c.job, tables.outbox.c.state)).all()
    assert sorted(tuple(row) for row in rows if row.job in ("jobs.forget", "test-note", "test-fail")) == [
        ("jobs.forget", "done"),
        ("test-fail", "failed"),
    ]
