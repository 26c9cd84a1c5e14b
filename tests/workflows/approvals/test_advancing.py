"""From node to node: conditions, splits and joins, copies, actions, sub-processes, the end."""

from __future__ import annotations

import pytest

from dougong.base.errors import Conflict, DougongError
from dougong.metadata.approval import Branch
from dougong.metadata.steps import Step
from dougong.workflows.approvals.state import (
    Approve,
    CancelChild,
    ChildEnded,
    ChildStarted,
    CopySent,
    Do,
    Ended,
    Opened,
    Read,
    StartChild,
)
from tests.workflows.approvals.office import Case, Office, asks, chart, holds, node, split

PEOPLE = {each: (each,) for each in ("ann", "bob", "cat", "dan", "eve")}
MARK = (Step(key="mark", do="set", given={}),)


def office(**more: object) -> Office:
    """An office in which each rule finds the person of its name."""
    return Office(rules=dict(PEOPLE), **more)  # type: ignore[arg-type]


def test_one_step_after_the_other() -> None:
    case = Case(chart("one", one=asks("ann", next="two"), two=asks("bob")), office())
    assert case.turns == {"ann"}
    assert case.approves("ann").turns == {"bob"}
    assert case.approves("bob").status == "approved"
    assert Ended("approved") in case.effects


def test_a_task_appears_and_goes() -> None:
    case = Case(chart("one", one=asks("ann", next="two"), two=asks("bob")), office())
    assert [(type(each), each.entry.person) for each in case.effects if isinstance(each, Opened)] == [(Opened, "ann")]
    case.approves("ann")
    assert [(type(each).__name__, each.entry.person) for each in case.effects] == [("Closed", "ann"), ("Opened", "bob")]  # type: ignore[union-attr]


@pytest.mark.parametrize(("true", "at"), [({"big"}, "one"), ({"big", "odd"}, "one"), ({"odd"}, "two"), (set(), "rest")])
def test_the_first_branch_that_holds_is_taken(true: set[str], at: str) -> None:
    ways = (Branch(key="big", next="one", when=holds("big")), Branch(key="odd", next="two", when=holds("odd")))
    approval = chart(
        "size",
        size=node("condition", branches=ways, otherwise="rest"),
        one=asks("ann"),
        two=asks("bob"),
        rest=asks("cat"),
    )
    assert Case(approval, office(true=true)).at == {at}


def test_a_join_waits_for_all_branches() -> None:
    approval = chart(
        "fork",
        fork=split("one", "two"),
        one=asks("ann", next="meet"),
        two=asks("bob", next="meet"),
        meet=node("join", "three"),
        three=asks("cat"),
    )
    case = Case(approval, office())
    assert case.turns == {"ann", "bob"}
    assert case.approves("bob").turns == {"ann"}
    assert case.approves("ann").turns == {"cat"}
    assert case.approves("cat").status == "approved"


def test_a_join_that_waits_for_any_closes_the_other_branches() -> None:
    approval = chart(
        "fork",
        fork=split("one", "two"),
        one=asks("ann", next="meet"),
        two=asks("bob", next="meet"),
        meet=node("join", "three", wait_for="any"),
        three=asks("cat"),
    )
    case = Case(approval, office()).approves("bob")
    assert case.turns == {"cat"}
    assert case.entry("ann").status == "void"
    with pytest.raises(Conflict):
        case.approves("ann")


def test_splits_stand_in_splits() -> None:
    approval = chart(
        "outer",
        outer=split("inner", "one"),
        inner=split("two", "three"),
        one=asks("ann", next="last"),
        two=asks("bob", next="meet"),
        three=asks("cat", next="meet"),
        meet=node("join", "four"),
        four=asks("dan", next="last"),
        last=node("join", "end"),
    )
    case = Case(approval, office()).approves("ann", "bob")
    assert case.turns == {"cat"}
    assert case.approves("cat").turns == {"dan"}
    assert case.approves("dan").status == "approved"


def test_a_branch_with_nothing_in_it_is_there_at_once() -> None:
    approval = chart("fork", fork=split("one", "meet"), one=asks("ann", next="meet"), meet=node("join", "end"))
    case = Case(approval, office())
    assert case.turns == {"ann"}
    assert case.approves("ann").status == "approved"


def test_copies_are_sent_once_and_read() -> None:
    rules = (asks("bob", "cat", "bob")).approvers
    case = Case(chart("copy", copy=node("copy_to", "one", to=rules), one=asks("ann")), office())
    assert [each.copied.person for each in case.effects if isinstance(each, CopySent)] == ["bob", "cat"]
    case.act(Read(by="bob"))
    assert [(each.person, each.read_at is not None) for each in case.state.copies] == [("bob", True), ("cat", False)]
    with pytest.raises(DougongError):
        case.act(Read(by="eve"))


def test_an_action_is_waited_for_so_that_a_condition_after_it_sees_what_it_did() -> None:
    ways = (Branch(key="marked", next="one", when=holds("marked")),)
    approval = chart(
        "act",
        act=node("action", "ask", steps=MARK),
        ask=node("condition", branches=ways, otherwise="end"),
        one=asks("ann"),
    )
    world = office()

    class Marking(Case):
        """The steps make a condition true."""

        def act(self, act: object) -> Case:
            if type(act).__name__ == "Did":
                world.true.add("marked")
            return super().act(act)  # type: ignore[arg-type]

    case = Marking(approval, world)
    assert case.at == {"one"}
    assert [(each.place, each.visit) for each in case.all_effects if isinstance(each, Do)] == [("/nodes/act", 1)]


def test_the_steps_of_an_outcome_are_carried_out() -> None:
    approval = chart("one", one=asks("ann"), outcomes={"approved": MARK})
    assert Do("/outcomes/approved", MARK) in Case(approval, office()).approves("ann").effects


def sub() -> Case:
    """A sub-process beside a step that waits for it."""
    approval = chart("sub", sub=node("sub_process", "one", approval="quote.other"), one=asks("ann"))
    return Case(approval, office())


def test_a_sub_process_is_waited_for() -> None:
    case = sub()
    assert case.effects == (StartChild(1, "quote.other"),)
    case.act(ChildStarted(visit=1, child="c1"))
    assert case.state.visits[0].child == "c1"
    assert case.act(ChildEnded(visit=1, outcome="approved")).turns == {"ann"}
    assert case.act(ChildEnded(visit=1, outcome="rejected")).turns == {"ann"}


@pytest.mark.parametrize("outcome", ["rejected", "recalled", "cancelled"])
def test_a_sub_process_that_is_not_approved_rejects(outcome: str) -> None:
    assert sub().act(ChildEnded(visit=1, outcome=outcome)).status == "rejected"  # type: ignore[arg-type]


def test_a_sub_process_in_a_branch_that_is_left_is_cancelled() -> None:
    approval = chart(
        "fork",
        fork=split("sub", "one"),
        sub=node("sub_process", "meet", approval="quote.other"),
        one=asks("ann", next="meet"),
        meet=node("join", "end", wait_for="any"),
    )
    case = Case(approval, office()).act(ChildStarted(visit=2, child="c1")).approves("ann")
    assert CancelChild(2, "c1") in case.effects


def test_a_circle_is_stopped() -> None:
    approval = chart("copy", copy=node("copy_to", "again"), again=node("condition", otherwise="copy"))
    with pytest.raises(DougongError) as refused:
        Case(approval, office())
    assert refused.value.problems[0].code == "approval-endless"


def test_a_condition_without_a_way_is_refused() -> None:
    with pytest.raises(DougongError) as refused:
        Case(chart("ask", ask=node("condition")), office())
    assert refused.value.problems[0].code == "approval-no-way-on"


def test_strangers_and_second_decisions_are_refused() -> None:
    case = Case(chart("one", one=asks("ann", "bob")), office())
    mine = case.part("ann")
    for act, code in [
        (Approve(entry=mine, by="bob"), "approval-not-yours"),
        (Approve(entry="9.9", by="ann"), "approval-unknown-part"),
    ]:
        with pytest.raises(DougongError) as refused:
            case.act(act)
        assert refused.value.problems[0].code == code
    case.approves("ann")
    with pytest.raises(DougongError) as refused:
        case.approves("ann")
    assert refused.value.problems[0].code == "approval-decided"
    case.approves("bob")
    with pytest.raises(DougongError) as refused:
        case.approves("ann")
    assert refused.value.problems[0].code == "approval-ended"
