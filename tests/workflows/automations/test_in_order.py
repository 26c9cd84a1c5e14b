"""Calls of one address about one record arrive in the order of the changes, whatever is tried again meanwhile."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from dougong.engine import revisions, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.jobs import perform
from dougong.metadata.building.automations import build_automation
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.workflows.automations import ordering
from dougong.workflows.automations import runs as carrying_out
from dougong.workflows.steps import call
from dougong.workflows.steps.set_fields import SetFields
from tests.receivers import Calls, http_server
from tests.workflows.automations.conftest import all_runs, change, hurry, make, with_automation, work

SECRET = "whsec_" + base64.b64encode(b"y" * 24).decode()
NOTE = {"key": "note", "do": "set", "with": {"note": '"seen"'}}


@pytest.fixture
def calls(desk: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """What is told of each change of a ticket's level."""
    monkeypatch.setenv("DOUGONG_SECRET_DESK", SECRET)
    desk.near = frozenset({"127.0.0.1"})
    with http_server() as found:
        yield found


def telling(company: Company, calls: Calls, *before: dict[str, Any], name: str = "tell", **more: Any) -> None:
    """Let each change of a level be told outside, after other steps."""
    given = {"url": f"{calls.url}/hook", "signing_secret": "desk", "body": {"name": "name", "level": "level"}, **more}
    body = {
        "trigger": {"type": "record", "on": ["change"], "fields": ["level"]},
        "steps": [*before, {"key": "call", "do": "call", "with": given}],
    }
    with company.read(SYSTEM) as unit:
        index = Index(effective(revisions.tree_of(unit.connection, unit.runtime.revision)))
    with_automation(company, build_automation(index, f"ticket.{name}", body))


def tickets(company: Company, *names: str) -> list[str]:
    """Tickets of these names."""
    return [make(company, "ticket", name=name) for name in names]


def levels(company: Company, ids: list[str], *levels: str) -> None:
    """Give each ticket one level after the other."""
    for level in levels:
        for id in ids:
            change(company, "ticket", id, level=level)


def arrived(calls: Calls) -> list[str]:
    """The tickets that calls tell of, in the order of arrival."""
    return [each.json["data"]["name"] for each in calls.calls]


def runs_first(company: Company) -> list[str]:
    """Work off the runs in the order in which they were asked for, and no calls: the ids of the calls."""
    its = tables.outbox.c
    with company.read(SYSTEM) as unit:
        rows = unit.connection.execute(tables.outbox.select().where(its.state == "ready").order_by(its.id)).all()
    for row in rows:
        if row.job == carrying_out.JOB:
            assert perform(company, row.id)
    with company.read(SYSTEM) as unit:
        asked = tables.outbox.select().where(its.job == call.JOB).order_by(its.id)
        return [row.id for row in unit.connection.execute(asked)]


def test_a_call_waits_for_those_of_its_record_that_are_tried_again(desk: Company, calls: Calls) -> None:
    """The other record's go on; what waited follows in the order of the changes when the first has arrived."""
    telling(desk, calls)
    one, two = tickets(desk, "one", "two")
    calls.status = 503
    levels(desk, [one], "1")
    work(desk)
    calls.status = 200
    levels(desk, [one, two], "2", "3")
    work(desk)
    assert arrived(calls) == ["one", "two", "two"]
    hurry(desk)
    work(desk)
    told = [(each["name"], each["level"]) for each in (call.json["data"] for call in calls.calls)]
    assert told == [("one", "1"), ("two", "3"), ("two", "3"), ("one", "1"), ("one", "3"), ("one", "3")]
    assert calls.ids[0] == calls.ids[3]


def test_a_dead_letter_lets_the_next_go(desk: Company, calls: Calls) -> None:
    """It is asked for again by whoever decides about it."""
    telling(desk, calls)
    (one,) = tickets(desk, "one")
    levels(desk, [one], "1")
    (first,) = runs_first(desk)
    levels(desk, [one], "2")
    calls.status = 500
    for _ in range(call.CALL.attempts):
        hurry(desk)
        perform(desk, first)
    assert set(calls.ids) == {f"call_{first}"}
    calls.status = 200
    work(desk)
    assert len(set(calls.ids)) == 2


def test_a_later_change_is_not_told_before_an_earlier_one(
    desk: Company, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that the database broke is tried again before a later one about the record asks for its call."""
    telling(desk, calls, NOTE)
    one, two = tickets(desk, "one", "two")
    done, broken = SetFields.run, ["once"]

    def run(step: SetFields, doing: Any) -> Any:
        if broken and one in doing.ids:
            broken.clear()
            raise OSError("the database is away")
        return done(step, doing)

    monkeypatch.setattr(SetFields, "run", run)
    levels(desk, [one, two], "1", "2")
    work(desk)
    assert arrived(calls) == ["two", "two"]
    assert [run.status for run in all_runs(desk) if run.records == (two,)] == ["done", "done"]
    hurry(desk)
    work(desk)
    assert arrived(calls) == ["two", "two", "one", "one"]
    assert [run.status for run in all_runs(desk)] == ["done"] * 4


def test_a_run_that_waits_by_itself_lets_later_ones_go(desk: Company, calls: Calls) -> None:
    """Its call is told when it is asked for."""
    telling(desk, calls, {"key": "later", "do": "wait", "with": {"for": "3d"}})
    (one,) = tickets(desk, "one")
    levels(desk, [one], "1")
    work(desk)
    telling(desk, calls)
    levels(desk, [one], "2")
    work(desk)
    assert arrived(calls) == ["one"]


@pytest.mark.parametrize(
    ("key", "first"), [("client", ["b"]), ('"all"', []), ('""', ["a2", "b"]), (None, ["a2", "b"])], ids=str
)
def test_the_key_says_what_is_in_order(desk: Company, calls: Calls, key: str | None, first: list[str]) -> None:
    """Of one client, of everything, of nothing; of the record where nothing is said."""
    telling(desk, calls, **({"order_key": key} if key is not None else {}))
    clients = [make(desk, "client", name=name) for name in ("A", "B")]
    a1, a2 = (make(desk, "ticket", name=name, client=clients[0]) for name in ("a1", "a2"))
    b = make(desk, "ticket", name="b", client=clients[1])
    calls.status = 503
    levels(desk, [a1], "1")
    work(desk)
    calls.status = 200
    levels(desk, [a2, b], "1")
    work(desk)
    assert arrived(calls) == ["a1", *first]
    hurry(desk)
    work(desk)
    assert sorted(arrived(calls)) == ["a1", "a1", "a2", "b"]
    if key == '"all"':
        assert arrived(calls) == ["a1", "a1", "a2", "b"]


def test_runs_of_one_key_wait_for_each_other(desk: Company, calls: Calls) -> None:
    """So do those of automations that set others off which call; whoever calls nothing stands in no lane."""
    telling(desk, calls, order_key="client")
    client = make(desk, "client", name="A")
    ids = [make(desk, "ticket", name=name, client=client) for name in ("one", "two")]
    every = desk.runtime().model.workflows.automations
    with desk.read(SYSTEM) as unit:
        first, second = (set(ordering.lanes_of(unit, every["ticket.tell"], [id], {})) for id in ids)
        assert len(first) == 2 and len(first & second) == 1
        assert ordering.lanes_of(unit, every["ticket.won"], ids, {}) == []
    levels(desk, ids, "1")
    with desk.read(SYSTEM) as unit:
        its = tables.outbox.c
        earlier, later = unit.connection.scalars(
            tables.outbox.select().with_only_columns(its.id).where(its.job == carrying_out.JOB).order_by(its.id)
        ).all()
    assert not perform(desk, later)
    assert perform(desk, earlier)
    assert perform(desk, later)


def test_a_resumed_run_stands_in_its_lanes_again(desk: Company, calls: Calls) -> None:
    """Behind those that came meanwhile."""
    refusing = {"key": "bad", "do": "set", "with": {"note": '"won: bad"'}}
    telling(desk, calls, refusing)
    (one,) = tickets(desk, "one")
    levels(desk, [one], "1")
    work(desk)
    (run,) = all_runs(desk)
    assert run.status == "failed"
    telling(desk, calls)
    levels(desk, [one], "2")
    desk.write(SYSTEM, lambda unit: carrying_out.resume(unit, run.id))
    with desk.read(SYSTEM) as unit:
        its = tables.outbox.c
        asked = tables.outbox.select().where(its.job == carrying_out.JOB, its.state == "ready").order_by(its.id)
        meanwhile, resumed = unit.connection.execute(asked).all()
    assert resumed.ordered
    assert not perform(desk, resumed.id)
    assert perform(desk, meanwhile.id)
    assert perform(desk, resumed.id)
