"""Runs that stand still and go on: tried again where it may pass, resumed where it failed; as whom one acts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Update
from dougong.workflows.automations import guard, kept, runs
from dougong.workflows.steps.create import CreateRecord
from dougong.workflows.steps.doing import Doing
from tests.companies import ADMINISTRATOR, person
from tests.workflows.automations.conftest import (
    all_runs,
    change,
    hurry,
    make,
    press,
    values,
    with_automation,
    work,
)


def trouble(monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """Let making records fail so often as a database fails that is away; the key of each try."""
    tried: list[str] = []
    done = CreateRecord.run

    def run(step: CreateRecord, doing: Doing) -> Any:
        tried.append(doing.key)
        answer = done(step, doing)
        if len(tried) <= times:
            raise OperationalError("SELECT 1", {}, Exception("the server is away"))
        return answer

    monkeypatch.setattr(CreateRecord, "run", run)
    return tried


def entries(company: Company) -> int:
    """How many entries there are."""
    with company.read(SYSTEM) as unit:
        return unit.records.count(Query(object="entry")).number


def test_what_may_pass_is_tried_again(desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A try that the database broke leaves nothing; the next goes on at the same step under the same key."""
    tried = trouble(monkeypatch, times=2)
    id = make(desk, "ticket", name="One")
    change(desk, "ticket", id, status="won")
    for done in (0, 0, 1):
        work(desk)
        assert entries(desk) == done
        hurry(desk)
    (run,) = all_runs(desk)
    assert (run.status, len(tried), set(tried)) == ("done", 3, {f"{run.id}:entry"})
    with desk.read(SYSTEM) as unit:
        assert [(each.path, each.attempt, each.state) for each in kept.notes_of(unit, run.id)] == [
            ("note", 1, "done"), ("entry", 1, "failed"), ("entry", 2, "failed"), ("entry", 3, "done"),
            ("tell", 1, "done"),
        ]  # fmt: skip
    assert values(desk, "ticket", id)["note"] == "won: One"


def test_what_does_not_pass_fails_and_is_resumed(desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last try the run has failed and says why; nothing is tried any more until it is resumed."""
    tried = trouble(monkeypatch, times=runs.ATTEMPTS)
    change(desk, "ticket", make(desk, "ticket", name="One"), status="won")
    for _ in range(runs.ATTEMPTS + 2):
        work(desk)
        hurry(desk)
    (run,) = all_runs(desk)
    assert (run.status, len(tried), entries(desk)) == ("failed", runs.ATTEMPTS, 0)
    assert run.error is not None
    assert "the server is away" in run.error["problems"][0]["text"]["en"]
    assert desk.write(SYSTEM, lambda unit: runs.resume(unit, run.id))
    work(desk)
    assert ([each.status for each in all_runs(desk)], entries(desk)) == (["done"], 1)
    assert not desk.write(SYSTEM, lambda unit: runs.resume(unit, run.id))


def test_a_stopped_run_is_resumed_where_its_cause_is_mended(desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that the guard stopped does its work once, and what it sets off is held to the same bound."""
    monkeypatch.setattr(guard, "DEEPEST", 2)
    ticket = make(desk, "ticket", name="One")
    entry = make(desk, "entry", name="E", ticket=ticket, hours="98")
    change(desk, "entry", entry, hours="200")
    work(desk)
    stopped = all_runs(desk)[-1]
    assert (stopped.status, values(desk, "entry", entry)["hours"]) == ("stopped", 202)
    automation = desk.runtime().model.workflows.automations["entry.ping"]
    with_automation(desk, replace(automation, trigger=replace(automation.trigger, fields=frozenset({"name"}))))
    assert desk.write(SYSTEM, lambda unit: runs.resume(unit, stopped.id))
    work(desk)
    assert [run.status for run in all_runs(desk)] == ["done"] * 3
    assert values(desk, "entry", entry)["hours"] == 203


def test_a_run_whose_automation_is_gone_is_stopped_until_it_is_back(desk: Company) -> None:
    """It says so, and does its work when it is resumed after the automation has come back."""
    automation = desk.runtime().model.workflows.automations["ticket.won"]
    id = make(desk, "ticket", name="One")
    change(desk, "ticket", id, status="won")
    with_automation(desk, replace(automation, name="ticket.other"))
    everything = desk.runtime()
    left = {name: each for name, each in everything.model.workflows.automations.items() if name != "ticket.won"}
    without = replace(everything.model, workflows=replace(everything.model.workflows, automations=left))
    desk.remember(replace(everything, model=without, prepared={}))
    work(desk)
    (run,) = all_runs(desk)
    assert run.error is not None
    assert (run.status, run.error["problems"][0]["code"]) == ("stopped", "automation-gone")
    with_automation(desk, automation)
    desk.write(SYSTEM, lambda unit: runs.resume(unit, run.id))
    work(desk)
    assert ([each.status for each in all_runs(desk)], values(desk, "ticket", id)["note"]) == (["done"], "won: One")


@pytest.mark.parametrize(
    ("roles", "code"), [((ADMINISTRATOR,), None), ((), "record-missing"), (None, "run-person-gone")]
)
def test_a_run_acts_as_the_person_who_set_it_off(
    desk: Company, roles: tuple[str, ...] | None, code: str | None
) -> None:
    """What they may do is done in their name; what they may not do fails; who may not sign in does nothing."""
    with_automation(desk, replace(desk.runtime().model.workflows.automations["ticket.won"], run_as="person"))
    li = person(desk, "li", ADMINISTRATOR)
    id = make(desk, "ticket", name="One", owner=li.user_id)
    desk.write(li, lambda unit: unit.records.save([Update("ticket", id, {"status": "won"})]))
    if roles is None:
        change(desk, "user", str(li.user_id), active=False)
    elif not roles:
        change(desk, "user", str(li.user_id), roles=[])
    work(desk)
    (run,) = all_runs(desk)
    if code is None:
        assert (run.status, values(desk, "ticket", id)["updated_by"].id) == ("done", li.user_id)
        return
    assert run.error is not None
    assert (run.status, run.error["problems"][0]["code"]) == ("failed", code)
    assert (values(desk, "ticket", id)["note"], entries(desk)) == (None, 0)
    change(desk, "user", str(li.user_id), active=True, roles=[ADMINISTRATOR])
    desk.write(SYSTEM, lambda unit: runs.resume(unit, run.id))
    work(desk)
    assert [each.status for each in all_runs(desk)] == ["done"]


def test_by_hand_nobody_is_acted_as(desk: Company) -> None:
    """An automation that acts as a person fails where no person set it off."""
    with_automation(desk, replace(desk.runtime().model.workflows.automations["ticket.once"], run_as="person"))
    press(desk, "ticket.once", make(desk, "ticket", name="One", amount="1"))
    (run,) = all_runs(desk)
    assert run.error is not None
    assert (run.status, run.error["problems"][0]["code"]) == ("failed", "run-person-gone")


def test_a_run_goes_on_with_the_definition_that_it_was_asked_for_with(desk: Company) -> None:
    """What is published while it waits is for later runs."""
    automation = desk.runtime().model.workflows.automations["ticket.won"]
    change(desk, "ticket", make(desk, "ticket", name="One"), status="won")
    none = replace(automation, steps=(), body={**automation.body, "steps": []})
    with_automation(desk, none)
    change(desk, "ticket", make(desk, "ticket", name="Two"), status="won")
    work(desk)
    first, second = all_runs(desk)
    assert (first.status, second.status, entries(desk)) == ("done", "done", 1)
    assert first.hash != second.hash
