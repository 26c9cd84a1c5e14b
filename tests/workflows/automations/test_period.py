"""What an automation would have done in a period: counted by what really happened, and nothing of it stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Delete
from dougong.formulas import FieldInfo, Formula, NamedFields, Type, compile
from dougong.workflows.automations import happened
from dougong.workflows.automations.happened import Span
from dougong.workflows.automations.period import Limits, Period, over
from tests.engine.statements import statements_of
from tests.workflows.automations.conftest import change, make, press, with_automation, work
from tests.workflows.automations.test_previewing import counts

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def told(company: Company, name: str, since: datetime = LONG_AGO, **more: Any) -> Period:
    """A period; it must leave nothing behind."""
    before = counts(company)
    with company.read(SYSTEM) as unit:
        found = over(unit, unit.runtime.model.workflows.automations[name], since, Limits(**more))
    assert counts(company) == before
    return found


def test_a_condition_is_asked_with_the_values_of_then(desk: Company) -> None:
    """Won, lost, won again: twice for the one, though it is lost now; the other changed something else alone."""
    first, other = (make(desk, "ticket", name=name, amount="5") for name in ("One", "Two"))
    for status in ("won", "lost", "won", "lost"):
        change(desk, "ticket", first, status=status)
    change(desk, "ticket", other, amount="6")
    work(desk)
    found = told(desk, "ticket.won")
    assert (found.fired, found.records, found.complete) == (2, 1, True)
    (one,) = found.rehearsed
    assert one.event.record == first and one.preview is not None
    assert [each.path for each in one.preview.steps] == ["note", "entry", "tell"]


def test_only_the_period_counts_and_the_sample_is_bounded(desk: Company) -> None:
    """What came before is not looked at; of many records the latest are rehearsed; a deleted one is counted."""
    ids = [make(desk, "ticket", name=name, amount="5") for name in ("One", "Two", "Three")]
    for id in ids:
        change(desk, "ticket", id, status="won")
    desk.write(SYSTEM, lambda unit: unit.records.save([Delete("ticket", ids[2])]))
    found = told(desk, "ticket.won", rehearse=1)
    assert (found.fired, found.records, len(found.rehearsed)) == (3, 3, 1)
    assert found.rehearsed[0].problems and found.rehearsed[0].preview is None
    assert told(desk, "ticket.won", datetime.now(UTC) + timedelta(hours=1)).seen == 0


def test_dates_of_the_period(desk: Company) -> None:
    """Each offset whose turn came in the period is one; those of other days are none."""
    today = datetime.now(UTC).date()
    near = make(desk, "ticket", name="near", due=(today - timedelta(days=3)).isoformat())
    make(desk, "ticket", name="far", due=(today + timedelta(days=300)).isoformat())
    found = told(desk, "ticket.remind", datetime.now(UTC) - timedelta(days=30))
    assert found.records == 1 and found.fired >= 2 and {each.event.record for each in found.rehearsed} == {near}


def test_what_buttons_asked_for_and_what_cannot_be_told(desk: Company) -> None:
    """A run that somebody asked for is an event; what is set while saving is refused."""
    id = make(desk, "ticket", name="Small", amount="50")
    press(desk, "ticket.sort", id)
    assert [each.event.record for each in told(desk, "ticket.sort").rehearsed] == [id]
    before = next(each.name for each in desk.runtime().model.workflows.automations.values() if each.trigger.before_save)
    with pytest.raises(Rejected):
        told(desk, before)


def condition(text: str) -> Formula:
    """A condition that sees the city of a ticket's client."""
    return compile(text, NamedFields({("client", "city"): FieldInfo(Type.TEXT)}), "boolean")


def test_many_changes_take_as_many_statements_as_few(desk: Company) -> None:
    """What a condition sees behind lookups is loaded once for all changes, each of which is judged for itself."""
    won = desk.runtime().model.workflows.automations["ticket.won"]
    near = with_automation(desk, replace(won, when=condition('client.city = "Jinan"')))
    counts: list[int] = []
    for there in (1, 4):
        for number in range(len(counts), there):
            for city in ("Jinan", "Wuhan"):
                client = make(desk, "client", name=f"{city} {number}", city=city)
                change(desk, "ticket", make(desk, "ticket", name=city, client=client), status="won")
        with desk.read(SYSTEM) as unit, statements_of(unit.connection) as said:
            events = list(happened.events(unit, near, Span(since=LONG_AGO, until=unit.now)))
        assert sum(each is not None for each in events) == there
        counts.append(len(said))
    assert counts[0] == counts[1]


def test_one_that_a_setting_switches_off_is_shown_as_if_it_were_on(desk: Company) -> None:
    """The remark says that it is off, and the events are counted all the same."""
    won = desk.runtime().model.workflows.automations["ticket.won"]
    off = with_automation(desk, replace(won, active=condition("FALSE")))
    change(desk, "ticket", make(desk, "ticket", name="One", amount="5"), status="won")
    found = told(desk, off.name)
    assert (found.fired, len(found.rehearsed)) == (1, 1)
    assert any("switched off" in each.to("en") for each in found.remarks)
