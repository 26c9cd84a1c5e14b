"""Runs at the pages: who sets one off by a button, what stands there, how a failed one goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.web import sessions
from dougong.web.app import create_app, make_site
from tests.companies import ADMINISTRATOR, person
from tests.web.conftest import Person, settings
from tests.workflows.automations.conftest import all_runs, change, make, press, values, with_automation, work

__all__ = ["settings"]


@pytest.fixture
def boss(desk: Company, settings: Settings) -> Iterator[Person]:
    """An administrator of the desk, signed in."""
    yield from signed_in(desk, settings, "boss", ADMINISTRATOR)


def signed_in(desk: Company, settings: Settings, login: str, *roles: str) -> Iterator[Person]:
    """Somebody at the desk's pages."""
    user = str(person(desk, login, *roles, language="en", time_zone="UTC").user_id)
    app = create_app(make_site(settings, desk), chain.from_iterable(desk.hooks.pages()))
    token = desk.write(SYSTEM, lambda unit: sessions.begin(unit, user, "test", "127.0.0.1"))
    with TestClient(app, base_url="http://testserver") as client:
        client.cookies.set(sessions.cookie_name(False), token)
        yield Person(client, desk, user)


def test_a_button_sets_an_automation_off(boss: Person, desk: Company) -> None:
    """The record offers it; pressing it asks for the run of this record alone."""
    id = make(desk, "ticket", name="One", amount="500")
    page = boss.get(f"/o/ticket/{id}")
    assert "Sort it" in page.text
    sent = boss.form(f"/o/ticket/{id}/edit") | {}
    answer = boss.post(f"/o/ticket/{id}/run/sort", {"csrf": sent["csrf"]})
    assert answer.headers["location"] == f"/o/ticket/{id}"
    work(desk)
    assert values(desk, "ticket", id)["reminded"] == "big"
    (run,) = all_runs(desk)
    assert (run.event, run.actor_id) == ("button", boss.user_id)


def test_a_failed_run_says_why_and_is_resumed(boss: Person, desk: Company) -> None:
    """The list and the run tell the rule's message; resuming lets it go on after the last step that was done."""
    id = make(desk, "ticket", name="bad")
    change(desk, "ticket", id, status="won")
    work(desk)
    (run,) = all_runs(desk)
    listed = boss.get("/automations/runs?show=failed").text
    assert "No bad notes" in listed
    assert f"/automations/runs/{run.id}" in listed
    assert "No runs here" in boss.get("/automations/runs?show=done").text
    shown = boss.get(f"/automations/runs/{run.id}").text
    assert "No bad notes" in shown
    assert "&#34;do&#34;: &#34;set&#34;" in shown
    change(desk, "ticket", id, name="good")
    csrf = boss.form(f"/o/ticket/{id}/edit")["csrf"]
    boss.post(f"/automations/runs/{run.id}/resume", {"csrf": csrf})
    work(desk)
    assert values(desk, "ticket", id)["note"] == "won: good"
    assert boss.post(f"/automations/runs/{run.id}/resume", {"csrf": csrf}).status_code == 409
    assert boss.post("/automations/runs/nothing/resume", {"csrf": csrf}).status_code == 409
    assert boss.get("/automations/runs/nothing").status_code == 404
    assert boss.get("/automations/runs?before=nothing").status_code == 200


def test_an_ended_run_is_run_again_from_its_start(boss: Person, desk: Company) -> None:
    """As a new run of whoever asks, each naming the other; the page says that nothing is undone."""
    id = make(desk, "ticket", name="One", amount="5")
    for _ in range(3):
        press(desk, "ticket.once", id)
    first, second = all_runs(desk)
    assert str(values(desk, "ticket", id)["amount"]) == "7.00"
    page = boss.get(f"/automations/runs/{first.id}")
    assert "What this run did is not undone" in page.text
    csrf = boss.form(f"/o/ticket/{id}/edit")["csrf"]
    answer = boss.post(f"/automations/runs/{first.id}/again", {"csrf": csrf})
    *_, made = all_runs(desk)
    assert answer.headers["location"] == f"/automations/runs/{made.id}"
    assert (made.repeats, made.actor_id, made.records, made.trigger) == (
        first.id, boss.user_id, first.records, first.trigger
    )  # fmt: skip
    assert boss.post(f"/automations/runs/{made.id}/again", {"csrf": csrf}).status_code == 409
    work(desk)
    assert str(values(desk, "ticket", id)["amount"]) == "8.00"
    assert f'href="/automations/runs/{made.id}"' in boss.get(f"/automations/runs/{first.id}").text
    assert f'href="/automations/runs/{first.id}"' in boss.get(f"/automations/runs/{made.id}").text
    assert boss.post("/automations/runs/nothing/again", {"csrf": csrf}).status_code == 404
    assert boss.post(f"/automations/runs/{second.id}/again", {}, sec_fetch_site="cross-site").status_code == 403


def test_runs_again_count_for_the_day_and_know_when_they_cannot(boss: Person, desk: Company) -> None:
    """What a person repeats is one less for the automation; one that is gone cannot be run again."""
    id = make(desk, "ticket", name="One", amount="5")
    press(desk, "ticket.once", id)
    (run,) = all_runs(desk)
    csrf = boss.form(f"/o/ticket/{id}/edit")["csrf"]
    boss.post(f"/automations/runs/{run.id}/again", {"csrf": csrf})
    press(desk, "ticket.once", id)
    assert len(all_runs(desk)) == 2
    once = desk.runtime().model.workflows.automations["ticket.once"]
    with_automation(desk, replace(once, object="client"))
    assert "no longer there" in boss.post(f"/automations/runs/{run.id}/again", {"csrf": csrf}).text
    assert len(all_runs(desk)) == 2


def test_runs_are_for_those_who_look_after_work(desk: Company, settings: Settings) -> None:
    """Somebody without the right sees no runs."""
    for somebody in signed_in(desk, settings, "li"):
        assert somebody.get("/automations/runs").status_code == 403


def test_the_administration_leads_to_the_runs(boss: Person, desk: Company, settings: Settings) -> None:
    """Whoever looks after background work finds them in the navigation; nobody else is shown the way."""
    way = 'href="/automations/runs"'
    assert way in boss.get("/jobs").text
    assert way in boss.get("/automations/runs").text
    for somebody in signed_in(desk, settings, "li"):
        assert way not in somebody.get("/").text
