"""Automations that set each other off are stopped, named and reported; what is no loop is left alone."""

from __future__ import annotations

from sqlalchemy import select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.workflows.automations.guard import DEEPEST
from dougong.workflows.notices.tables import notices
from tests.companies import ADMINISTRATOR, person
from tests.workflows.automations.conftest import all_runs, change, make, work


def test_a_cycle_of_three_is_stopped(desk: Company) -> None:
    """Three automations in a circle come to rest; the last run names who set it off, and an administrator is told."""
    boss = person(desk, "boss", ADMINISTRATOR)
    client = make(desk, "client", name="Wu")
    ticket = make(desk, "ticket", name="One", client=client)
    change(desk, "client", client, favourite=ticket)
    change(desk, "client", client, city="loop")
    work(desk)
    found = all_runs(desk)
    assert [run.depth for run in found] == list(range(DEEPEST + 1))
    assert {run.status for run in found[:-1]} == {"done"}
    last = found[-1]
    assert (last.status, last.chain) == ("stopped", found[0].id)
    assert last.way[:4] == ("client.one", "ticket.two", "ticket.three", "client.one")
    assert last.error is not None
    said = last.error["problems"][0]
    assert said["code"] == "automation-loop"
    assert "“Two” set off “Three”" in said["text"]["en"]
    with desk.read(SYSTEM) as unit:
        told = unit.connection.execute(select(notices.c.user_id, notices.c.title, notices.c.url)).all()
    assert [(each.user_id, each.title["en"]) for each in told] == [(boss.user_id, "An automation was stopped: Three")]
    assert told[0].url == f"/automations/runs/{last.id}"


def test_one_that_sets_itself_off_is_stopped(desk: Company) -> None:
    """An automation that changes what it listens to runs so often and no more."""
    ticket = make(desk, "ticket", name="One")
    entry = make(desk, "entry", name="E", ticket=ticket, hours="1")
    change(desk, "entry", entry, hours="200")
    work(desk)
    assert [run.status for run in all_runs(desk)] == ["done"] * DEEPEST + ["stopped"]
