"""Dates and schedules: each record once, also after a downtime; anniversaries, working days, the company's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.tables import outbox
from dougong.formulas import MONDAY_TO_FRIDAY
from dougong.metadata.automation import Trigger
from dougong.workflows.automations import clock, moments
from tests.workflows.automations.conftest import make, values, work


def look(company: Company, name: str, since: str, until: str) -> None:
    """Let the clock look at an automation between two moments, and let what it set off run."""
    automation = company.runtime().model.workflows.automations[name]
    clock.look(company, automation, datetime.fromisoformat(since), datetime.fromisoformat(until))
    work(company)


def test_offsets_before_on_and_after(desk: Company) -> None:
    """Each offset finds the records whose turn it is; $Trigger tells which one it is."""
    ids = [make(desk, "ticket", name=day, due=day) for day in ("2026-03-18", "2026-03-11", "2026-03-09", "2026-03-12")]
    make(desk, "ticket", name="lost", due="2026-03-11", status="lost")
    look(desk, "ticket.remind", "2026-03-11T08:00Z", "2026-03-11T10:00Z")
    assert [values(desk, "ticket", id)["reminded"] for id in ids] == [
        "-7@2026-03-11", "0@2026-03-11", "2@2026-03-11", None,
    ]  # fmt: skip


def test_not_before_its_time_of_day(desk: Company) -> None:
    """Before nine nothing is done, and what was done is not done again."""
    id = make(desk, "ticket", name="One", due="2026-03-11")
    look(desk, "ticket.remind", "2026-03-11T07:00Z", "2026-03-11T08:59Z")
    assert values(desk, "ticket", id)["reminded"] is None


def test_a_downtime_is_made_up_for_once(desk: Company) -> None:
    """What fell due while nothing ran is done afterwards, once, however often the clock looks."""
    id = make(desk, "client", name="Wu", born="1990-03-11")
    for _ in range(3):
        look(desk, "client.birthday", "2026-03-05T00:00Z", "2026-03-20T00:00Z")
    assert values(desk, "client", id)["greeted"] == 1
    look(desk, "client.birthday", "2027-03-05T00:00Z", "2027-03-20T00:00Z")
    assert values(desk, "client", id)["greeted"] == 2


def test_what_falls_on_a_day_off_comes_on_the_next_working_day(desk: Company) -> None:
    """A due date on a Saturday is reminded of on Monday."""
    id = make(desk, "ticket", name="Saturday", due="2026-03-14")
    look(desk, "ticket.remind", "2026-03-13T10:00Z", "2026-03-15T23:00Z")
    assert values(desk, "ticket", id)["reminded"] is None
    look(desk, "ticket.remind", "2026-03-15T23:00Z", "2026-03-16T10:00Z")
    assert values(desk, "ticket", id)["reminded"] == "0@2026-03-16"


@pytest.mark.parametrize(("year", "day"), [(2027, "2027-02-28"), (2028, "2028-02-29")])
def test_who_was_born_on_29_february_has_a_birthday_each_year(desk: Company, year: int, day: str) -> None:
    """On 28 February where there is no 29th; in leap years on the day itself, and not the day before."""
    leap, other = (
        make(desk, "client", name="Leap", born="1992-02-29"),
        make(desk, "client", name="28", born="1992-02-28"),
    )
    look(desk, "client.birthday", f"{year}-02-27T10:00Z", f"{year}-02-28T10:00Z")
    assert values(desk, "client", leap)["greeted"] == (1 if day.endswith("28") else 0)
    assert values(desk, "client", other)["greeted"] == 1
    look(desk, "client.birthday", f"{year}-02-28T10:00Z", f"{year}-03-01T10:00Z")
    assert [values(desk, "client", each)["greeted"] for each in (leap, other)] == [1, 1]


def test_a_new_date_is_a_new_occurrence(desk: Company) -> None:
    """Who changes the date is reminded of the new one."""
    from tests.workflows.automations.conftest import change

    id = make(desk, "ticket", name="One", due="2026-03-11")
    look(desk, "ticket.remind", "2026-03-11T08:00Z", "2026-03-11T10:00Z")
    change(desk, "ticket", id, due="2026-03-12", reminded="")
    look(desk, "ticket.remind", "2026-03-12T08:00Z", "2026-03-12T10:00Z")
    assert values(desk, "ticket", id)["reminded"] == "0@2026-03-12"


def test_a_schedule_runs_once_for_what_it_missed(desk: Company) -> None:
    """Three Mondays without a worker are one run, over the records that its condition takes."""
    seen, other = make(desk, "client", name="Wu"), make(desk, "client", name="Li")
    make(desk, "ticket", name="One", client=seen)
    look(desk, "client.weekly", "2026-03-01T00:00Z", "2026-03-18T00:00Z")
    look(desk, "client.weekly", "2026-03-01T00:00Z", "2026-03-18T00:00Z")
    assert [values(desk, "client", id)["city"] for id in (seen, other)] == ["seen", None]
    with desk.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="activity", columns=("subject", "related_to", "status"))).rows
    assert [(row.values[0], row.values[1].id, row.values[2]) for row in rows] == [("Week of Wu", seen, "done")]


def test_publishing_asks_for_the_next_moment(desk: Company) -> None:
    """Each automation of the clock has one task for its next moment, and asking again asks for nothing more."""
    with desk.read(SYSTEM) as unit:
        asked = select(outbox.c.payload, outbox.c.run_at).where(outbox.c.job == clock.CLOCK)
        found = unit.connection.execute(asked).all()
    names = {"ticket.remind", "client.birthday", "client.weekly"}
    assert {each.payload["automation"] for each in found} == names
    desk.write(SYSTEM, lambda unit: clock.ask(desk, unit.connection, unit.runtime.model, unit.now))
    with desk.read(SYSTEM) as unit:
        assert len(unit.connection.execute(asked).all()) == len(names)


def test_nothing_of_a_copied_company_falls_due_while_tests_run(desk: Company) -> None:
    """The clock of the original goes on while a run of tests lasts, and no test meets a moment that it did not make."""
    with desk.read(SYSTEM) as unit:
        waiting = unit.connection.execute(select(outbox.c.job, outbox.c.run_at).where(outbox.c.state == "ready")).all()
        soon = unit.now + timedelta(days=60)
    assert clock.CLOCK in {each.job for each in waiting}
    assert [each for each in waiting if each.run_at < soon] == []


@pytest.mark.parametrize(
    ("offset", "days", "today", "expected"),
    [
        ("-7d", "all", "2026-03-11", ["2026-03-18"]),
        ("0d", "working", "2026-03-16", ["2026-03-14", "2026-03-15", "2026-03-16"]),
        ("0d", "working", "2026-03-14", []),
        ("2 working days", "all", "2026-03-17", ["2026-03-13", "2026-03-14", "2026-03-15"]),
        ("-1 working days", "all", "2026-03-13", ["2026-03-14", "2026-03-15", "2026-03-16"]),
    ],
)
def test_days_due_on(offset: str, days: str, today: str, expected: list[str]) -> None:
    """Which dates have their turn on a day: a table of weekdays without holidays."""
    trigger = Trigger(type="date", field="due", days=days)  # type: ignore[arg-type]
    found = moments.days_due_on(date.fromisoformat(today), trigger, moments.offset(offset), MONDAY_TO_FRIDAY)
    assert expected == [day.isoformat() for day in found]


def test_every_day_has_its_turn_once() -> None:
    """Over a year, whatever the offset, each date is due on exactly one day."""
    for text in ("-7d", "0d", "3d", "2 working days", "-3 working days"):
        trigger, by = Trigger(type="date", field="due", days="working"), moments.offset(text)
        begin = date(2026, 1, 1)
        turns = [
            day
            for each in range(365)
            for day in moments.days_due_on(begin + timedelta(days=each), trigger, by, MONDAY_TO_FRIDAY)
        ]
        assert len(turns) == len(set(turns))
        assert set(turns) >= {date(2026, 2, 1) + timedelta(days=each) for each in range(300)}


def test_the_time_of_day_is_the_companys() -> None:
    """Nine in Shanghai is one in the morning of UTC, and nine in Berlin moves with summer time."""
    assert moments.at(date(2026, 7, 1), "09:00", ZoneInfo("Asia/Shanghai")) == datetime(2026, 7, 1, 1, tzinfo=UTC)
    assert moments.at(date(2026, 7, 1), "09:00", ZoneInfo("Europe/Berlin")) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert moments.at(date(2026, 1, 1), "09:00", ZoneInfo("Europe/Berlin")) == datetime(2026, 1, 1, 8, tzinfo=UTC)
