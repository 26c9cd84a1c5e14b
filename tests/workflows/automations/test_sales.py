"""The automations of sales-core: who is reminded of what, and that a switch turns each off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.workflows.automations import clock
from dougong.workflows.notices.tables import notices
from dougong.workflows.service_levels import climbing, seeing
from tests.companies import person
from tests.workflows.automations.conftest import all_runs, hurry, make, values, with_setting, work


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


def test_who_is_silent_is_reminded_of(sales: Company) -> None:
    """Two weeks: the owner; three: the manager too; a month: the manager's task. An activity begins anew."""
    boss = str(person(sales, "boss").user_id)
    li = str(person(sales, "li", manager=boss).user_id)
    account = make(sales, "account", name="Wu Pumps", record_type="enterprise")
    deal = make(sales, "opportunity", name="Pumps", account=account, stage="qualify", owner=li)

    def visit(day: str) -> None:
        about = {"related_to": Reference("opportunity", deal), "kind": "visit", "status": "done"}
        given = Create("activity", {**about, "subject": "Visit", "done_at": datetime.fromisoformat(day)}, read=True)
        sales.write(SYSTEM, lambda unit: unit.records.save([given]))

    visit("2026-03-02T04:00Z")
    for day in ("2026-03-13", "2026-03-16", "2026-03-17"):
        look(sales, "opportunity.follow_up", day)
    assert told(sales) == [(li, "14 days without activity: Pumps")]
    look(sales, "opportunity.follow_up", "2026-03-23")
    assert sorted(told(sales)[1:]) == sorted((each, "21 days without activity: Pumps") for each in (li, boss))
    look(sales, "opportunity.follow_up", "2026-04-01")
    assert (told(sales)[3:], tasks(sales)) == (
        [(li, "30 days without activity: Pumps")],
        [("A month without activity: Pumps", boss, deal)],
    )
    visit("2026-04-06T04:00Z")
    look(sales, "opportunity.follow_up", "2026-04-20")
    assert told(sales)[4:] == [(li, "14 days without activity: Pumps")]


def test_who_was_never_active_is_reminded_of(sales: Company) -> None:
    """A deal that nobody has worked on climbs the same ladder from the day it was made, each rung once."""
    boss = str(person(sales, "boss").user_id)
    li = str(person(sales, "li", manager=boss).user_id)
    account = make(sales, "account", name="Wu Pumps", record_type="enterprise")
    deal = make(sales, "opportunity", name="Pumps", account=account, stage="qualify", owner=li)
    begun = values(sales, "opportunity", deal)["created_at"].date()
    for after in range(7, 50):
        look(sales, "opportunity.no_first_activity", (begun + timedelta(days=after)).isoformat())
    said = [(li, 14), (li, 21), (boss, 21), (li, 30)]
    assert sorted(told(sales)) == sorted((who, f"{days} days without activity: Pumps") for who, days in said)
    assert tasks(sales) == [("A month without activity: Pumps", boss, deal)]


def test_who_is_silent_for_a_month_loses_the_deal_where_the_settings_say_so(sales: Company) -> None:
    """The manager becomes the owner, after the task."""
    with_setting(sales, "sales.reassign_deals", True)
    boss = str(person(sales, "boss").user_id)
    li = str(person(sales, "li", manager=boss).user_id)
    account = make(sales, "account", name="Wu Pumps", record_type="enterprise")
    deal = make(sales, "opportunity", name="Pumps", account=account, stage="qualify", owner=li)
    begun = values(sales, "opportunity", deal)["created_at"].date()
    for after in range(28, 36):
        look(sales, "opportunity.no_first_activity", (begun + timedelta(days=after)).isoformat())
    assert values(sales, "opportunity", deal)["owner"].id == boss and len(tasks(sales)) == 1


def test_a_new_lead_is_contacted_in_time_or_climbs_the_ladder(sales: Company) -> None:
    """Three quarters: the owner; all: the manager too; twice the time: somebody else, where the settings say so."""
    with_setting(sales, "sales.reassign_leads", True)
    boss = str(person(sales, "boss").user_id)
    li = str(person(sales, "li", manager=boss).user_id)
    silent = make(sales, "lead", name="Silent", owner=li)
    quick = make(sales, "lead", name="Quick", owner=li)
    about = {"related_to": Reference("lead", quick), "kind": "call", "status": "done", "subject": "Call"}
    activity = Create("activity", {**about, "done_at": datetime.now(UTC)}, read=True)
    sales.write(SYSTEM, lambda unit: unit.records.save([activity]))

    def standing(lead: str) -> tuple[str, list[str]]:
        with sales.read(SYSTEM) as unit:
            (found,) = seeing.of_record(unit, "lead", lead)
            return found.standing.state, [*found.standing.climbed]

    def later(days: int) -> None:
        def then(unit: Unit) -> int:
            now = unit.now + timedelta(days=days)
            return climbing.some(Unit(unit.company, unit.connection, unit.runtime, SYSTEM, now))

        sales.write(SYSTEM, then)
        hurry(sales)
        work(sales)

    assert standing(quick) == ("met", [])
    later(20)
    assert standing(silent) == ("running", ["owner", "manager", "others"])
    assert sorted(told(sales)) == sorted(
        [(li, "A lead waits for its first contact: Silent")]
        + [(each, "A lead was not contacted in time: Silent") for each in (li, boss)]
    )
    assert all_runs(sales)[-1].automation == "lead.first_contact/contact/others"
    sales.write(SYSTEM, lambda unit: unit.records.save([Update("lead", silent, {"status": "contacting"})]))
    assert standing(silent)[0] == "missed"


def leads(company: Company, *industries: str | None) -> list[str]:
    """New leads that wait for an owner."""
    queue = company.runtime().model.rights.queues["new_leads"].record
    given = {"name": "A lead", "company": "Wu", "person": "Wu", "owner": queue}
    made = [
        Create("lead", {**given, "mobile": f"1380000000{n}", "industry": each}) for n, each in enumerate(industries)
    ]
    return [each.id for each in company.write(SYSTEM, lambda unit: unit.records.save(made)).changes]


def test_leads_are_dispatched_where_switched_on(sales: Company) -> None:
    """Those of the state go to the manager who has the fewest, the others to sales people in turn; each is told."""
    with_setting(sales, "sales.dispatch_leads", True)
    managers = [str(person(sales, login, "sales_manager").user_id) for login in ("zhou", "xu")]
    sellers = sorted(str(person(sales, login, "sales").user_id) for login in ("li", "wang"))
    ids = leads(sales, "government", "finance", None, None, None)
    look(sales, "lead.dispatch", "2026-03-11")
    owners = [values(sales, "lead", id)["owner"].id for id in ids]
    assert sorted(owners[:2]) == sorted(managers)
    assert sorted(owners[2:]) in ([sellers[0], sellers[0], sellers[1]], [sellers[0], sellers[1], sellers[1]])
    assert sorted(who for who, _ in told(sales)) == sorted(owners)
    (later,) = leads(sales, None)
    look(sales, "lead.dispatch", "2026-03-12")
    given = [*owners[2:], values(sales, "lead", later)["owner"].id]
    assert [given.count(each) for each in sellers] == [2, 2]


def test_the_dispatch_table_goes_before_the_industry(sales: Company) -> None:
    """Of the lines that fit, the one with the fewest blanks decides; what fits none goes by industry."""
    with_setting(sales, "sales.dispatch_leads", True)
    east, finance, anybody = (str(person(sales, login, "sales").user_id) for login in ("li", "wang", "zhao"))
    lines = [("east", None, east), ("east", "finance", finance)]
    made = [Create("lead_dispatch", {"region": r, "industry": i, "responsible": who}) for r, i, who in lines]
    sales.write(SYSTEM, lambda unit: unit.records.save(made))
    ids = leads(sales, "finance", "energy", "energy")
    there = zip(ids, ("east", "east", "south"), strict=True)
    regions = [Update("lead", id, {"region": region}) for id, region in there]
    sales.write(SYSTEM, lambda unit: unit.records.save(regions))
    look(sales, "lead.dispatch", "2026-03-11")
    owners = [values(sales, "lead", id)["owner"].id for id in ids]
    assert owners[:2] == [finance, east]
    assert owners[2] in (east, finance, anybody)


def test_leads_are_not_dispatched_unless_switched_on(sales: Company) -> None:
    """The package leaves leads where they are: a company switches the dispatch on."""
    person(sales, "li", "sales")
    (lead,) = leads(sales, None)
    look(sales, "lead.dispatch", "2026-03-11")
    assert values(sales, "lead", lead)["owner"].id == sales.runtime().model.rights.queues["new_leads"].record
