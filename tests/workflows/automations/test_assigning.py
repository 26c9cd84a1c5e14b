"""Assignment rules: who gets a record by which rule, who is left out, that turns are fair, what is foreseen."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.engine.tables import history
from dougong.workflows.assigning import previewing
from dougong.workflows.assigning.picking import in_turn
from dougong.workflows.automations.tables import turns
from tests.companies import ADMINISTRATOR, person
from tests.workflows.automations.conftest import all_runs, change, make, press, values, work
from tests.workflows.automations.test_pages import Person, boss, settings

__all__ = ["boss", "settings"]

RULE = "ticket.dispatch"

AT_WORK, AT_NIGHT = datetime(2026, 3, 11, 2, tzinfo=UTC), datetime(2026, 3, 11, 15, tzinfo=UTC)
"""A Wednesday in Shanghai, at ten in the morning and at eleven in the night."""


@pytest.fixture
def people(desk: Company) -> dict[str, str]:
    """Ann, Bob and Cai by login."""
    return {login: str(person(desk, login, ADMINISTRATOR).user_id) for login in ("ann", "bob", "cai")}


def owners(desk: Company, *ids: str) -> list[str]:
    return [values(desk, "ticket", id)["owner"].id if values(desk, "ticket", id)["owner"] else "" for id in ids]


def away(desk: Company, id: str) -> None:
    """Somebody is absent on the day of the tests."""
    absent = {"absent_from": date(2026, 3, 10), "absent_until": date(2026, 3, 12)}
    desk.write(SYSTEM, lambda unit: unit.records.save([Update("user", id, absent)]))


def why(desk: Company, id: str) -> str:
    """The latest reason in a record's history."""
    with desk.read(SYSTEM) as unit:
        latest = select(history.c.why).where(history.c.record_id == id).order_by(history.c.id.desc())
        return str(unit.connection.scalars(latest).first())


def test_rules_decide_in_order_and_the_reason_stands_in_the_history(desk: Company, people: dict[str, str]) -> None:
    """A table first, whose narrowest row wins; then who has the fewest open ones; then in turn."""
    ann, bob, cai = (people[each] for each in ("ann", "bob", "cai"))
    make(desk, "client", name="A", owner=bob)
    make(desk, "client", name="A", city="Jinan", owner=cai)
    for status in ("open", "won", "won"):
        make(desk, "ticket", name="busy", status=status, owner=ann if status == "open" else bob)
    narrow, wide, none, small = (
        make(desk, "ticket", name="N", reminded="A", note="Jinan", amount="500"),
        make(desk, "ticket", name="W", reminded="A", note="Wuhan", amount="500"),
        make(desk, "ticket", name="0", reminded="B", amount="500"),
        make(desk, "ticket", name="S", amount="1"),
    )
    with time_machine.travel(AT_WORK, tick=False):
        press(desk, RULE, narrow, wide, none, small)
    first = sorted(people.values())[0]
    assert owners(desk, narrow, wide, none, small) == [cai, bob, first, bob]
    assert why(desk, narrow) == "Assigned by the rule table, by its table"
    assert why(desk, none) == "Assigned by the rule big, in turn"
    assert why(desk, small) == "Assigned by the rule Small ones, to who has the fewest"
    (run,) = all_runs(desk)
    assert (run.automation, run.status) == (RULE, "done")


@pytest.mark.parametrize("case", ["absent", "night", "frozen"])
def test_who_is_not_there_is_left_out(desk: Company, people: dict[str, str], case: str) -> None:
    """Absent people and those who may not sign in are skipped; out of hours everybody is, and the fallback decides."""
    ann, bob, cai = (people[each] for each in ("ann", "bob", "cai"))
    if case == "absent":
        away(desk, ann)
    elif case == "frozen":
        desk.write(SYSTEM, lambda unit: unit.records.save([Update("user", ann, {"active": False})]))
    client = make(desk, "client", name="C", owner=cai)
    ids = [make(desk, "ticket", name=str(n), amount="500", client=client) for n in range(4)]
    with time_machine.travel(AT_NIGHT if case == "night" else AT_WORK, tick=False):
        press(desk, RULE, *ids)
    given = Counter(owners(desk, *ids))
    assert given == ({cai: 4} if case == "night" else {bob: 2, cai: 2})
    expected = "No rule found anybody: assigned as stated for that case" if case == "night" else "in turn"
    assert why(desk, ids[0]).endswith(expected)


def test_rows_of_an_import_are_assigned_and_others_are_not(desk: Company, people: dict[str, str]) -> None:
    """The rule is for imports: a record made by hand stays where it is, and so does one that the condition leaves."""
    importing = Actor(user_id=people["ann"], name="Ann", login="ann", channel="import")
    given = [Create("ticket", {"name": each, "amount": "500", "status": each}) for each in ("open", "won")]
    imported = [each.id for each in desk.write(importing, lambda unit: unit.records.save(given)).changes]
    before = owners(desk, *imported)
    by_hand = make(desk, "ticket", name="hand", amount="500")
    with time_machine.travel(AT_WORK, tick=False):
        work(desk)
    (run,) = all_runs(desk)
    assert run.records == (imported[0],)
    assert owners(desk, imported[0], by_hand) == [sorted(people.values())[0], ""]
    assert owners(desk, imported[1]) == before[1:]


def test_turns_are_fair_when_many_ask_at_once(desk: Company) -> None:
    """Six at the same moment, of whom nobody had the turn before: each of three people gets two."""
    candidates = sorted(f"{n}0000000-0000-0000-0000-000000000000" for n in (1, 2, 3))
    given: list[str] = []

    def one(number: int) -> None:
        given.append(desk.write(SYSTEM, lambda unit: in_turn(unit, "rule", {str(number): candidates})[str(number)]))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert Counter(given) == dict.fromkeys(candidates, 2)


def test_what_is_foreseen_is_what_happens_and_uses_no_turn_up(
    boss: Person, desk: Company, people: dict[str, str]
) -> None:
    """The preview names who gets each record, twice the same, and then they do; the page shows it."""
    ids = [make(desk, "ticket", name=f"Ticket {n}", amount="500") for n in range(3)]
    make(desk, "ticket", name="Lost one", status="lost")
    with time_machine.travel(AT_WORK, tick=False):
        with desk.read(SYSTEM) as unit:
            rule = previewing.named(unit, RULE)
            assert {row.id for row in previewing.meant(unit, rule)} == set(ids)
            first, again = (previewing.foresee(unit, rule, ids) for _ in range(2))
            assert unit.connection.scalars(select(turns.c.rule)).all() == []
        assert first == again
        page = boss.get(f"/automations/assignments/{RULE}").text
        press(desk, RULE, *ids)
    assert [each.owner for each in first] == owners(desk, *ids)
    assert "Ticket 1" in page
    assert "Assigned by the rule big, in turn" in page
    assert "Lost one" not in page
    assert "Dispatch" in boss.get("/automations/assignments").text


def test_a_change_of_owner_by_hand_is_left_alone(desk: Company, people: dict[str, str]) -> None:
    """A rule that is not for changes does nothing when somebody hands the record over."""
    id = make(desk, "ticket", name="mine", amount="500")
    change(desk, "ticket", id, owner=people["cai"])
    work(desk)
    assert owners(desk, id) == [people["cai"]]
    assert all_runs(desk) == []
