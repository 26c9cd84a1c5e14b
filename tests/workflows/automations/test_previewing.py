"""Previews: what an automation would do is told, and nothing of it stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from dougong.base.errors import Rejected
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.tables import history, outbox
from dougong.workflows.automations.previewing import Preview, preview
from dougong.workflows.automations.tables import occurrences, runs, turns
from dougong.workflows.notices.tables import deliveries, notices
from tests.companies import ADMINISTRATOR, person
from tests.workflows.automations.conftest import change, make, press, values, with_automation, work


def counts(company: Company) -> list[int]:
    """How much there is of everything that an automation leaves behind."""
    tables = (history, outbox, runs, turns, occurrences, notices, deliveries)
    with company.read(SYSTEM) as unit:
        return [int(unit.connection.scalar(select(func.count()).select_from(each)) or 0) for each in tables]


def foreseen(company: Company, name: str, id: str, **given: Any) -> Preview:
    """A preview; it must leave nothing behind."""
    before = counts(company)
    found = preview(company, company.runtime().model.workflows.automations[name], id, **given)
    assert counts(company) == before
    return found


def test_what_would_be_written_and_told(desk: Company) -> None:
    """Each step with the fields before and after; later steps see what earlier ones would have done."""
    li = person(desk, "li", ADMINISTRATOR)
    id = make(desk, "ticket", name="One", amount="5", owner=li.user_id, status="won")
    found = foreseen(desk, "ticket.won", id)
    note, entry, tell = found.steps
    (changed,), (created,) = note.written, entry.written
    assert (changed.object, changed.id, changed.action) == ("ticket", id, "change")
    assert changed.fields["note"] == (None, "won: One")
    assert (created.object, created.action, created.fields["name"]) == ("entry", "create", (None, "won 5"))
    assert [(each.user, each.title["en"]) for each in tell.told] == [(li.user_id, "Won: One")]
    assert found.people == {li.user_id: "Li"}
    assert [remark.to("en") for remark in found.remarks] == ["Its condition asks what changed: it is taken to hold."]
    assert values(desk, "ticket", id)["note"] is None


def test_a_preview_is_what_then_happens(desk: Company) -> None:
    """Ways, loops and what is written in them; the run that follows writes the same."""
    id = make(desk, "ticket", name="Small", amount="50")
    entries = [make(desk, "entry", name=f"E{n}", ticket=id, hours=str(n)) for n in (1, 99)]
    found = foreseen(desk, "ticket.sort", id)
    assert [each.path for each in found.steps] == ["kind", "kind/otherwise/mark_small", "each", "each/finish"]
    told = {
        (each.id, name): after
        for step in found.steps
        for each in step.written
        for name, (_, after) in each.fields.items()
    }
    press(desk, "ticket.sort", id)
    assert told == {(id, "reminded"): "small", (entries[0], "done"): True, (entries[0], "name"): "Small/E1"}
    for (record, name), after in told.items():
        assert values(desk, "ticket" if record == id else "entry", record)[name] == after


def test_calls_waits_and_others_are_told_and_not_made(desk: Company) -> None:
    """What would be called with which data, until when it would wait, what it would set off."""
    for login in ("ann", "bob"):
        person(desk, login, ADMINISTRATOR)
    id = make(desk, "ticket", name="Wu", amount="500")
    (made,) = foreseen(desk, "ticket.out", id).steps[-1].calls
    assert (made["url"], made["body"]["data"]["name"]) == ("https://example.com/hook", "Wu")
    later = foreseen(desk, "ticket.later", id)
    assert [each.sets_off for each in later.steps] == [(), (), ("ticket.once",)]
    assert "until" in later.steps[0].output
    work(desk)
    assert values(desk, "ticket", id)["amount"] == 500


def test_what_would_fail_says_why(desk: Company) -> None:
    """The rule's message; what comes after is not shown."""
    id = make(desk, "ticket", name="bad", status="won")
    (failed,) = foreseen(desk, "ticket.won", id).steps
    assert failed.problems[0].text("zh-CN") == "备注不合规"


def test_whom_it_is_not_for(desk: Company) -> None:
    """Where the condition does not hold, nothing would be done."""
    found = foreseen(desk, "ticket.sort", make(desk, "ticket", name="Lost", status="lost"))
    assert (found.meant, found.steps) == (False, ())


def test_dates_and_switches(desk: Company) -> None:
    """$Trigger means the offset that is asked for and the day that belongs to the record's date; off is said."""
    id = make(desk, "ticket", name="One", due="2026-03-11")
    automation = desk.runtime().model.workflows.automations["ticket.remind"]
    with_automation(desk, replace(automation, active=False))
    found = foreseen(desk, "ticket.remind", id, offset="2 working days")
    assert found.steps[0].written[0].fields["reminded"] == (None, "2@2026-03-13")
    assert [remark.to("en") for remark in found.remarks] == [
        "It is switched off: this is what it would do if it were on."
    ]
    first = foreseen(desk, "ticket.remind", id)
    assert first.steps[0].written[0].fields["reminded"] == (None, "-7@2026-03-04")


@pytest.mark.parametrize(
    ("name", "offset", "code"),
    [("ticket.level", None, "preview-before-save"), ("ticket.remind", "5d", "preview-offset")],
)
def test_what_cannot_be_previewed_is_refused(desk: Company, name: str, offset: str | None, code: str) -> None:
    id = make(desk, "ticket", name="One")
    with pytest.raises(Rejected) as caught:
        foreseen(desk, name, id, offset=offset)
    assert [each.code for each in caught.value.problems] == [code]


def test_limits_are_not_used_up(desk: Company) -> None:
    """However often it is previewed, it runs as often as it may."""
    id = make(desk, "ticket", name="One", amount="1")
    for _ in range(3):
        foreseen(desk, "ticket.once", id)
    press(desk, "ticket.once", id)
    change(desk, "ticket", id, name="Two")
    assert values(desk, "ticket", id)["amount"] == 2
