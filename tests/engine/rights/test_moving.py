"""A manager with thousands of records below moves: one short transaction, and what is seen is right at every moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import Engine

from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Update
from dougong.engine.tables import memberships
from dougong.engine.unit import Unit
from tests.companies import person, sales  # noqa: F401
from tests.engine.statements import statements_of

RECORDS = 5000
TEAM = 12


class House:
    """Two directors, and below the first one a manager with two levels of sellers, among whom customers are dealt."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.former, self.new = person(company, "former", "sales_manager"), person(company, "new", "sales_manager")
        self.manager = person(company, "manager", "sales_manager", manager=self.former.user_id)
        self.team: list[str] = [str(self.manager.user_id)]
        for at in range(TEAM):
            above = self.team[at // 4]
            values = {"login": f"seller{at}", "name": f"Seller {at}", "roles": ["sales"], "manager": above}
            made = company.write(SYSTEM, lambda unit, values=values: unit.records.save([Create("user", values)]))  # type: ignore[misc]
            self.team.append(made.changes[0].id)

    def deal(self, count: int) -> None:
        """Give the team `count` more customers, straight into the table."""

        def work(unit: Unit) -> None:
            table = unit.runtime.storage.tables["account"].table
            rows = range(count)
            columns = {
                "id": [record_id() for _ in rows],
                "owner_id": [self.team[at % len(self.team)] for at in rows],
                "name": [f"Customer {at}" for at in rows],
                "created_at": [unit.now] * count, "updated_at": [unit.now] * count, "version": [1] * count,
            }  # fmt: skip
            unit.company.database.insert_many(unit.connection, table, columns)

        self.company.write(SYSTEM, work)

    def move(self, to: Actor) -> tuple[list[str], int]:
        """Let the manager report to another director; the statements of it, and how many rows they wrote."""

        def work(unit: Unit) -> tuple[list[str], int]:
            before = written(unit)
            with statements_of(unit.connection) as statements:
                unit.records.save([Update("user", str(self.manager.user_id), {"manager": to.user_id})])
            return statements, written(unit) - before

        return self.company.write(SYSTEM, work)

    def seen(self) -> tuple[int, int]:
        """How many customers the first director sees, and the second one, at one moment."""
        with self.company.read(self.former) as unit:
            return customers(unit), customers(unit.acting(self.new))


def customers(unit: Unit) -> int:
    return unit.records.count(Query(object="account")).number


def written(unit: Unit) -> int:
    """How many rows the transaction, or with SQLite its connection, has written."""
    if unit.connection.dialect.name == "sqlite":
        return int(unit.connection.connection.driver_connection.total_changes)  # type: ignore[union-attr]
    counted = text("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
    return int(unit.connection.scalar(counted) or 0)


@pytest.fixture
def house(sales: Company) -> House:  # noqa: F811
    return House(sales)


def test_moving_a_manager_costs_the_same_with_few_records_below_and_with_thousands(house: House) -> None:
    """One transaction of as many statements and written rows, none of them a record's; seen from the next moment on."""
    for each in (house.new, house.former):
        house.move(each)
    house.deal(50)
    assert house.seen() == (50, 0)
    few = house.move(house.new)
    assert house.seen() == (0, 50)
    house.move(house.former)
    house.deal(RECORDS - 50)
    commits: list[Any] = []

    def commit(connection: Any) -> None:
        commits.append(connection)

    event.listen(Engine, "commit", commit)
    try:
        many = house.move(house.new)
    finally:
        event.remove(Engine, "commit", commit)
    assert many == few and len(commits) == 1
    assert house.seen() == (0, RECORDS)
    with house.company.read(SYSTEM) as unit:
        account = unit.runtime.storage.tables["account"].table
        asked = select(func.count()).select_from(account).where(account.c.version == 1)
        assert unit.connection.scalar(asked) == RECORDS
        mine = memberships.c.user_id.in_(house.team)
        places = unit.connection.scalar(select(func.count()).select_from(memberships).where(mine)) or 0
    # Twice the places of those who move (taken out, put in), and what any change of a user writes.
    assert 0 < many[1] <= 2 * places + 20


def test_readers_see_what_was_until_what_is(house: House) -> None:
    """While it happens the one director, then the other: never both, never neither."""
    house.deal(60)
    pairs: set[tuple[int, int]] = set()
    stop = Event()

    def read() -> None:
        while not stop.is_set():
            pairs.add(house.seen())

    readers = [Thread(target=read) for _ in range(2)]
    for each in readers:
        each.start()
    try:
        for at in range(8):
            to, expected = ((house.new, (60, 0)), (house.former, (0, 60)))[at % 2]

            def work(unit: Unit, to: Actor = to, expected: tuple[int, int] = expected) -> None:
                unit.records.save([Update("user", str(house.manager.user_id), {"manager": to.user_id})])
                assert house.seen() == expected
                assert (customers(unit.acting(house.former)), customers(unit.acting(house.new))) == expected[::-1]

            house.company.write(SYSTEM, work)
            assert house.seen() == expected[::-1]
    finally:
        stop.set()
        for each in readers:
            each.join()
    assert pairs <= {(60, 0), (0, 60)} and pairs


def test_a_move_that_is_killed_has_not_happened(house: House) -> None:
    """At whatever statement: the director, the places of the team and the history say the same."""
    house.deal(60)
    company = house.company
    url = company.database.writers.url.render_as_string(hide_password=False)
    company.close()
    names = [str(each.user_id) for each in (house.manager, house.former, house.new)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.rights.killed_move", url, *names],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 3 and found[-1]["signal"] == 0
    before, after = {"manager": names[1], "seen": [60, 0]}, {"manager": names[2], "seen": [0, 60]}
    for each in found[:-1]:
        assert each["signal"] == 9 and {key: each[key] for key in before} == before, each
    assert {key: found[-1][key] for key in after} == after
    assert len({each["history"] for each in found[:-1]}) == 1 and found[-1]["history"] == found[0]["history"] + 1
