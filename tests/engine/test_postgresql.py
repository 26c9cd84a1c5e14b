"""What PostgreSQL alone does: a snapshot ends behind the answer that was made in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

SOON = 30
"""Seconds that something may take on a busy machine."""


def _ask(database: Any, said: str) -> list[Any]:
    """Of a connection of its own."""
    url = database.operator.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        return [row[0] for row in connection.execute(said)]


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


def _names(company: Company) -> list[Any]:
    with company.read(SYSTEM) as unit:
        return [row.values[0] for row in unit.records.query(Query(object="customer", columns=("name",))).rows]


def _add(company: Company, name: str) -> None:
    company.write(SYSTEM, lambda unit: unit.records.save([Create("customer", {"name": name})]))


def test_no_snapshot_stays_open(company: Company) -> None:
    """Though nobody waits for its end: nothing would be cleaned up behind it, and no publish get its locks."""
    for _ in range(3):
        _names(company)
    _until(lambda: set(_ask(company.database, f"SELECT state {OTHERS}")) == {"idle"})


def test_each_read_is_a_snapshot_of_its_own(company: Company) -> None:
    """The connection of the last one sees what was written since."""
    for at in range(3):
        _add(company, f"Customer {at}")
        assert sorted(_names(company)) == [f"Customer {each}" for each in range(at + 1)]


def test_a_snapshot_in_which_a_statement_failed_ends_as_well(company: Company) -> None:
    for _ in range(3):
        with pytest.raises(ProgrammingError), company.read(SYSTEM) as unit:
            unit.connection.execute(text("SELECT nothing FROM nowhere"))
        _add(company, "After it")
    assert _names(company) == ["After it"] * 3


def test_a_read_that_met_an_error_of_ours_ends_as_well(company: Company) -> None:
    with pytest.raises(LookupError), company.read(SYSTEM) as unit:
        unit.records.query(Query(object="customer", columns=("name",)))
        raise LookupError
    _add(company, "After it")
    assert _names(company) == ["After it"]


@pytest.mark.parametrize("last", ["read", "write"])
@pytest.mark.parametrize("then", ["read", "write"])
def test_connections_that_the_server_cut_are_replaced(company: Company, last: str, then: str) -> None:
    """Whoever comes after a restart of the server notices nothing, whatever a connection was used for."""
    with company.read(SYSTEM), company.read(SYSTEM):  # two in the pool
        pass
    _add(company, "Kept")
    if last == "read":
        assert _names(company) == ["Kept"]
    assert len(_ask(company.database, f"SELECT pg_terminate_backend(pid) {OTHERS}")) >= 2
    _until(lambda: not _ask(company.database, f"SELECT pid {OTHERS}"))
    if then == "write":
        _add(company, "Kept")
    with company.read(SYSTEM), company.read(SYSTEM):
        assert set(_names(company)) == {"Kept"}


@pytest.mark.parametrize("known", [False, True], ids=["first time", "asked of the driver"])
@pytest.mark.parametrize("alone", [False, True], ids=["together", "alone"])
def test_a_connection_that_is_cut_amid_a_snapshot(company: Company, known: bool, alone: bool) -> None:
    """Whoever asks is told so, and the next one has another connection."""
    _add(company, "Kept")
    for _ in range(6 if known else 0):
        assert _names(company) == ["Kept"]
    with pytest.raises(DBAPIError), company.read(SYSTEM) as unit:
        _ask(company.database, f"SELECT pg_terminate_backend(pid) {OTHERS}")
        _until(lambda: not _ask(company.database, f"SELECT pid {OTHERS}"))
        with nullcontext() if alone else unit.together():
            unit.records.query(Query(object="customer", columns=("name",)))
    assert [_names(company) for _ in range(3)] == [["Kept"]] * 3
