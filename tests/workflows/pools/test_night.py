"""The night: who is warned, what is taken and what is not; done twice, missed, previewed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.jobs import ask_daily
from dougong.engine.saving.batch import Create, Update
from dougong.engine.tables import history
from dougong.workflows.notices.tables import notices
from dougong.workflows.pools import facts, night, scanning
from dougong.workflows.pools.night import Night
from dougong.workflows.pools.tables import events, holds
from tests.companies import person
from tests.workflows.automations.conftest import with_setting, work
from tests.workflows.pools.conftest import aged, claimed, customer, owner, pool

TODAY = datetime.now(UTC).date() + timedelta(days=100)
"""A day on which what is made now has not been followed up for long, but has not been without a deal for a year."""


@pytest.fixture
def wang(sales: Company) -> Actor:
    """A salesperson."""
    return person(sales, "wang", "sales")


def night_of(company: Company, day: int) -> Night:
    """The night before a day: `TODAY` is 3, so that a warning of 3 is good for 10."""
    return night.carry_out(company, "account", at(day))


def at(day: int) -> date:
    """A day by its number."""
    return TODAY + timedelta(days=day - 3)


def told(company: Company) -> list[tuple[str, str]]:
    """Who was told what of pools."""
    with company.read(SYSTEM) as unit:
        asked = select(notices.c.user_id, notices.c.title).where(notices.c.kind == "pool").order_by(notices.c.id)
        return [(str(each.user_id), each.title["en"]) for each in unit.connection.execute(asked)]


def test_warned_then_taken_once(sales: Company, wang: Actor) -> None:
    """A week after the warning it is the pool's; a night done twice, or looked at before, does nothing twice."""
    id = customer(sales, str(wang.user_id), "远澜")
    assert [(each.what, each.goes) for each in night.preview(sales, "account", TODAY)] == [("warn", at(10))]
    assert told(sales) == []
    assert night_of(sales, 3) == Night(warned=(id,))
    assert night_of(sales, 3) == night_of(sales, 9) == Night()
    assert owner(sales, id) == wang.user_id
    assert [(each.what, each.goes) for each in night.preview(sales, "account", at(9))] == [("warned", at(10))]
    assert [each.what for each in night.preview(sales, "account", at(10))] == ["take"]
    assert night_of(sales, 10) == Night(taken=(id,))
    assert night_of(sales, 10) == Night()
    assert owner(sales, id) == pool(sales).account
    first, second = told(sales)
    assert (first[0], second[0]) == (wang.user_id, wang.user_id)
    assert first[1] == f"1 record goes back to Public customers on {at(10)}, unless something happens"
    assert second[1] == "1 record went back to Public customers: Not followed up for too long"


def test_the_reason_is_in_history_and_in_the_pools_events(sales: Company, wang: Actor) -> None:
    """Who lost it, by which rule, and why."""
    id = customer(sales, str(wang.user_id))
    for day in (3, 10):
        night_of(sales, day)
    with sales.read(SYSTEM) as unit:
        asked = select(events.c.event, events.c.person, events.c.by, events.c.rule, events.c.reason)
        assert unit.connection.execute(asked).one() == (
            "reclaimed", wang.user_id, None, "idle", "Not followed up for too long",
        )  # fmt: skip
        why = select(history.c.why).where(history.c.record_id == id).order_by(history.c.id.desc()).limit(1)
        assert unit.connection.scalar(why) == "Not followed up for too long"


def test_activity_begins_anew(sales: Company, wang: Actor) -> None:
    """Whoever works on the record after the warning keeps it, and is warned anew later."""
    id = customer(sales, str(wang.user_id))
    night_of(sales, 3)
    activity(sales, id, f"{at(5).isoformat()}T02:00:00Z")
    assert night_of(sales, 10) == Night()
    assert owner(sales, id) == wang.user_id
    assert night_of(sales, 90) == Night(warned=(id,))


def activity(company: Company, id: str, at: str) -> None:
    """Something done with a customer."""
    values = {"subject": "Call", "status": "done", "done_at": at}
    values["related_to"] = {"object": "account", "id": id}  # type: ignore[assignment]
    company.write(SYSTEM, lambda unit: unit.records.save([Create("activity", values)]))


def test_what_is_never_taken(sales: Company, wang: Actor) -> None:
    """A dealer is an exception; a switch that is off takes nothing; what was claimed is protected."""
    me = str(wang.user_id)
    dealer = customer(sales, me, "代理", channel_role="dealer")
    waiting = customer(sales, pool(sales).account, "公海")
    assert night_of(sales, 3) == Night()
    claimed(sales, wang, waiting)
    with sales.read(SYSTEM) as unit:
        today = facts.today(unit)
        lines = {each.id: each for each in scanning.of_records(unit, "account", [dealer, waiting], today)}
    assert (lines[dealer].what, lines[dealer].kept_by) == ("kept", "dealer")
    assert lines[waiting].protected == today + timedelta(days=15)
    with_setting(sales, "sales.customer_idle_days", 3)
    with sales.read(SYSTEM) as unit:
        (line,) = scanning.of_records(unit, "account", [waiting], today)
    assert line.due == line.protected
    with_setting(sales, "sales.reclaim_customers", False)
    assert night_of(sales, 20) == Night()


def test_levels_have_days_of_their_own(sales: Company, wang: Actor) -> None:
    """Twice as long for level A, as the formula of the rule says."""
    me = str(wang.user_id)
    ids = [customer(sales, me, name, level=level) for name, level in (("甲", "a"), ("乙", "b"))]
    aged(sales, ids, 100)
    with sales.read(SYSTEM) as unit:
        today = facts.today(unit)
        found = {each.id: each.due for each in scanning.of_records(unit, "account", ids, today)}
    assert [found[id] for id in ids] == [today + timedelta(days=80), today - timedelta(days=10)]


def test_whoever_is_away_loses_nothing(sales: Company, wang: Actor) -> None:
    """Absence moves the day; without an end there is none."""
    id = customer(sales, str(wang.user_id))
    night_of(sales, 3)
    away(sales, wang, absent_from=at(6).isoformat())
    assert night_of(sales, 10) == night_of(sales, 200) == Night()
    assert owner(sales, id) == wang.user_id
    away(sales, wang, absent_until=at(8).isoformat())
    assert night_of(sales, 12) == Night()
    assert night_of(sales, 13) == Night(taken=(id,))


def away(company: Company, actor: Actor, **values: str) -> None:
    """Let somebody be absent."""
    company.write(SYSTEM, lambda unit: unit.records.save([Update("user", str(actor.user_id), values)]))


def test_several_pools_by_criteria(sales: Company, wang: Actor) -> None:
    """A lead that was converted belongs to no pool; the others go where their condition says."""
    values = {"company": "远澜", "person": "王伟", "mobile": "13800000001", "owner": wang.user_id}
    id = sales.write(SYSTEM, lambda unit: unit.records.save([Create("lead", values)])).changes[0].id
    assert night.carry_out(sales, "lead", TODAY).warned == (id,)
    assert night.carry_out(sales, "lead", TODAY + timedelta(days=3)).taken == (id,)
    assert owner(sales, id, "lead") == pool(sales, "lead.public").account


def test_many_in_batches(sales: Company, wang: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch goes on where the one before ended; one notice for each person and batch."""
    monkeypatch.setattr(scanning, "AT_ONCE", 2)
    ids = [customer(sales, str(wang.user_id), f"客户{at}") for at in range(5)]
    assert sorted(night_of(sales, 3).warned) == sorted(ids)
    assert [text.partition(" ")[0] for _, text in told(sales)] == ["2", "2", "1"]
    assert sorted(night_of(sales, 10).taken) == sorted(ids)


def test_the_job_of_the_day_does_it(sales: Company, wang: Actor) -> None:
    """The workers ask for it once a day; what was due long ago is made up for."""
    id = customer(sales, str(wang.user_id))
    aged(sales, [id], 200)
    old = datetime.now(UTC).date() - timedelta(days=9)
    warned = {"warned_rule": "idle", "warned_due": old, "warned_on": old}
    sales.write(SYSTEM, lambda unit: unit.connection.execute(update(holds).values(**warned)))
    ask_daily(sales, datetime.now(UTC).date())
    work(sales)
    assert owner(sales, id) == pool(sales).account
