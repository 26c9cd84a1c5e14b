"""Foresight: what was worked out ahead of a transaction stands just as long as what was read for it is still so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Table, event, insert, literal, select, update

from dougong.base.errors import NotFound
from dougong.base.ids import record_id
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.foresight import Foreseen, Snapshot, Unforeseeable, foresee
from dougong.engine.saving.batch import Create, Delete, Update
from dougong.engine.saving.plan import load, plan_of
from dougong.engine.saving.undoable import Taken
from dougong.engine.transfer import importing
from dougong.engine.unit import Unit
from tests.companies import sales
from tests.engine.transfer.office import Office, codes, counts

__all__ = ["sales"]


def ahead(company: Company, work: Callable[[Unit], Any]) -> Foreseen[Any] | None:
    """What `work` comes to ahead of a transaction."""
    with company.read(SYSTEM) as unit:
        return foresee(unit, work)


def names(unit: Unit) -> list[str]:
    """The names of all customers."""
    return sorted(unit.connection.execute(select(accounts(unit).c.name)).scalars())


def accounts(unit: Unit) -> Table:
    """The table of customers."""
    return plan_of(unit.runtime, "account").table


def carried_out(company: Company, foreseen: Foreseen[Any] | None) -> bool:
    """Whether a transaction goes on with what was foreseen; what it reads there, it reads itself."""

    def work(unit: Unit) -> bool:
        assert unit.connection.execute(select(literal(1))).scalar() == 1
        return foreseen is not None and unit is foreseen.unit

    return company.write(SYSTEM, work, foreseen=foreseen)


def test_what_was_read_is_the_same(sales: Company) -> None:
    """The transaction goes on with the unit, its moment and what it knows; those who act for others go along."""
    id = Office(sales).make("account", name="A")
    others: list[Unit] = []

    def work(unit: Unit) -> list[str]:
        unit.memory["known"] = "so far"
        others.append(unit.acting(SYSTEM))
        return names(others[0])

    foreseen = ahead(sales, work)
    assert foreseen is not None
    assert foreseen.made == ["A"]
    moment = foreseen.unit.now

    def then(unit: Unit) -> tuple[Any, ...]:
        unit.connection.execute(insert(tables.operations), operation(unit))
        return (
            unit is foreseen.unit,
            unit.now,
            unit.memory["known"],
            names(others[0]),
            unit.records.get("account", id).id,
        )

    assert sales.write(SYSTEM, then, foreseen=foreseen) == (True, moment, "so far", ["A"], id)


def operation(unit: Unit) -> dict[str, Any]:
    """A row that a write of these tests leaves."""
    return {"id": record_id(), "kind": "import", "title": "", "object": "account", "actor": "", "at": unit.now,
            "state": "done"}  # fmt: skip


OTHERS: dict[str, Callable[[Office, str], object]] = {
    "a value that was read": lambda office, id: office.save(Update("account", id, {"name": "B"})),
    "one more record": lambda office, id: office.make("account", name="C"),
    "one less": lambda office, id: office.save(Delete("account", id)),
}
"""What other people do between the look ahead and the transaction."""


@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
def test_what_was_read_is_not_the_same(sales: Company, others: Callable[[Office, str], object]) -> None:
    office = Office(sales)
    id = office.make("account", name="A")

    def live(unit: Unit) -> object:
        table = accounts(unit)
        return unit.connection.execute(select(table.c.name).where(table.c.deleted_at.is_(None))).all()

    foreseen = ahead(sales, live)
    others(office, id)
    assert not carried_out(sales, foreseen)


def test_who_belongs_to_what_is_not_the_same(sales: Company) -> None:
    foreseen = ahead(sales, names)
    sales.write(
        SYSTEM, lambda unit: unit.connection.execute(update(tables.people).values(version=tables.people.c.version + 1))
    )
    assert not carried_out(sales, foreseen)


def test_what_nobody_read_may_change(sales: Company) -> None:
    foreseen = ahead(sales, names)
    Office(sales).make("campaign", name="Fair")
    assert carried_out(sales, foreseen)


def test_it_is_used_once(sales: Company) -> None:
    """Where the transaction is begun anew, it begins with a unit of its own: what was foreseen has been worked on."""
    foreseen = ahead(sales, names)
    units: list[bool] = []

    def work(unit: Unit) -> None:
        assert foreseen is not None
        units.append(unit is foreseen.unit)
        if len(units) == 1:
            raise Taken

    sales.write(SYSTEM, work, foreseen=foreseen)
    assert units == [True, False]


NOT_ASKED: dict[str, Callable[[Unit], object]] = {
    "writing": lambda unit: unit.connection.execute(insert(tables.operations), operation(unit)),
    "a statement of the driver": lambda unit: unit.connection.exec_driver_sql("SELECT 1"),
    "a savepoint": lambda unit: unit.connection.begin_nested(),
    "what is refused": lambda unit: unit.records.get("account", record_id()),
    "saving": lambda unit: unit.records.save([Create("account", {"name": "A"})]),
}


@pytest.mark.parametrize("work", NOT_ASKED.values(), ids=NOT_ASKED)
def test_what_cannot_be_foreseen(sales: Company, work: Callable[[Unit], object]) -> None:
    """There is no foresight then, and nothing has happened."""
    assert ahead(sales, work) is None
    assert not carried_out(sales, None)
    with sales.read(SYSTEM) as unit:
        assert names(unit) == []
        with pytest.raises(NotFound):
            unit.records.get("account", record_id())


def test_a_snapshot_is_over_with_the_look_ahead(sales: Company) -> None:
    """Whoever kept it hears so, before they read what is another transaction's by then."""
    kept: list[Connection] = []
    ahead(sales, lambda unit: kept.append(unit.connection))
    assert isinstance(kept[0], Snapshot)
    with pytest.raises(Unforeseeable):
        kept[0].execute(select(literal(1)))


def test_locks_are_taken_in_the_transaction(sales: Company) -> None:
    """A statement that locks is asked without its lock, which a snapshot could not take, and again with it."""
    id = Office(sales).make("account", name="A")
    heard: list[str] = []

    def locking(unit: Unit) -> object:
        return unit.connection.execute(plan_of(unit.runtime, "account").part(load), {"ids": [id]}).all()

    def work(unit: Unit) -> bool:
        assert foreseen is not None
        return unit is foreseen.unit

    with statements(sales, heard):
        foreseen = ahead(sales, locking)
        assert sales.write(SYSTEM, work, foreseen=foreseen)
    asked = [each for each in heard if "account" in each]
    assert len(asked) == 2
    if sales.database.kind == "postgresql":
        assert ["FOR NO KEY UPDATE" in each for each in asked] == [False, True]


@contextmanager
def statements(company: Company, heard: list[str]) -> Iterator[None]:
    """Every statement of the block."""

    def hear(_: object, __: object, statement: str, *rest: object) -> None:
        heard.append(statement)

    engines = {company.database.readers, company.database.writers}
    for each in engines:
        event.listen(each, "before_cursor_execute", hear)
    try:
        yield
    finally:
        for each in engines:
            event.remove(each, "before_cursor_execute", hear)


# -- imports ------------------------------------------------------------------------------------------------------
@pytest.fixture
def office(sales: Company) -> Office:
    """What imports are tested with."""
    return Office(sales)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], object]]]:
    """What other people do after each look ahead, before its batch is saved; each once."""
    due: list[Callable[[], object]] = []
    look_ahead = importing._Run._look_ahead

    def then(run: importing._Run, rows: Any) -> None:
        look_ahead(run, rows)
        if due and rows:
            due.pop(0)()

    monkeypatch.setattr(importing._Run, "_look_ahead", then)
    return due


@pytest.fixture
def stood(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether what was foreseen stood, batch by batch."""
    found: list[bool] = []
    stands = Foreseen.stands

    def noted(foreseen: Foreseen[Any], *given: Any) -> bool:
        found.append(stands(foreseen, *given))
        return found[-1]

    monkeypatch.setattr(Foreseen, "stands", noted)
    return found


def deals(numbers: range, account: str = "A") -> str:
    """Rows of deals of a customer."""
    return "".join(f"{account},Deal {number},2026-05-{number % 28 + 1:02}\n" for number in numbers)


HEADER = "Customer,Name,Close date\n"
COLUMNS = {
    "Customer": {"field": "account", "look_up": ["name"]},
    "Name": {"field": "name"},
    "Close date": {"field": "close_date"},
}


def test_batches_of_an_import_are_foreseen(office: Office, stood: list[bool]) -> None:
    office.make("account", name="A")
    report = office.load("opportunity", HEADER + deals(range(30)), columns=COLUMNS, batch=10)
    assert counts(report) == (30, 0, 0, 0)
    assert stood == [True, True, True]


def test_other_people_change_what_was_read(
    office: Office, stood: list[bool], between: list[Callable[[], object]]
) -> None:
    """The customer is gone when the deals of the first batch are saved: they are refused, by what is so then."""
    id = office.make("account", name="A")
    between.append(lambda: office.save(Delete("account", id)))
    report = office.load("opportunity", HEADER + deals(range(10)) + deals(range(10), ""), columns=COLUMNS, batch=10)
    assert counts(report) == (10, 0, 0, 10)
    assert stood[0] is False
    assert set(codes(report)) == set(range(2, 12))


def test_other_people_take_a_unique_value(office: Office, between: list[Callable[[], object]]) -> None:
    between.append(lambda: office.make("account", name="Mine", external_no="7"))
    rows = "".join(f"{number},Name {number}\n" for number in range(10))
    report = office.load("account", "external_no,name\n" + rows, batch=10)
    assert codes(report) == {9: ["not-unique"]}
    assert counts(report) == (9, 0, 0, 1)


def test_batches_that_read_what_those_before_them_wrote(office: Office, stood: list[bool]) -> None:
    """What the file itself makes is known to the batches after it; no more is foreseen where that is in vain."""
    parents = "".join(f"{number},Name {number},{number - 1 if number else ''}\n" for number in range(60))
    columns = {
        "external_no": {"field": "external_no"},
        "name": {"field": "name"},
        "parent": {"field": "parent", "look_up": ["external_no"]},
    }
    report = office.load("account", "external_no,name,parent\n" + parents, batch=10, columns=columns)
    assert counts(report) == (60, 0, 0, 0)
    assert dict(office.rows("account", "name", "parent")) == {
        f"Name {at}": f"Name {at - 1}" if at else None for at in range(60)
    }


@pytest.mark.parametrize("vain", [0, 99], ids=["never ahead", "always ahead"])
def test_looking_ahead_changes_nothing_else(office: Office, monkeypatch: pytest.MonkeyPatch, vain: int) -> None:
    """New, changed, refused and doubled rows over several batches."""
    monkeypatch.setattr(importing, "VAIN", vain)
    office.make("account", name="Kept", external_no="3", industry="other")
    rows = [f"{at % 25},Name {at},{'nonsense' if at % 11 == 5 else 'other'}\n" for at in range(60)]
    report = office.load("account", "external_no,name,industry\n" + "".join(rows), batch=7, key=["external_no"],
                         columns={each: {"field": each} for each in ("external_no", "name", "industry")})  # fmt: skip
    assert counts(report) == (24, 31, 0, 5)
    assert codes(report) == {at + 2: ["value-not-in-list"] for at in range(60) if at % 11 == 5}
    assert dict(office.rows("account", "external_no", "name")) == {
        str(at % 25): f"Name {at}" for at in range(60) if at % 11 != 5
    }
