"""Writes that go on behind: in order, all over before the connection is used again, nothing done after a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, func, insert, select

from dougong.base.ids import record_id
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.behind import Behind
from dougong.engine.company import Company
from dougong.engine.saving import unique
from dougong.engine.unit import Unit
from tests.companies import sales
from tests.engine.transfer.office import Office, codes, counts

__all__ = ["sales"]


class Failed(Exception):
    """What a write of these tests raises."""


def noting(done: list[str], name: str, seconds: float = 0.0, error: Exception | None = None) -> Callable[..., None]:
    """A write that takes its time, and says that it was here."""

    def write(_: Connection) -> None:
        time.sleep(seconds)
        if error is not None:
            raise error
        done.append(name)

    return write


def test_one_after_the_other_and_all_before_the_connection(sales: Company) -> None:
    done: list[str] = []

    def work(unit: Unit) -> None:
        with Behind(unit.connection) as behind:
            mine = Unit(sales, unit.connection, unit.runtime, SYSTEM, unit.now, behind=behind)
            mine.begin(noting(done, "first", 0.05))
            mine.begin(noting(done, "second"))
            assert done == []
            mine.acting(SYSTEM).connection.execute(select(1))
            assert done == ["first", "second"]

    sales.write(SYSTEM, work)


def test_nothing_is_done_after_a_failure(sales: Company) -> None:
    done: list[str] = []

    def work(unit: Unit) -> None:
        with Behind(unit.connection) as behind:
            behind.begin(noting(done, "first"))
            behind.begin(noting(done, "second", error=Failed()))
            behind.begin(noting(done, "third"))
            with pytest.raises(Failed):
                behind.wait()
            behind.wait()  # told once

    sales.write(SYSTEM, work)
    assert done == ["first"]


def test_a_failure_at_the_end_is_raised_there(sales: Company) -> None:
    """And does not hide what the block itself raises."""

    def work(unit: Unit, own: bool) -> None:
        with Behind(unit.connection) as behind:
            behind.begin(noting([], "first", 0.02, Failed()))
            if own:
                raise KeyError

    with pytest.raises(Failed):
        sales.write(SYSTEM, lambda unit: work(unit, own=False))
    with pytest.raises(KeyError):
        sales.write(SYSTEM, lambda unit: work(unit, own=True))


def test_what_is_done_meanwhile(sales: Company) -> None:
    """The end of the transaction goes on in a thread; it is over when write is."""
    threads: list[str] = []
    id = record_id()
    row = {"id": id, "kind": "import", "title": "", "object": "account", "actor": "", "at": None, "state": "done"}

    def work(unit: Unit) -> str:
        unit.begin(lambda connection: connection.execute(insert(tables.operations), {**row, "at": unit.now}))
        unit.begin(lambda _: threads.append(threading.current_thread().name))
        return "done"

    assert sales.write(SYSTEM, work, "", lambda: threads.append("meanwhile")) == "done"
    with sales.read(SYSTEM) as unit:
        assert unit.connection.scalar(select(func.count()).where(tables.operations.c.id == id)) == 1
    assert "meanwhile" in threads
    assert any(name.startswith("dougong-behind") for name in threads)


def test_what_fails_behind_undoes_all(sales: Company) -> None:
    id = record_id()

    def work(unit: Unit) -> None:
        unit.begin(lambda connection: connection.execute(insert(tables.operations), {"id": id, "kind": None}))

    before = threading.active_count()
    with pytest.raises(Exception, match=r"(?i)not.null|null value"):
        sales.write(SYSTEM, work, "", lambda: None)
    with sales.read(SYSTEM) as unit:
        assert unit.connection.scalar(select(func.count()).where(tables.operations.c.id == id)) == 0
    assert threading.active_count() <= before


@pytest.fixture
def office(sales: Company) -> Office:
    """What imports are tested with."""
    return Office(sales)


def test_a_value_that_the_database_alone_refuses(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows go to the database behind; what it says of them reaches the import all the same."""
    office.make("account", name="A", external_no="1")
    check, calls = unique.check, []

    def blind(batch, expressions, ask):  # type: ignore[no-untyped-def]
        calls.append(len(batch.rows))
        if len(calls) > 1:  # the second time it is seen
            check(batch, expressions, ask)

    monkeypatch.setattr(unique, "check", blind)
    rows = "".join(f"{number},Name {number}\n" for number in range(1, 81))
    report = office.load("account", "external_no,name\n" + rows)
    assert codes(report) == {2: ["not-unique"]}
    assert counts(report) == (79, 0, 0, 1)
    assert len(office.rows("account", "name")) == 80
