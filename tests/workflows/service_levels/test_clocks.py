"""Clocks of records: what begins, stops and pauses them, when their moments come, and that each comes once."""

from __future__ import annotations

import pytest

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Restore, Update
from dougong.engine.unit import Unit
from dougong.workflows.automations import kept
from dougong.workflows.service_levels import adopting, seeing
from dougong.workflows.service_levels.tables import clocks
from tests.engine.statements import statements_of
from tests.workflows.service_levels.conftest import at, case, change, every, moment, remove, save, tick, values


def test_a_target_out_of_a_table(support: Company) -> None:
    """The row that fits best says how long; the noon hour and the night do not count."""
    high, low = case(support, "16 10:00", priority="high"), case(support, "16 10:00", priority="low")
    assert every(support, high)[0].due_at == moment("16 15:00")
    assert every(support, low)[0].due_at == moment("17 10:00")
    assert every(support, low)[0].next_at == moment("16 15:00")
    change(support, "16 11:00", low, name="Valve")
    assert len(every(support, low)) == 1


def test_the_ladder_is_climbed_once(support: Company) -> None:
    """Rung by rung, however often the clock looks; what is done is a run like any other."""
    id = case(support, "16 10:00", priority="high")
    tick(support, "16 11:59")
    assert values(support, id)["climbed"] is None
    for _ in range(2):
        tick(support, "16 13:00")
    assert values(support, id)["climbed"] == "/half"
    tick(support, "16 15:00")
    (found,) = every(support, id)
    assert (values(support, id)["climbed"], found.state, found.missed_at) == ("/half/late", "running", found.due_at)
    with support.read(SYSTEM) as unit:
        assert [each.automation for each in kept.latest(unit, 9)] == [
            "case.answer/reply/late",
            "case.answer/reply/half",
        ]
    change(support, "16 16:00", id, status="done")
    tick(support, "30 09:00")
    (found,) = every(support, id)
    assert (values(support, id)["climbed"], found.state, found.next_at) == ("/half/late", "missed", None)


def test_a_downtime_is_made_up_for_in_order(support: Company) -> None:
    """All rungs that were missed, each once."""
    id = case(support, "16 10:00", priority="high")
    tick(support, "30 09:00")
    assert values(support, id)["climbed"] == "/half/late/week"


@pytest.mark.parametrize(("stopped", "state"), [("16 14:59", "met"), ("16 15:00", "missed"), ("17 09:00", "missed")])
def test_in_time_or_late(support: Company, stopped: str, state: str) -> None:
    """Also where nobody looked at the clock meanwhile; opened again it begins anew."""
    id = case(support, "16 10:00", priority="high")
    change(support, stopped, id, status="done")
    change(support, "18 10:00", id, status="open")
    first, second = every(support, id)
    assert (first.state, first.ended_at) == (state, moment(stopped))
    assert (second.state, second.due_at) == ("running", moment("18 15:00"))


def test_pauses_do_not_count(support: Company) -> None:
    """The moments move by the time that is waited; while it waits nothing comes."""
    id = case(support, "16 10:00", priority="high")
    change(support, "16 11:00", id, status="waiting")
    tick(support, "18 09:00")
    (found,) = every(support, id)
    assert (found.state, found.next_at, values(support, id)["climbed"]) == ("paused", None, None)
    change(support, "18 09:30", id, status="open")
    (found,) = every(support, id)
    assert (found.state, found.due_at, found.next_at) == ("running", moment("18 13:30"), moment("18 10:30"))
    change(support, "18 10:00", id, status="waiting")
    change(support, "18 11:00", id, status="done")
    assert every(support, id)[0].state == "met"


def test_a_beginning_that_becomes_another_begins_anew(support: Company) -> None:
    """With the whole ladder; a beginning of long ago climbs nothing that has passed; without one no clock runs."""
    id = case(support, "16 10:00", touched="2026-03-16T10:00:00+00:00")
    tick(support, "19 10:00")
    assert values(support, id)["climbed"].count("three") == 1
    change(support, "20 10:00", id, touched="2026-03-20T10:00:00+00:00")
    tick(support, "23 10:00")
    assert values(support, id)["climbed"].count("three") == 2 and "seven" not in values(support, id)["climbed"]
    assert [each.state for each in every(support, id, "care")] == ["anew", "running"]
    change(support, "24 10:00", id, touched=None)
    assert [each.state for each in every(support, id, "care")] == ["anew", "ended"]
    old = case(support, "24 10:00", touched="2026-03-19T10:00:00+00:00")
    tick(support, "25 10:00")
    assert "three" not in (values(support, old)["climbed"] or "")
    tick(support, "26 10:00")
    assert "seven" in values(support, old)["climbed"]


def test_days_on_which_the_owner_is_absent_do_not_count(support: Company) -> None:
    """Also where the absence becomes known after the clock began."""
    user = save(support, "16 09:00", Create("user", {"name": "Wu", "login": "wu"}))[0]
    id = case(support, "16 16:00", priority="high", owner=user)
    assert every(support, id)[0].due_at == moment("17 11:00")
    away = {"absent_from": "2026-03-17", "absent_until": "2026-03-18"}
    save(support, "16 17:00", Update("user", user, away))
    tick(support, "17 12:00")
    assert values(support, id)["climbed"] == "/half"  # two hours had been worked on the day before
    (found,) = every(support, id)
    assert (found.due_at, found.missed_at) == (moment("19 11:00"), None)


def test_what_is_deleted_or_void_has_no_clock(support: Company) -> None:
    """Out of the bin it begins again."""
    id = case(support, "16 10:00")
    change(support, "16 11:00", id, status="void")
    gone = case(support, "16 10:00")
    remove(support, "16 11:00", gone)
    tick(support, "30 09:00")
    for each in (id, gone):
        assert [found.state for found in every(support, each)] == ["ended"]
    save(support, "30 10:00", Restore("case", gone))
    assert [found.state for found in every(support, gone)] == ["ended", "running"]


def test_many_records_take_as_many_statements_as_one(support: Company) -> None:
    """An import of cases is kept in batches."""

    def counted(number: int) -> int:
        def made(unit: Unit) -> int:
            with statements_of(unit.connection) as said:
                unit.records.save([Create("case", {"name": str(each)}) for each in range(number)])
            return len([each for each in said if "dg_sla" in each])

        return at(support, "16 10:00", made)

    assert counted(2) == counted(40) == 1


def test_records_that_are_there_are_adopted(support: Company) -> None:
    """What a document says holds for them, from their beginnings; rungs that have passed are not climbed."""
    id = case(support, "16 10:00", priority="high", touched="2026-03-16T10:00:00+00:00")
    at(support, "16 10:00", lambda unit: unit.connection.execute(clocks.delete()))
    at(support, "20 10:00", lambda unit: adopting.some(unit, "case.answer", ""))
    (care,) = every(support, id, "care")
    assert (care.began_at, care.climbed, care.next_at) == (moment("16 10:00"), ("three",), moment("23 10:00"))
    assert every(support, id) == []  # nobody knows since when it would run
    change(support, "20 11:00", id, status="waiting")
    assert [(each.began_at, each.state) for each in every(support, id)] == [(moment("20 11:00"), "paused")]


def test_what_people_see(support: Company) -> None:
    """At the record each clock as it stands or ended last, with the rung to come; of many, what is due first."""
    id = case(support, "16 10:00", priority="high", touched="2026-03-16T10:00:00+00:00")
    later = case(support, "16 10:00", priority="low")
    reply, care = at(support, "16 10:00", lambda unit: seeing.of_record(unit, "case", id))
    assert (reply.rung and reply.rung.key, reply.rung_at) == ("half", moment("16 12:00"))
    assert (care.rung and care.rung.key, care.standing.due_at) == ("three", None)
    first, second = at(support, "16 10:00", seeing.soonest)
    assert [first.record, second.record] == [id, later]
    tick(support, "16 15:00")
    found = at(support, "16 15:00", lambda unit: seeing.soonest(unit))
    assert [each.record for each in found if each.standing.missed_at is not None] == [id]
    change(support, "16 16:00", id, status="done", touched=None)
    ended = at(support, "16 16:00", lambda unit: seeing.of_record(unit, "case", id))
    assert [each.standing.state for each in ended] == ["missed", "ended"]


def test_who_sees_no_record_sees_no_clock(support: Company) -> None:
    """The clocks of records of others are theirs."""
    case(support, "16 10:00", priority="high")
    someone = support.write(SYSTEM, lambda unit: unit.records.save([Create("user", {"name": "Wu", "login": "wu"})]))
    actor = Actor(user_id=someone.changes[0].id, name="Wu", login="wu")
    with support.read(actor) as unit:
        assert seeing.soonest(unit) == []
