"""Who is asked: the initiator, the absent, who approved already, who is chosen, and who is still to come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.metadata.approval import PeopleRules
from dougong.workflows.approvals.machine import ahead
from dougong.workflows.approvals.state import (
    State,
)
from tests.workflows.approvals.office import Case, asks, chart, node, rule
from tests.workflows.approvals.ways import forked, office, refused


@pytest.mark.parametrize(
    ("how", "asked"),
    [("skip", {"bob"}), ("next_manager", {"boss", "bob"}), ("department_head", {"head", "bob"})],
)
def test_the_initiator_is_no_approver(how: Any, asked: set[str]) -> None:
    world = office(managers={"ivy": "boss"}, heads={"ivy": "head"})
    case = Case(chart("one", one=asks("ivy", "bob"), people=PeopleRules(initiator_is_approver=how)), world)
    assert case.turns == asked


@pytest.mark.parametrize("how", ["skip", "next_manager", "department_head"])
def test_an_initiator_who_is_alone_is_nobody(how: Any) -> None:
    world = office(heads={"ivy": "ivy"}, addresses={"role:chief": ("ivy", "eve")})
    people = PeopleRules(initiator_is_approver=how, nobody=("role:empty", "role:chief", "refuse"))
    assert Case(chart("one", one=asks("ivy"), people=people), world).turns == {"eve"}
    strict = chart("one", one=asks("ivy"), people=PeopleRules(initiator_is_approver=how))
    assert refused(lambda: Case(strict, world)) == "approval-nobody"


@pytest.mark.parametrize(("mode", "asked"), [("any", {"bob"}), ("all", {"ann", "bob"}), ("vote", {"ann", "bob"})])
def test_who_stands_in_for_the_initiator_never_decides_alone(mode: Any, asked: set[str]) -> None:
    world = office(away={"ivy": "ann"}, addresses={"role:chief": ("eve",)})
    assert Case(chart("one", one=asks("ann", "bob", mode=mode)), world).turns == asked
    alone = chart("one", one=asks("ann", mode=mode), people=PeopleRules(nobody=("role:chief",)))
    assert Case(alone, world).turns == {"eve"}


@pytest.mark.parametrize(
    ("absent", "away", "asked", "stands_for"),
    [
        ("delegate", {"ann": "bob"}, "bob", "ann"),
        ("delegate", {"ann": "ann"}, "ann", None),
        ("delegate", {"ann": "ivy"}, "ann", None),
        ("wait", {"ann": "bob"}, "ann", None),
    ],
)
def test_the_absent(absent: Any, away: dict[str, str], asked: str, stands_for: str | None) -> None:
    case = Case(chart("one", one=asks("ann"), people=PeopleRules(absent=absent)), office(away=away))
    assert [(each.person, each.stands_for) for each in case.last.entries] == [(asked, stands_for)]


def test_all_steps_that_find_nobody_are_named_at_the_start() -> None:
    approval = chart("one", one=asks("ann", next="two"), two=asks("none", next="three"), three=asks("none"))
    with pytest.raises(DougongError) as error:
        Case(approval, office())
    assert [each.thing for each in error.value.problems] == ["two", "three"]


@pytest.mark.parametrize(("mode", "asked"), [("any", {"ann"}), ("all", {"ann", "eve"}), ("sequence", {"ann"})])
def test_a_rule_that_finds_nobody_is_replaced_where_its_voice_counts(mode: Any, asked: set[str]) -> None:
    world = office(addresses={"role:chief": ("eve",)})
    case = Case(chart("one", one=asks("ann", "none", mode=mode), people=PeopleRules(nobody=("role:chief",))), world)
    assert case.turns == asked


@pytest.mark.parametrize(
    ("how", "changed", "turns"),
    [("skip", False, {"bob"}), ("skip", True, {"ann", "bob"}), ("repeat", False, {"ann", "bob"})],
)
def test_who_approved_already_is_passed_over(how: Any, changed: bool, turns: set[str]) -> None:
    approval = chart("one", one=asks("ann", next="two"), two=asks("ann", "bob"), people=PeopleRules(same_person=how))
    case = Case(approval, office())
    if changed:
        case.office.changed_at = case.office.now + timedelta(hours=1)
    assert case.approves("ann").turns == turns


@pytest.mark.parametrize(("how", "asked"), [("skip", 1), ("repeat", 2)])
def test_somebody_found_twice_at_a_step(how: Any, asked: int) -> None:
    approval = chart("one", one=asks("ann", rule("ann", key="again")), people=PeopleRules(same_person=how))
    case = Case(approval, office())
    assert sum(each.status == "open" for each in case.last.entries) == asked


# -- chosen people ----------------------------------------------------------------------------------------------------
def choosing(by: str) -> Any:
    """A step, then one whose approvers are chosen among three, at most two."""
    picked = rule(by, key="picked", way="chosen_by", source="role:team", most=2)
    return chart("one", one=asks("ann", next="two"), two=asks(picked))


TEAM = {"role:team": ("bob", "cat", "dan", "ivy")}


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (None, "approval-choose"),
        ((), "approval-choose"),
        (("bob", "cat", "dan"), "approval-chosen-many"),
        (("eve",), "approval-chosen-who"),
        (("bob", "bob"), "approval-chosen-who"),
        (("ivy",), "approval-own"),
        (("bob", "cat"), None),
    ],
)
def test_whom_the_initiator_chooses(people: tuple[str, ...] | None, code: str | None) -> None:
    chosen = {} if people is None else {"two__picked": people}
    if code is None:
        case = Case(choosing("initiator"), office(addresses=TEAM), **chosen)
        assert case.approves("ann").turns == set(people or ())
    else:
        assert refused(lambda: Case(choosing("initiator"), office(addresses=TEAM), **chosen)) == code


def test_whom_the_approver_before_chooses() -> None:
    case = Case(choosing("previous"), office(addresses=TEAM))
    assert refused(lambda: case.approves("ann")) == "approval-choose"
    assert refused(lambda: case.approves("ann", chosen={"nowhere.x": ("bob",)})) == "approval-chosen-where"
    assert case.approves("ann", chosen={"two.picked": ("bob",)}).turns == {"bob"}


def test_what_is_still_to_come() -> None:
    start = forked()
    before = ahead(start.approval, State(status="open", initiator="ivy"), start.office)
    assert [each.node for each in before] == ["start", "fork", "left", "right", "left2", "meet", "last", "end"]
    assert [each.entries[0].person for each in before if each.entries] == ["ann", "bob", "dan", "cat", "eve"]
    after = ahead(start.approval, start.approves("ann", "bob").state, start.office)
    assert [each.node for each in after] == ["meet", "last", "end"]


def test_ahead_says_who_is_missing() -> None:
    approval = chart("one", one=asks("ann", next="two"), two=asks("none"))
    found = ahead(approval, State(status="open", initiator="ivy"), office())
    assert [problem.code for each in found for problem in each.problems] == ["approval-nobody"]


def test_ahead_says_where_the_way_ends() -> None:
    approval = chart("one", one=asks("ann", next="which"), which=node("condition"))
    found = ahead(approval, State(status="open", initiator="ivy"), office())
    assert [(each.node, [problem.code for problem in each.problems]) for each in found] == [
        ("one", []),
        ("which", ["approval-no-way-on"]),
    ]
