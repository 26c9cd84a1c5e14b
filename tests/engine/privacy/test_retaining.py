"""Retention rules: what is due goes, what others need stays and is named, and a second run has nothing left to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from dougong.base.ids import record_id
from dougong.engine import file_contents, jobs
from dougong.engine.actor import SYSTEM
from dougong.engine.audit.reading import Asked, search
from dougong.engine.audit.verify import verify
from dougong.engine.company import Company
from dougong.engine.directory import folder_of
from dougong.engine.jobs import JOBS
from dougong.engine.privacy import nightly, retaining
from dougong.engine.privacy.retaining import Done, carry_out, due, rules_of
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Delete
from tests.companies import PACKAGES, Copies, company_copy  # noqa: F401

HOTEL = Path(__file__).parent / "hotel"


@pytest.fixture
def hotel(company_copy: Copies, database_kind: str) -> Iterator[Company]:  # noqa: F811
    with company_copy(database_kind, "hotel", (PACKAGES / "base", HOTEL)) as found:
        yield found


def make(hotel: Company, name: str, *records: dict[str, Any]) -> list[str]:
    changes = [Create(name, values) for values in records]
    return [each.id for each in hotel.write(SYSTEM, lambda unit: unit.records.save(changes)).changes]


def days_ago(hotel: Company, days: int) -> str:
    with hotel.read(SYSTEM) as unit:
        return (unit.reading.today - timedelta(days=days)).isoformat()


def run(hotel: Company, rule: str) -> tuple[int, Done, int]:
    """How many were due, what was done, how many are due now."""
    obj, found = next(each for each in rules_of(hotel.runtime().model) if f"{each[0].name}.{each[1].key}" == rule)

    def counted() -> int:
        with hotel.read(SYSTEM) as unit:
            return due(unit, obj, found)

    before = counted()
    return before, carry_out(hotel, SYSTEM, obj, found, lambda contents: None), counted()


def names(hotel: Company, name: str, **asked: Any) -> list[Any]:
    with hotel.read(SYSTEM) as unit:
        return sorted(row.values[0] for row in unit.records.query(Query(object=name, columns=("name",), **asked)).rows)


def told(hotel: Company) -> list[dict[str, Any]]:
    """What the log has of rules carried out; it is whole."""
    with hotel.read(SYSTEM) as unit:
        assert list(verify(unit.connection)) == []
        return [dict(each.data) for each in search(unit, Asked(kinds=["retained"]))[0]]


def test_what_is_personal_is_erased_and_a_hold_keeps_it(hotel: Company) -> None:
    """Of those who left long ago and are not held; without a date nobody is due; amounts stay."""
    make(
        hotel,
        "guest",
        {"name": "Old", "left": days_ago(hotel, 366), "spent": 7},
        {"name": "Held", "left": days_ago(hotel, 900), "held": True},
        {"name": "On the day", "left": days_ago(hotel, 365)},
        {"name": "Here", "spent": 2},
    )
    before, done, after = run(hotel, "guest.long_gone")
    assert (before, done.records, done.refused, after) == (1, 1, [], 0)
    assert names(hotel, "guest") == ["Held", "Here", "On the day", "–"]
    with hotel.read(SYSTEM) as unit:
        (entry,) = search(unit, Asked(kinds=["person_erased"]))[0]
        assert entry.personal["why"] == "guest.long_gone"
        assert (
            sum(row.values[0] or 0 for row in unit.records.query(Query(object="guest", columns=("spent",))).rows) == 9
        )
    assert told(hotel) == []


def test_what_others_need_stays_and_is_named(hotel: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch after batch goes into the bin; the room with a stay is left out of each run, with the reason."""
    monkeypatch.setattr(retaining, "BATCH", 2)
    closed = {"closed_at": f"{days_ago(hotel, 20)}T10:00:00Z"}
    rooms = make(hotel, "room", *({"name": str(number), **closed} for number in range(5)), {"name": "Open"})
    make(hotel, "stay", {"name": "Stay", "room": rooms[2]})
    before, done, after = run(hotel, "room.closed")
    assert (before, done.records, [id for id, _ in done.refused], after) == (5, 4, [rooms[2]], 1)
    assert names(hotel, "room") == ["2", "Open"] and names(hotel, "room", deleted="bin") == ["0", "1", "3", "4"]
    assert sum(each["records"] for each in told(hotel)) == 4 and told(hotel)[0]["rule"] == "room.closed"
    again = run(hotel, "room.closed")[1]
    assert (again.records, len(again.refused)) == (0, 1)


def test_the_bin_is_emptied_of_what_lies_there_long(hotel: Company) -> None:
    """For good, history included; what was deleted lately stays."""
    guests = make(hotel, "guest", {"name": "Long deleted"}, {"name": "Lately deleted"}, {"name": "Live"})
    hotel.write(SYSTEM, lambda unit: unit.records.save([Delete("guest", each) for each in guests[:2]]))
    table = hotel.runtime().storage.tables["guest"].table
    hotel.write(SYSTEM, lambda unit: unit.connection.execute(
        update(table).where(table.c.id == guests[0]).values(deleted_at=unit.now - timedelta(days=40))))  # fmt: skip
    before, done, after = run(hotel, "guest.bin")
    assert (before, done.records, done.refused, after) == (1, 1, [], 0)
    assert names(hotel, "guest", deleted="all") == ["Lately deleted", "Live"]
    assert [each["step"] for each in told(hotel)] == ["delete"]


def test_every_rule_is_carried_out_once_a_day(hotel: Company) -> None:
    """Asked for by the workers as a day begins, done as the platform; asked for again the day after."""
    closed = {"closed_at": f"{days_ago(hotel, 20)}T10:00:00Z"}
    make(hotel, "guest", {"name": "Old", "left": days_ago(hotel, 366)}, {"name": "Here"})
    make(hotel, "room", {"name": "1", **closed}, {"name": "2"})
    assert JOBS[nightly.JOB].daily
    today = datetime.now(hotel.zone).date()
    for _ in range(2):
        jobs.ask_daily(hotel, today)
    assert jobs.run_due(hotel) and not jobs.run_due(hotel)
    assert names(hotel, "guest") == ["Here", "–"] and names(hotel, "room") == ["2"]
    assert [each["rule"] for each in told(hotel)] == ["room.closed"]
    make(hotel, "room", {"name": "3", **closed})
    jobs.ask_daily(hotel, today)
    assert not jobs.run_due(hotel) and names(hotel, "room") == ["2", "3"]
    jobs.ask_daily(hotel, today + timedelta(days=1))
    assert jobs.run_due(hotel) and names(hotel, "room") == ["2"]


def test_the_company_says_how_long_the_bin_keeps_the_rest(hotel: Company) -> None:
    """An object with a rule of its own keeps it; rows of the metadata and what is never deleted have none."""
    model = hotel.runtime().model
    assert [(obj.name, rule.key) for obj, rule in rules_of(model)] == [
        ("guest", "bin"), ("guest", "long_gone"), ("room", "closed")
    ]  # fmt: skip
    model = replace(model, settings={**model.settings, retaining.BIN_DAYS: 90})
    found = {(obj.name, rule.key): rule.days for obj, rule in rules_of(model)}
    assert found["guest", "bin"] == 30 and found["room", "bin"] == 90 and ("task", "bin") in found


def test_the_bytes_of_what_is_gone_are_removed(tmp_path: Path) -> None:
    """Of each company in its own folder; what is not there is no fault."""
    folders = [folder_of(tmp_path, name) for name in ("default", "north")]
    blob, other = record_id(), record_id()
    for folder in folders:
        for each in (blob, other):
            path = file_contents.place(folder, each)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    for _ in range(2):
        file_contents.forget_all(folders[1], [blob])
    there = [file_contents.place(folder, each).exists() for folder in folders for each in (blob, other)]
    assert there == [True, True, False, True]
