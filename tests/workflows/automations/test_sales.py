"""The automations of sales-core: who is reminded of what, and that a switch turns each off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create
from dougong.workflows.automations import clock
from dougong.workflows.notices.tables import notices
from tests.companies import person
from tests.workflows.automations.conftest import make, values, work


def look(company: Company, name: str, day: str) -> None:
    """Let the clock look at an automation over one day, and let what it set off run."""
    automation = company.runtime().model.workflows.automations[name]
    begin = datetime.fromisoformat(f"{day}T00:00Z")
    clock.look(company, automation, begin, begin + timedelta(days=1))
    work(company)


def told(company: Company) -> list[tuple[str, str]]:
    """Who was told what."""
    with company.read(SYSTEM) as unit:
        found = unit.connection.execute(select(notices.c.user_id, notices.c.title).order_by(notices.c.id))
        return [(str(each.user_id), each.title["en"]) for each in found]


def tasks(company: Company) -> list[tuple[Any, ...]]:
    """Subject, owner and related record of every task."""
    with company.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="task", columns=("subject", "owner", "related_to"))).rows
        return [(row.values[0], row.values[1].id, row.values[2].id) for row in rows]


def test_payments_are_reminded_of(sales: Company) -> None:
    """A week before and on the day the owner is told; ten days late their manager has a task at the contract."""
    boss = str(person(sales, "boss").user_id)
    li = str(person(sales, "li", manager=boss).user_id)
    account = make(sales, "account", name="Wu Pumps", record_type="enterprise")
    contract = make(sales, "contract", name="Pumps 2026", account=account, owner=li, amount="100")
    plan = make(sales, "payment_plan", contract=contract, name="First", due_on="2026-03-11", amount="100", owner=li)
    assert plan
    for day in ("2026-03-04", "2026-03-05", "2026-03-11"):
        look(sales, "payment_plan.reminders", day)
    assert told(sales) == [(li, "Payment due on 2026-03-11: Pumps 2026")] * 2
    assert tasks(sales) == []
    look(sales, "payment_plan.reminders", "2026-03-23")
    assert tasks(sales) == [("Overdue payment: Pumps 2026", boss, contract)]


def test_birthdays_are_remembered(sales: Company) -> None:
    """The owner of a contact has a task on the day, at the contact."""
    li = str(person(sales, "li").user_id)
    account = make(sales, "account", name="Wu Pumps", record_type="enterprise")
    contact = make(sales, "contact", name="Wang Wei", account=account, birth_date="1990-03-11", owner=li)
    look(sales, "contact.birthday", "2026-03-11")
    assert tasks(sales) == [("Birthday: Wang Wei", li, contact)]


def test_leads_are_not_dispatched_unless_switched_on(sales: Company) -> None:
    """The package leaves leads where they are: a company switches the dispatch on."""
    person(sales, "li", "sales")
    queue = sales.runtime().model.rights.queues["new_leads"].record
    given = {"name": "A lead", "company": "Wu", "person": "Wu", "mobile": "13800000000", "owner": queue}
    lead = sales.write(SYSTEM, lambda unit: unit.records.save([Create("lead", given)])).changes[0].id
    look(sales, "lead.dispatch", "2026-03-11")
    assert values(sales, "lead", lead)["owner"].id == queue
