"""What the clock does to those who do not act, and what comes of those who leave: by table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dougong.metadata.approval import PeopleRules, TimeLimit
from dougong.workflows.approvals.machine import REMINDED_EVERY
from dougong.workflows.approvals.state import (
    Approve,
    HandOver,
    Invalidate,
    Remind,
    Reminded,
    Rescue,
    Stranded,
    Submit,
    Sweep,
    TimeOut,
    Timer,
)
from tests.workflows.approvals.office import Case, asks, chart, rule
from tests.workflows.approvals.ways import Move, forked, line, office, refused


def late(then: Any, **more: Any) -> Case:
    """Ann and Bob, whose eight hours are over; what they name is Cat and Dan."""
    limit = TimeLimit(after="8h", remind_every="2h", then=then, to=more.pop("to", (rule("cat"), rule("dan"))))
    world = office(managers={"ann": "boss", "bob": "boss"})
    case = Case(chart("one", one=asks("ann", "bob", timeout=limit, **more)), world)
    case.office.now += timedelta(hours=8)
    return case.act(TimeOut(visit=1))


@pytest.mark.parametrize(
    ("then", "more", "status", "turns"),
    [
        ("remind", {}, "open", {"ann", "bob"}),
        ("pass", {}, "approved", set()),
        ("reject", {}, "rejected", set()),
        ("reject", {"mode": "any", "reject": "all"}, "rejected", set()),
        ("escalate", {}, "open", {"ann", "bob", "cat", "dan"}),
        ("escalate", {"to": ()}, "open", {"ann", "bob", "boss"}),
        ("hand_over", {}, "open", {"cat", "dan"}),
        ("hand_over", {"to": (rule("cat"),)}, "open", {"cat"}),
        ("hand_over", {"to": (rule("none"),)}, "open", {"ann", "bob"}),
    ],
)
def test_time_runs_out(then: Any, more: dict[str, Any], status: str, turns: set[str]) -> None:
    case = late(then, **more)
    assert (case.status, case.turns) == (status, turns)
    state = case.state
    assert case.act(TimeOut(visit=1)).state == state, "once"


@pytest.mark.parametrize(
    ("then", "more", "reminded"),
    [
        ("remind", {}, {"ann", "bob"}),
        ("pass", {}, set()),
        ("reject", {}, set()),
        ("escalate", {}, {"cat", "dan"}),
        ("escalate", {"to": ()}, {"boss"}),
        ("escalate", {"to": (rule("none"),)}, {"ann", "bob"}),
        ("hand_over", {}, {"cat", "dan"}),
        ("hand_over", {"to": (rule("cat"),)}, {"cat"}),
        ("hand_over", {"to": (rule("none"),)}, {"ann", "bob"}),
    ],
)
def test_whom_the_clock_reminds_once_time_has_run_out(then: Any, more: dict[str, Any], reminded: set[str]) -> None:
    """It goes on with whoever was asked instead; who let the time pass hears of it again only where nobody was."""
    case = late(then, **more)
    case.office.now += timedelta(hours=2)
    case.act(Remind(by="", visit=1))
    assert {each.entry.person for each in case.effects if isinstance(each, Reminded)} == reminded
    assert any(isinstance(each, Timer) for each in case.effects) == bool(reminded), "as long as somebody is asked"


def test_a_colleague_may_still_remind_who_let_the_time_pass() -> None:
    case = late("escalate")
    case.office.now += REMINDED_EVERY
    case.act(Remind(by="ivy"))
    assert {each.entry.person for each in case.effects if isinstance(each, Reminded)} == {"ann", "bob", "cat", "dan"}


def test_the_clock_turns_back_to_who_was_late_where_those_above_are_gone() -> None:
    case = late("escalate", to=())
    case.office.gone.add("boss")
    case.act(Sweep())
    case.act(Remind(by="", visit=1))
    assert {each.entry.person for each in case.effects if isinstance(each, Reminded)} == {"ann", "bob"}


def test_the_first_of_the_two_decides_for_both() -> None:
    case = late("escalate", to=()).approves("boss")
    assert case.entry("bob").status == "void"
    case.act(Approve(entry=case.part("boss"), by="boss"))
    assert case.status == "approved"


def test_before_its_time_nothing_happens() -> None:
    limit = TimeLimit(after="8h", then="pass")
    case = Case(chart("one", one=asks("ann", timeout=limit)), office())
    assert [each for each in case.effects if isinstance(each, Timer)] == [
        Timer(1, "due", case.office.now + timedelta(hours=8))
    ]
    case.office.now += timedelta(hours=7)
    assert case.act(TimeOut(visit=1)).status == "open"


def test_reminders() -> None:
    case = line()
    case.act(Remind(by="ivy"))
    assert [each.entry.person for each in case.effects if isinstance(each, Reminded)] == ["ann"]
    assert refused(lambda: case.act(Remind(by="ivy"))) == "approval-reminded"
    case.office.now += REMINDED_EVERY
    case.act(Remind(by="ivy"))
    assert refused(lambda: case.act(Remind(by="eve"))) == "approval-not-involved"
    assert refused(lambda: case.act(Remind(by="ann"))) == "approval-own-turn"
    case.act(Approve(entry=case.part("ann"), by="ann"))
    case.act(Remind(by="ann"))
    assert {each.entry.person for each in case.effects if isinstance(each, Reminded)} == {"bob", "cat"}
    timed = late("remind").act(Remind(by="", visit=1))
    assert [type(each).__name__ for each in timed.effects] == ["Reminded", "Reminded", "Timer"]


# -- who leaves -------------------------------------------------------------------------------------------------------
def test_who_has_left_is_replaced() -> None:
    world = office(addresses={"role:chief": ("eve",)}, rules={"pair": ("ann", "bob"), "lead": ("cat",)})
    people = PeopleRules(nobody=("role:chief",))
    case = Case(chart("one", one=asks("pair", "lead"), people=people), world)
    world.gone |= {"ann"}
    assert case.act(Sweep()).turns == {"bob", "cat"}, "the rule has another voice"
    world.gone |= {"cat"}
    world.rules["lead"] = ("dan",)
    assert case.act(Sweep()).turns == {"bob", "dan"}, "the rule finds somebody else by now"
    world.gone |= {"dan"}
    assert case.act(Sweep()).turns == {"bob", "eve"}, "who stands in"


def test_who_left_while_they_waited_is_replaced_when_their_turn_comes() -> None:
    """They had no task yet, so that nothing of theirs was found when they left."""
    world = office(addresses={"role:chief": ("eve",)})
    people = PeopleRules(nobody=("role:chief",))
    case = Case(chart("one", one=asks("ann", "bob", "cat", mode="sequence"), people=people), world)
    world.gone.add("bob")
    world.away["cat"] = "dan"
    assert case.approves("ann").turns == {"eve"}
    assert case.approves("eve").turns == {"dan"}
    assert case.entry("dan").stands_for == "cat"
    assert case.approves("dan").status == "approved"


def test_nobody_left_is_told_and_rescued() -> None:
    case = Case(chart("one", one=asks("ann")), office())
    case.office.gone.add("ann")
    case.act(Sweep())
    assert [type(each) for each in case.effects] == [Stranded]
    case.act(Rescue(by="root", entry=case.part("ann"), to="eve"))
    assert case.approves("eve").status == "approved"


def test_who_goes_on_leave_is_stood_in_for() -> None:
    case = Case(chart("one", one=asks("ann")), office())
    case.office.away["ann"] = "bob"
    assert case.act(Sweep()).turns == {"bob"}
    assert case.entry("bob").stands_for == "ann"


def test_a_hundred_tasks_of_one_who_left_all_go_elsewhere() -> None:
    world = office(addresses={"role:chief": ("eve",)})
    people = PeopleRules(nobody=("role:chief",))
    cases = [Case(chart("one", one=asks("ann"), people=people), world) for _ in range(100)]
    world.gone.add("ann")
    assert all(each.act(Sweep()).turns == {"eve"} for each in cases)
    assert all(each.entry("ann").why == "inactive" for each in cases)


@pytest.mark.parametrize(
    "move",
    [lambda case: case.act(Rescue(by="root", end="cancelled")), lambda case: case.act(Invalidate(reason="edited"))],
)
def test_ended_from_outside(move: Move) -> None:
    case = forked().approves("ann")
    move(case)
    assert (case.status, case.turns) == ("cancelled", set())
    assert refused(lambda: case.act(Submit(by="ivy"))) == "approval-ended"
    assert refused(lambda: case.act(HandOver(entry="3.1", by="bob", to="eve"))) == "approval-ended"
