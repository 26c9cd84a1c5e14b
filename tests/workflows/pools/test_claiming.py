"""Claiming: who may, how many, what is seen before, and that of two at once one has it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from dougong.base.errors import DougongError, Forbidden, NotFound, Rejected
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Update
from dougong.workflows.pools import claiming, quotas, seeing
from dougong.workflows.pools.claiming import Done
from dougong.workflows.pools.tables import events, holds
from tests.companies import person
from tests.workflows.automations.conftest import with_setting
from tests.workflows.pools.conftest import claimed, customer, give, owner, pool


@pytest.fixture
def wang(sales: Company) -> Actor:
    """A salesperson."""
    return person(sales, "wang", "sales")


@pytest.fixture
def zhao(sales: Company) -> Actor:
    """Another salesperson."""
    return person(sales, "zhao", "sales")


def waiting(company: Company, *names: str, **values: object) -> list[str]:
    """Customers that wait in the public pool."""
    return [customer(company, pool(company).account, name, **values) for name in names]


def test_who_claims_owns_and_it_is_kept(sales: Company, wang: Actor) -> None:
    """The claimer is the owner; history names them, and the pool's own record of events too."""
    (id,) = waiting(sales, "远澜")
    assert claimed(sales, wang, id) == Done((id,))
    assert owner(sales, id) == wang.user_id
    with sales.read(SYSTEM) as unit:
        found = unit.connection.execute(select(events.c.event, events.c.person, events.c.pool)).all()
        gained = unit.connection.scalar(select(holds.c.gained).where(holds.c.record_id == id))
    assert [tuple(each) for each in found] == [
        ("entered", None, "account.public"), ("claimed", wang.user_id, "account.public"),
    ]  # fmt: skip
    assert gained == "claimed"


def test_only_what_is_shown_is_seen_before(sales: Company, wang: Actor) -> None:
    """The page of the pool has the shown fields and these records; lists and records of the object have neither."""
    (id,) = waiting(sales, "远澜", phone="021-88001234", industry="energy")
    mine = customer(sales, str(wang.user_id), "自己的")
    with sales.read(wang) as unit:
        looking = seeing.looking(unit, pool(sales))
        assert [row.id for row in looking.records.query(Query(object="account", columns=("name",))).rows] == [id]
        values = looking.records.get("account", id).values
        assert (values["name"], values["industry"]) == ("远澜", "energy")
        assert "phone" not in values
        for hidden in ("phone", "mobile", "owner", "days_since_contact"):
            with pytest.raises(DougongError):
                looking.records.query(Query(object="account", columns=("name",), sort=(), where=_is(hidden)))
        assert [row.id for row in looking.records.query(Query(object="account", search="021-88001234")).rows] == []
        assert [row.id for row in unit.records.query(Query(object="account")).rows] == [mine]
        with pytest.raises(NotFound):
            unit.records.get("account", id)
    change = [Update("account", id, {"name": "Mine"})]
    with pytest.raises(DougongError):
        sales.write(wang, lambda unit: seeing.looking(unit, pool(sales)).records.save(change))


def _is(field: str) -> Condition:
    return Condition(field, "is_not_blank")


def test_who_is_no_member_claims_nothing(sales: Company) -> None:
    """A reader of the sales data is no member; nor does a stranger see that the pool is there."""
    (id,) = waiting(sales, "远澜")
    reader = person(sales, "qian", "sales_reader")
    with pytest.raises(Forbidden):
        claimed(sales, reader, id)
    with sales.read(reader) as unit, pytest.raises(NotFound):
        seeing.pool_named(unit, "account.public")


def test_quotas(sales: Company, wang: Actor) -> None:
    """Of what is claimed together, as many are had as the quota allows; the others stay, with the reason."""
    with_setting(sales, "sales.claims_per_day", 3)
    with_setting(sales, "sales.customers_held", 2)
    ids = waiting(sales, "一", "二", "三", "四")
    done = claimed(sales, wang, *ids)
    assert done.ids == tuple(ids[:2])
    assert [each.code for each in done.problems] == ["pool-full", "pool-full"]
    with_setting(sales, "sales.customers_held", 50)
    done = claimed(sales, wang, *ids[2:])
    assert done.ids == (ids[2],)
    assert [each.code for each in done.problems] == ["pool-today"]
    with sales.read(wang) as unit:
        assert quotas.quota(unit, pool(sales), str(wang.user_id)) == quotas.Quota(50, 3, 3, 3)


def test_given_back_with_a_reason_and_not_claimed_at_once_again(sales: Company, wang: Actor, zhao: Actor) -> None:
    """The owner says why; they wait before they may have it again, others need not."""
    (id,) = waiting(sales, "远澜")
    claimed(sales, wang, id)
    with pytest.raises(Rejected, match="Say why"):
        sales.write(wang, lambda unit: claiming.give_back(unit, "account", id, " "))
    sales.write(wang, lambda unit: claiming.give_back(unit, "account", id, "联系不上"))
    assert owner(sales, id) == pool(sales).account
    with sales.read(SYSTEM) as unit:
        asked = select(events.c.event, events.c.person, events.c.reason).order_by(events.c.id.desc()).limit(1)
        assert unit.connection.execute(asked).one() == ("returned", wang.user_id, "联系不上")
    assert [each.code for each in claimed(sales, wang, id).problems] == ["pool-cooling"]
    assert claimed(sales, zhao, id).ids == (id,)


def test_nobody_gives_back_what_is_anothers(sales: Company, wang: Actor, zhao: Actor) -> None:
    """Neither seen nor theirs."""
    id = customer(sales, str(zhao.user_id))
    with pytest.raises(NotFound):
        sales.write(wang, lambda unit: claiming.give_back(unit, "account", id, "why"))


def test_managers_deal_out(sales: Company, wang: Actor, zhao: Actor) -> None:
    """Who may assign gives records to a person; salespeople may not."""
    ids = waiting(sales, "一", "二")
    boss = person(sales, "li", "sales_manager")
    with pytest.raises(Forbidden):
        sales.write(zhao, lambda unit: claiming.assign(unit, pool(sales), ids, str(wang.user_id)))
    done = sales.write(boss, lambda unit: claiming.assign(unit, pool(sales), ids, str(wang.user_id), "区域归属"))
    assert (done.ids, owner(sales, ids[0])) == (tuple(ids), wang.user_id)
    again = sales.write(boss, lambda unit: claiming.assign(unit, pool(sales), ids, str(zhao.user_id)))
    assert (again.ids, [each.code for each in again.problems]) == ((), ["pool-gone", "pool-gone"])


def test_a_change_of_owner_by_hand_is_kept_as_well(sales: Company, wang: Actor, zhao: Actor) -> None:
    """Whichever way a record comes into the pool or leaves it."""
    id = customer(sales, str(wang.user_id))
    for to in (pool(sales).account, str(zhao.user_id), str(wang.user_id)):
        give(sales, id, to)
    with sales.read(SYSTEM) as unit:
        found = unit.connection.execute(select(events.c.event, events.c.person).order_by(events.c.id)).all()
        assert [tuple(each) for each in found] == [("entered", wang.user_id), ("assigned", zhao.user_id)]
        assert unit.connection.scalar(select(holds.c.owner_id).where(holds.c.record_id == id)) == wang.user_id


def test_of_those_who_claim_at_once_one_has_it(sales: Company, wang: Actor, zhao: Actor) -> None:
    """However many claim a record at the same moment; and nobody gets past their quota by claiming twice at once."""
    with_setting(sales, "sales.claims_per_day", 3)
    ids = waiting(sales, *"一二三四五六")
    start, done = threading.Barrier(4), []

    def go(actor: Actor) -> None:
        start.wait()
        done.append((actor.user_id, claimed(sales, actor, *ids).ids))

    people = [threading.Thread(target=go, args=(each,)) for each in (wang, wang, zhao, zhao)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    every = [id for _, got in done for id in got]
    assert sorted(every) == sorted(ids)
    for who in (wang, zhao):
        mine = {id for user, got in done if user == who.user_id for id in got}
        assert len(mine) == 3
        assert {owner(sales, id) for id in mine} == {who.user_id}
