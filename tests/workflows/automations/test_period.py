"""What an automation would have done in a period: counted by what really happened, and nothing of it stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dougong.base.errors import Rejected
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Delete
from dougong.workflows.automations.period import Period, over
from tests.workflows.automations.conftest import change, make, press, work
from tests.workflows.automations.test_previewing import counts

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def told(company: Company, name: str, since: datetime = LONG_AGO, **more: int) -> Period:
    """A period; it must leave nothing behind."""
    before = counts(company)
    found = over(company, company.runtime().model.workflows.automations[name], since, **more)
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
