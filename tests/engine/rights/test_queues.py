"""Queues: users of a kind of their own that own records, and what is taken out of them by one person alone."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from dougong.base.errors import BadRequest, Conflict, DougongError, Forbidden, NotFound, Rejected
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.handover.carrying import preview
from dougong.engine.handover.rules import Handover
from dougong.engine.plan import plan
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Query
from dougong.engine.rights.explaining import explain
from dougong.engine.saving.batch import Create, Take, Update
from dougong.engine.saving.past import history
from dougong.engine.transfer import sheets
from dougong.engine.transfer.importing import run_import
from dougong.metadata.trees import Tree
from tests.companies import ADMINISTRATOR, person


def queue_of(company: Company, name: str = "new_leads") -> str:
    return company.runtime().model.rights.queues[name].record


def lead(company: Company, owner: str, name: str = "Waiting") -> str:
    values = {"company": name, "owner": owner}
    return company.write(SYSTEM, lambda unit: unit.records.save([Create("lead", values)])).changes[0].id


def owner_of(company: Company, id: str) -> str:
    with company.read(SYSTEM) as unit:
        return str(unit.records.get("lead", id).values["owner"].id)


def save(company: Company, actor: Actor, *changes: Any) -> Any:
    return company.write(actor, lambda unit: unit.records.save(changes))


def sees(company: Company, actor: Actor, id: str) -> bool:
    with company.read(actor) as unit:
        return id in {row.id for row in unit.records.query(Query(object="lead", limit=100)).rows}


def test_a_queue_of_the_metadata_is_a_user_who_is_nobody(sales: Company) -> None:
    """It has a name and a kind, no login, rights or language; it may not be made, changed or signed in as."""
    queue = queue_of(sales)
    with sales.read(SYSTEM) as unit:
        values = unit.records.get("user", queue).values
    assert (values["name"], values["kind"], values["queue"], values["active"]) == (
        "Unassigned leads", "queue", "new_leads", True,
    )  # fmt: skip
    assert not any(values[name] for name in ("login", "email", "roles", "language", "time_zone"))
    for change in (
        Update("user", queue, {"name": "Mine"}),
        Update("user", queue, {"kind": "internal"}),
        Update("user", queue, {"login": "queue"}),
        Update("user", queue, {"roles": ["system_administrator"]}),
        Create("user", {"name": "Another", "kind": "queue"}),
        Create("user", {"name": "Somebody", "queue_members": [queue]}),
    ):
        with pytest.raises(Rejected) as refused:
            save(sales, SYSTEM, change)
        assert {each.code for each in refused.value.problems} <= {
            "queue-of-metadata", "queue-no-person", "queue-alone", "lookup-queue", "choice-retired",
        }  # fmt: skip


def test_owners_alone_are_queues_and_of_their_objects_alone(sales: Company) -> None:
    """No other field names one, and an object that does not say so is owned by people."""
    queue, emma = queue_of(sales), person(sales, "emma", "sales")
    assert owner_of(sales, lead(sales, queue)) == queue
    for change in (
        Create("account", {"name": "Acme", "record_type": "enterprise", "owner": queue}),
        Update("user", emma.user_id or "", {"manager": queue}),
        Create("group", {"name": "All", "members": [queue]}),
    ):
        with pytest.raises(Rejected) as refused:
            save(sales, SYSTEM, change)
        assert [each.code for each in refused.value.problems] == ["lookup-queue"]


def test_members_see_take_and_give_back_without_the_right_to_transfer(sales: Company) -> None:
    """By their role or by name; who is no member sees nothing of it."""
    queue, emma, lin = queue_of(sales), person(sales, "emma", "sales"), person(sales, "lin", "sales")
    guest = person(sales, "guest", "sales_reader")
    id = lead(sales, queue)
    assert sees(sales, emma, id)
    with pytest.raises(Forbidden):
        save(sales, emma, Update("lead", id, {"company": "Other"}))
    save(sales, emma, Take("lead", id))
    assert owner_of(sales, id) == emma.user_id
    assert not sees(sales, lin, id)
    with pytest.raises(Conflict) as refused:
        save(sales, lin, Take("lead", id))
    assert "Emma" in str(refused.value.problems[0].reason)
    with pytest.raises(Forbidden):
        save(sales, emma, Update("lead", id, {"owner": lin.user_id}))
    save(sales, emma, Update("lead", id, {"owner": queue}))
    assert sees(sales, lin, id)
    with pytest.raises((Forbidden, NotFound)):
        save(sales, guest, Take("lead", id))


def test_the_people_of_a_queue_are_values_of_its_record(sales: Company) -> None:
    """Those named there see at once, and no more when they are taken out; the log says who was given what."""
    queue, una = queue_of(sales), person(sales, "una", "sales_operations")
    stranger = person(sales, "stranger", permission_sets=["sales_work", "work_basics"])
    id = lead(sales, queue)
    assert not sees(sales, stranger, id)
    save(sales, SYSTEM, Update("user", queue, {"queue_members": [stranger.user_id, una.user_id]}))
    assert sees(sales, stranger, id)
    with pytest.raises(Forbidden):
        save(sales, una, Update("user", queue, {"queue_members": []}))
    save(sales, SYSTEM, Update("user", queue, {"queue_members": []}))
    assert not sees(sales, stranger, id)


def test_of_two_who_take_at_once_one_has_it_and_the_others_are_told_who(sales: Company) -> None:
    """Real threads on real connections; the loser names the winner, whom alone the record and its history know."""
    queue, id = queue_of(sales), ""
    takers = [person(sales, f"taker.{each}", "sales") for each in range(4)]
    id = lead(sales, queue)
    start, told = threading.Barrier(len(takers), timeout=20), {}

    def take(actor: Actor) -> None:
        start.wait()
        try:
            save(sales, actor, Take("lead", id))
            told[actor.user_id] = ""
        except Conflict as taken:
            told[actor.user_id] = str(taken.problems[0].reason)

    threads = [threading.Thread(target=take, args=(each,)) for each in takers]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    winners = [each for each in takers if told[each.user_id] == ""]
    assert [each.user_id for each in winners] == [owner_of(sales, id)]
    assert {said for said in told.values() if said} == {f"{winners[0].name} has this record."}
    with sales.read(SYSTEM) as unit:
        past = [each.changes["owner"] for each in history(unit, "lead", id).changes if "owner" in each.changes]
    assert [(old.id if old else None, new.id) for old, new in past] == [(queue, winners[0].user_id), (None, queue)]


def test_the_reasons_name_the_queue(sales: Company) -> None:
    """Why a member sees a record, and why a queue itself may nothing."""
    queue, emma = queue_of(sales), person(sales, "emma", "sales")
    id = lead(sales, queue)
    with sales.read(SYSTEM) as unit:
        seen = explain(unit, emma.user_id or "", "lead", id)
        nobody = explain(unit, queue, "lead", id)
    assert seen.allowed
    assert ("rows-queue", True) in {(each.kind, each.holds) for each in seen.reasons}
    assert not nobody.allowed
    assert "queue" in str(nobody.reasons[0].text)


def test_a_queue_that_leaves_the_metadata_is_switched_off_and_comes_back(sales: Company) -> None:
    """It keeps what it owns; nobody takes from it meanwhile, and the plan says how many records wait."""
    queue, emma = queue_of(sales), person(sales, "emma", "sales")
    id = lead(sales, queue)
    with sales.read(SYSTEM) as unit:
        whole = revisions.tree_of(unit.connection, revisions.head(unit.connection))
    without = Tree.of(each for address, each in whole.components.items() if address != "queue:new_leads")
    effects = plan(sales, Publication(tree=without)).effects
    assert ("queue-retired", 1) in {(each.code, each.count) for each in effects}
    publish(sales, Publication(tree=without))
    with sales.read(SYSTEM) as unit:
        values = unit.records.get("user", queue).values
    assert (values["active"], values["queue"], owner_of(sales, id)) == (False, None, queue)
    assert not sees(sales, emma, id)
    publish(sales, Publication(tree=whole))
    assert sees(sales, emma, id)
    save(sales, emma, Take("lead", id))


def test_an_import_names_a_queue_like_any_owner(sales: Company) -> None:
    """By its name; one that may not own the record is refused in its row."""
    emma = person(sales, "emma", "sales_operations")
    data = b"company,owner\nAcme,Unassigned leads\nOther,Emma\n"
    columns = {"company": {"field": "company"}, "owner": {"field": "owner", "look_up": ["name"]}}
    mapping = {"kind": "import_mapping", "name": "lead.file", "object": "lead", "columns": columns}
    report = run_import(sales, SYSTEM, sheets.read("leads.csv", data), mapping=mapping)
    assert not report.problems
    with sales.read(SYSTEM) as unit:
        found = unit.records.query(Query(object="lead", columns=("company", "owner"), limit=10)).rows
    assert {(row.values[0], row.values[1].id) for row in found} == {
        ("Acme", queue_of(sales)), ("Other", emma.user_id),
    }  # fmt: skip


def test_who_leaves_takes_no_more(sales: Company) -> None:
    """A handover says of how many queues; a queue takes nothing over, and its own records are no leaver's."""
    queue, emma, lin = queue_of(sales), person(sales, "emma", "sales"), person(sales, "lin", "sales")
    boss, id = person(sales, "boss", ADMINISTRATOR), lead(sales, queue)
    save(sales, SYSTEM, Update("user", queue, {"queue_members": [emma.user_id]}))
    told = preview(sales, boss, Handover(emma.user_id or "", (lin.user_id or "",)))
    assert (told.queues, told.total) == (1, 0)
    with pytest.raises(BadRequest):
        preview(sales, boss, Handover(emma.user_id or "", (queue,)))
    save(sales, SYSTEM, Update("user", emma.user_id or "", {"frozen": True}))
    with pytest.raises(DougongError):
        save(sales, emma, Take("lead", id))
    assert owner_of(sales, id) == queue
