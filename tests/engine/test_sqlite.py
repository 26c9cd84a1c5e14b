"""What SQLite alone does: one file, one writer, a log."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.dialects import sqlite
from dougong.engine.saving.batch import Create
from dougong.engine.workers import Worker
from tests.companies import companies_at, company, company_copy  # noqa: F401

SOON = 30
"""Seconds that something may take on a busy machine."""


def _put_into_the_file(database: sqlite.SQLite, folder: Path, beside: AbstractContextManager[object]) -> bool:
    """Whether what stands in the log alone gets into the file, once somebody works `beside`."""

    def in_file() -> bool:
        shutil.copy(database.path, folder / "copy.sqlite3")
        with closing(sqlite3.connect(folder / "copy.sqlite3")) as copy:
            return bool(copy.execute("SELECT count(*) FROM customer").fetchone()[0])

    assert not in_file()
    until = time.monotonic() + SOON
    with beside:
        while not in_file() and time.monotonic() < until:
            time.sleep(0.05)
    return in_file()


@contextmanager
def _working(database: sqlite.SQLite) -> Iterator[None]:
    worker = Worker(companies_at(f"sqlite:///{database.path}")).start()
    yield
    worker.stop()


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("who", ["worker", "import"])
def test_the_log_is_put_into_the_file(
    company: Company,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
) -> None:
    """Beside a worker or an import what is committed is soon in the file alone, and no writer stops to put it there."""
    monkeypatch.setattr(sqlite, "FILE_SECONDS", 0)
    monkeypatch.setattr(sqlite, "RELIEVE_SECONDS", 0.01)
    database = company.database
    assert isinstance(database, sqlite.SQLite)
    company.write(SYSTEM, lambda unit: unit.records.save([Create("customer", {"name": "Only in the log"})]))
    beside = _working(database) if who == "worker" else database.relieved()
    assert _put_into_the_file(database, tmp_path, beside)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_rest_of_the_log_is_filed_and_cut_when_an_import_is_over(
    company: Company,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The import waits for neither; who writes next begins a short log, and need not cut a long one."""
    monkeypatch.setattr(sqlite, "RELIEVE_SECONDS", 0.01)
    monkeypatch.setattr(sqlite, "LOG_BYTES", 0)
    database = company.database
    assert isinstance(database, sqlite.SQLite)
    log = database.path.with_name(f"{database.path.name}-wal")
    with database.relieved():
        time.sleep(0.05)  # it has begun
        company.write(SYSTEM, lambda unit: unit.records.save([Create("customer", {"name": "Last"})]))
    for thread in threading.enumerate():
        if thread.name == sqlite.LOG_THREAD:
            thread.join()
    assert log.stat().st_size == 0
    shutil.copy(database.path, tmp_path / "copy.sqlite3")
    with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as copy:
        assert copy.execute("SELECT name FROM customer").fetchall() == [("Last",)]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_writer_waits_for_another_process(company: Company) -> None:  # noqa: F811
    """And is there as soon as that lets go, in place of being told that the file is busy."""
    database = company.database
    assert isinstance(database, sqlite.SQLite)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    made = threading.Thread(
        target=company.write, args=(SYSTEM, lambda unit: unit.records.save([Create("customer", {"name": "Late"})]))
    )
    made.start()
    made.join(0.2)
    assert made.is_alive()
    other.execute("ROLLBACK")
    made.join(SOON)
    assert not made.is_alive()
    assert other.execute("SELECT name FROM customer").fetchall() == [("Late",)]
    other.close()
