"""Steps whose effect is elsewhere: calls that arrive outside, records that are sent for approval."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Made
from dougong.engine.tables import outbox
from dougong.metadata.automation import Automation, Trigger
from dougong.metadata.steps import Step
from dougong.workflows.approvals import service
from dougong.workflows.automations import starting
from dougong.workflows.notices.tables import deliveries
from dougong.workflows.steps import call
from tests.receivers import http_server
from tests.workflows.approvals.conftest import Office
from tests.workflows.automations.conftest import all_runs, hurry, make, press, with_automation, work

SECRET = "whsec_" + base64.b64encode(b"y" * 24).decode()


def test_a_call_arrives_signed_and_under_the_same_id_each_time(desk: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each record; a receiver that fails is called again with the same id and the same body."""
    monkeypatch.setenv("DOUGONG_SECRET_DESK", SECRET)
    desk.near = frozenset({"127.0.0.1"})
    with http_server() as calls:
        out = desk.runtime().model.workflows.automations["ticket.out"]
        step = next(each for each in out.steps if each.do == "call")
        there = replace(step, given={**step.given, "url": f"{calls.url}/hook"})
        with_automation(desk, replace(out, steps=(there,)))
        ids = [make(desk, "ticket", name=name, amount="5") for name in ("一", "Two")]
        calls.status = 503
        press(desk, "ticket.out", *ids)
        assert [run.status for run in all_runs(desk)] == ["done"]
        calls.status = 200
        hurry(desk)
        work(desk)
        hurry(desk)
        work(desk)
    told = [Webhook(SECRET).verify(each.body, each.headers) for each in calls.calls]
    assert len(told) == 4
    assert {each["data"]["id"] for each in told} == set(ids)
    assert told[0]["type"] == "automation:ticket.out"
    assert {(each["data"]["name"], each["data"]["amount"]) for each in told} == {("一", "5.00"), ("Two", "5.00")}
    by_id = {id: {each.body for each in calls.calls if each.headers["webhook-id"] == id} for id in calls.ids}
    assert [len(bodies) for bodies in by_id.values()] == [1, 1]
    with desk.read(SYSTEM) as unit:
        states = unit.connection.scalars(select(outbox.c.state).where(outbox.c.job == call.JOB)).all()
        log = unit.connection.execute(select(deliveries).where(deliveries.c.channel == "call")).all()
    assert set(states) <= {"done"}
    assert {(row.state, row.error, row.message_id) for row in log} == {("sent", None, id) for id in calls.ids}
    assert all("automation:ticket.out" in row.subject for row in log)


@pytest.fixture
def office(sales: Company) -> Office:
    """One who sells and their manager, who heads the department; an automation that sends a quote for approval."""
    found = Office(sales)
    found.hire("li", "sales_manager")
    made = [Create("department", {"name": "East", "code": "E", "head": found.id("li")})]
    department = found.write("", lambda unit: unit.records.save(made)).changes[0].id
    found.hire("wang", "sales", manager="li", department=department)
    return found


def sending(office: Office, **given: Any) -> None:
    """Let an automation send quotes for approval."""
    step = Step(key="send", do="submit", given={"approval": "quote.discount", **given})
    automation = Automation(
        name="quote.send", own="send", object="quote", label={"en": "Send"}, body={"name": "quote.send"},
        trigger=Trigger(type="button"), steps=(step,),
    )  # fmt: skip
    with_automation(office.company, automation)


def quote(office: Office, discount: str) -> str:
    """A quote of wang with one line."""
    wang = office.id("wang")
    line = {"quote": Made("q"), "name": "Box", "unit_price": "1000", "discount": discount, "tax_rate": "0"}
    changes = [
        Create("account", {"name": f"Wu {discount}", "record_type": "enterprise", "owner": wang}, key="a"),
        Create("quote", {"account": Made("a"), "owner": wang}, key="q"),
        Create("quote_line", line),
    ]
    return str(office.write("", lambda unit: unit.records.save(changes)).changes[1].id)


def test_an_automation_sends_for_approval_as_the_owner(office: Office) -> None:
    """Whose discount needs one waits for the head of the owner's department; who needs none fails with the message."""
    sending(office)
    large, small = quote(office, "0.31"), quote(office, "0.1")
    press(office.company, "quote.send", large, small)
    done, failed = sorted(all_runs(office.company), key=lambda run: run.status)
    assert (done.status, done.records, failed.status, failed.records) == ("done", (large,), "failed", (small,))
    assert failed.error is not None
    assert failed.error["problems"][0]["code"] == "approval-not-needed"
    (seen,) = office.read("wang", lambda unit: service.of_record(unit, "quote", large))
    assert (seen.approval.name, seen.initiator.id, seen.status) == ("quote.discount", office.id("wang"), "open")
    assert [row.instance for row in office.tasks("li").rows] == [seen.id]
    assert office.approve("li", seen.id).state.status == "approved"


def test_an_approval_as_who_set_it_off(office: Office) -> None:
    """Somebody who may not start it by hand is refused; where nobody set the run off, the owner is who asks."""
    sending(office, **{"as": "initiator"})
    id = quote(office, "0.31")
    automation = office.company.runtime().model.workflows.automations["quote.send"]
    office.write("li", lambda unit: starting.fire(unit, automation, [id], "button"))
    work(office.company)
    (refused,) = all_runs(office.company)
    assert refused.error is not None
    assert (refused.status, refused.error["problems"][0]["code"]) == ("failed", "approval-start")
    press(office.company, "quote.send", id)
    (seen,) = office.read("wang", lambda unit: service.of_record(unit, "quote", id))
    assert seen.initiator.id == office.id("wang")
