"""Lanes: work that must not overtake other work, on both databases, by several workers, after failures and kills."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, func, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url

from dougong.engine import jobs, lanes, outbox, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.jobs import JOBS, Job, NotYet
from dougong.engine.outbox import Task
from dougong.engine.workers import Worker

DONE: list[str] = []
FAILING: dict[str, int] = {}
ASIDE: set[str] = set()
AT_WORK: list[str] = []
TOGETHER: list[str] = []


def _work(company: Company, task: Task) -> None:
    name = str(task.payload["name"])
    if name in ASIDE:
        ASIDE.remove(name)
        raise NotYet(datetime.now(UTC) + timedelta(hours=1), aside=True)
    if FAILING.get(name, 0):
        FAILING[name] -= 1
        raise RuntimeError(name)
    TOGETHER.extend(each for each in AT_WORK if each[0] == name[0])
    AT_WORK.append(name)
    time.sleep(0.002)
    AT_WORK.remove(name)
    DONE.append(name)


JOBS.add(Job("test-lane", _work, attempts=2))


@pytest.fixture
def company(database_url: str) -> Iterator[Company]:
    """An empty company of each kind."""
    for each in (DONE, FAILING, ASIDE, TOGETHER):
        each.clear()
    found = Companies(PlainSettings(database_url=make_url(database_url)))
    yield found.open()
    found.close()


def ask(company: Company, name: str, *within: str) -> str:
    """Ask for work in the lanes `within`; the one of its first letter where none is named."""
    given = {"name": name}
    id = company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-lane", given, within=within or (name[0],)))
    return str(id)


def hurry(company: Company) -> None:
    """Let everything be due that was tried and is to be tried again, or is at work elsewhere."""
    its, past = tables.outbox.c, datetime.now(UTC) - outbox.LEASE - timedelta(seconds=1)

    def write(state: str, **values: datetime) -> None:
        changed = update(tables.outbox).where(its.state == state).values(**values)
        company.write(SYSTEM, lambda unit: unit.connection.execute(changed))

    write("ready", run_at=past)
    write("claimed", claimed_at=past)


def done(company: Company) -> list[str]:
    """What was done since this was asked last, after everything that is due was done."""
    while jobs.run_due(company):
        pass
    found = [*DONE]
    DONE.clear()
    return found


def left(company: Company) -> tuple[int, int]:
    """How many places are taken."""
    with company.read(SYSTEM) as unit:
        counted = (select(func.count()).select_from(each) for each in (tables.lanes, tables.tickets))
        first, second = (int(unit.connection.scalar(each) or 0) for each in counted)
    return first, second


def test_what_is_tried_again_is_not_overtaken(company: Company) -> None:
    """Those behind it wait until it is done; other lanes, and what stands in none, know nothing of it."""
    FAILING["a1"] = 1
    for name in ("a1", "a2", "b1", "a3", "b2"):
        ask(company, name)
    company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "test-lane", {"name": "free"}))
    assert set(done(company)) == {"b1", "b2", "free"}
    with company.read(SYSTEM) as unit:
        tasks = unit.connection.scalars(select(tables.outbox.c.id)).all()
        assert len(lanes.waiting(unit.connection, tasks)) == 2
    hurry(company)
    assert done(company) == ["a1", "a2", "a3"]
    assert left(company) == (0, 0)


def test_a_dead_letter_lets_the_others_go_and_goes_first_when_asked_again(company: Company) -> None:
    """Of those that wait then it is the first; it has as many attempts as before, during which they wait again."""
    FAILING.update(a1=3, a2=1)
    first = ask(company, "a1")
    for name in ("a2", "a3"):
        ask(company, name)
    assert done(company) == []
    hurry(company)
    assert done(company) == []
    assert FAILING == {"a1": 1, "a2": 0}, "the first has failed for good, and the second was tried"
    company.write(SYSTEM, lambda unit: outbox.ask_again(unit.connection, [first], unit.now))
    hurry(company)
    assert done(company) == []
    hurry(company)
    assert done(company) == ["a1", "a2", "a3"]


def test_what_is_given_up_or_steps_aside_lets_the_others_go(company: Company) -> None:
    """What waits by itself is done when its time has come, wherever the others are."""
    FAILING["a1"] = 1
    ASIDE.add("b1")
    first = ask(company, "a1")
    for name in ("a2", "b1", "b2"):
        ask(company, name)
    assert done(company) == ["b2"]
    assert company.write(SYSTEM, lambda unit: jobs.drop(unit, first))
    assert done(company) == ["a2"]
    hurry(company)
    assert done(company) == ["b1"]
    assert left(company) == (0, 0)


def test_in_several_lanes_it_waits_for_each(company: Company) -> None:
    """And what is behind it in any of them waits for it."""
    FAILING.update(a1=1, b1=1)
    ask(company, "a1")
    ask(company, "b1")
    ask(company, "both", "a", "b")
    ask(company, "a2")
    assert done(company) == []
    with company.read(SYSTEM) as unit:
        b1 = unit.connection.scalars(select(tables.outbox.c.id).order_by(tables.outbox.c.created_at)).all()[1]
    company.write(SYSTEM, lambda unit: jobs.drop(unit, b1))
    assert done(company) == []
    hurry(company)
    assert done(company) == ["a1", "both", "a2"]


def test_a_killed_worker_keeps_its_place(company: Company) -> None:
    """What it had begun is another's after the lease, and nobody has gone before it meanwhile."""
    first = ask(company, "a1")
    ask(company, "a2")
    claimed = company.write(SYSTEM, lambda unit: outbox.claim(unit.connection, first, JOBS, unit.now))
    assert claimed is not None and claimed.ordered
    assert done(company) == []
    hurry(company)
    assert done(company) == ["a1", "a2"]


def test_several_workers_keep_the_order(company: Company, database_url: str) -> None:
    """Each lane is worked off in its order and by one at a time, though some of it fails at first."""
    FAILING.update(a2=1, c1=1)
    names = [f"{lane}{number}" for number in range(4) for lane in "abcd"]
    every = [Companies(PlainSettings(database_url=make_url(database_url))) for _ in range(2)]
    workers = [Worker(each).start() for each in every]
    until = time.monotonic() + 30
    over = threading.Event()

    def hurrying() -> None:
        again = update(tables.outbox).where(tables.outbox.c.state == "ready", tables.outbox.c.attempts > 0)
        past = again.values(run_at=datetime.now(UTC))
        while not over.wait(0.05):
            company.write(SYSTEM, lambda unit: unit.connection.execute(past))
            jobs.run_due(company)

    third = threading.Thread(target=hurrying)
    try:
        for name in names:
            ask(company, name)
        third.start()
        while len(DONE) < len(names) and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        over.set()
        third.join()
        for worker in workers:
            worker.stop()
        for each in every:
            each.close()
    assert sorted(DONE) == sorted(names)
    assert {lane: [each for each in DONE if each[0] == lane] for lane in "abcd"} == {
        lane: [f"{lane}{number}" for number in range(4)] for lane in "abcd"
    }
    assert not TOGETHER


def test_workers_are_told_of_what_has_waited(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lets it go: the queue carried it in vain before, and would not carry it again."""
    told: list[str] = []
    monkeypatch.setattr(type(company.database), "announce", lambda self, connection, id, when: told.append(id))
    FAILING["a2"] = 2
    ids = [ask(company, name) for name in ("a1", "a2", "a3")]
    assert not jobs.perform(company, ids[1])
    told.clear()
    jobs.perform(company, ids[0])
    assert told == [ids[1]]
    jobs.perform(company, ids[1])
    hurry(company)
    told.clear()
    jobs.perform(company, ids[1])
    assert told == [ids[2]]


def test_asking_who_is_first_reads_one_row_of_a_lane() -> None:
    """However many wait in it: SQLite answers from the index that holds those who keep others waiting."""
    asked = select(tables.outbox.c.id).where(tables.outbox.c.ordered, lanes.is_first())
    statement = asked.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        tables.PLATFORM.create_all(connection, tables=[tables.outbox, tables.lanes])
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    engine.dispose()
    assert "SEARCH first USING INDEX dg_lane_first (lane=?)" in plan
