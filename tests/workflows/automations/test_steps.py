"""What each kind of step does beside setting and creating: find, assign, call, wait, run."""

from __future__ import annotations

from datetime import datetime, timedelta

import time_machine
from sqlalchemy import select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.tables import history, outbox
from dougong.workflows.steps import call
from tests.companies import ADMINISTRATOR, person
from tests.workflows.automations.conftest import all_runs, make, press, values, work


def test_find_assign_and_call(desk: Company) -> None:
    """Records find their client by name, get owners by rule in turn and by load, and a call each is asked for."""
    ann, bob = (str(person(desk, login, ADMINISTRATOR).user_id) for login in ("ann", "bob"))
    client = make(desk, "client", name="Wu")
    make(desk, "client", name="Wu")
    first, second = sorted((ann, bob))
    make(desk, "ticket", name="load", owner=first)
    big = [make(desk, "ticket", name=name, amount="500") for name in ("Wu", "Li", "Wu")]
    small = make(desk, "ticket", name="Small", amount="1")
    with desk.read(SYSTEM) as unit:
        automation = unit.runtime.model.workflows.automations["ticket.out"]
    assert automation
    press(desk, "ticket.out", *big, small, working=False)
    found = [values(desk, "ticket", id) for id in (*big, small)]
    assert [each["client"] and each["client"].id for each in found] == [client, None, client, None]
    assert [each["owner"].id for each in found[:3]] == [first, second, first]
    assert found[3]["owner"].id == second
    with desk.read(SYSTEM) as unit:
        calls = unit.connection.scalars(select(outbox.c.payload).where(outbox.c.job == call.JOB)).all()
        why = unit.connection.scalars(
            select(history.c.why).where(history.c.record_id == small).order_by(history.c.id.desc())
        ).first()
    assert {each["body"]["data"]["id"] for each in calls} == {*big, small}
    assert {each["body"]["data"]["amount"] for each in calls} == {"500.00", "1.00"}
    assert why == "Assigned by the rule rest, to who has the fewest"


def test_wait_and_run_another(desk: Company) -> None:
    """A run waits without failing, goes on when the time has come, and sets another automation off."""
    id = make(desk, "ticket", name="One", amount="1")
    press(desk, "ticket.later", id)
    (run,) = all_runs(desk)
    assert (run.status, values(desk, "ticket", id)["note"]) == ("waiting", None)
    with desk.read(SYSTEM) as unit:
        now = unit.now
    with time_machine.travel(now + timedelta(hours=1, minutes=59), tick=True):
        work(desk)
        assert values(desk, "ticket", id)["note"] is None
    with time_machine.travel(now + timedelta(hours=2, minutes=1), tick=True):
        work(desk)
        work(desk)
        found = values(desk, "ticket", id)
        assert (found["note"], found["amount"]) == ("rested", 2)
        later, other = all_runs(desk)
        assert (other.automation, other.way, other.cause) == ("ticket.once", ("ticket.later",), later.id)
        assert isinstance(later.ended_at, datetime)
