"""What goes back, by whom, and how it goes on from there: by table."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.metadata.steps import Step
from dougong.workflows.approvals.machine import possible
from dougong.workflows.approvals.state import (
    Recall,
    Resubmit,
    TakeBack,
)
from tests.workflows.approvals.office import Case, asks, chart, node, split
from tests.workflows.approvals.ways import forked, line, office, refused


@pytest.mark.parametrize(
    ("ready", "who", "to", "then", "turns"),
    [
        (("ann",), "bob", "initiator", None, set()),
        (("ann",), "bob", "previous", None, {"ann"}),
        (("ann", "bob", "cat"), "dan", "one", None, {"ann"}),
        (("ann", "bob", "cat"), "dan", "previous", None, {"bob", "cat"}),
        (("ann", "bob", "cat"), "dan", "two", "resume", {"bob", "cat"}),
    ],
)
def test_sent_back_along_a_line(ready: tuple[str, ...], who: str, to: str, then: str | None, turns: set[str]) -> None:
    case = line().approves(*ready).sends_back(who, to, then)
    assert case.turns == turns
    assert case.entry(who, "sent_back").status == "sent_back"


def test_again_runs_the_whole_way_and_resume_goes_straight_back() -> None:
    again = line().approves("ann", "bob", "cat").sends_back("dan", "one", "again").approves("ann")
    assert again.turns == {"bob", "cat"}
    resumed = line().approves("ann", "bob", "cat").sends_back("dan", "one", "resume").approves("ann")
    assert resumed.turns == {"dan"}
    assert resumed.approves("dan").status == "approved"


@pytest.mark.parametrize(
    ("who", "to", "then", "turns", "after"),
    [
        # the target lies in the branch: only the branch goes back
        ("cat", "left", "again", {"bob", "dan"}, {"cat", "dan"}),
        ("cat", "left", "resume", {"bob", "dan"}, {"cat", "dan"}),
        ("cat", "previous", "again", {"bob", "dan"}, {"cat", "dan"}),
        # it lies before the split: all branches are left; resuming opens both where they were
        ("cat", "start", "again", {"ann"}, {"bob", "dan"}),
        ("cat", "start", "resume", {"ann"}, {"cat", "dan"}),
        ("dan", "previous", "resume", {"ann"}, {"cat", "dan"}),
    ],
)
def test_sent_back_from_a_branch(who: str, to: str, then: str, turns: set[str], after: set[str]) -> None:
    case = forked().approves("ann", "bob").sends_back(who, to, then)
    assert case.turns == turns
    case.approves(*(turns - {"dan"}))
    assert case.turns == after


def test_sent_back_into_one_branch_from_behind_the_join() -> None:
    """The other branch has arrived; the join waits for the one that was gone back into."""
    case = forked().approves("ann", "bob", "cat", "dan").sends_back("eve", "right", "again")
    assert case.turns == {"dan"}
    assert case.approves("dan").turns == {"eve"}
    assert case.approves("eve").status == "approved"


def test_a_step_that_was_not_on_the_way_is_no_target() -> None:
    case = forked().approves("ann", "bob")
    assert refused(lambda: case.sends_back("cat", "right")) == "approval-no-target"
    assert refused(lambda: case.sends_back("cat", "last")) == "approval-no-target"
    assert refused(lambda: forked().sends_back("ann", "previous")) == "approval-no-target"


def test_submitted_again_all_who_were_open_are_asked_and_who_approved_is_not() -> None:
    case = line().approves("ann", "bob").sends_back("cat")
    assert (case.status, case.turns) == ("returned", set())
    case.act(Resubmit(by="ivy", then="resume"))
    assert case.turns == {"cat"}
    assert case.entry("bob").why == "approved_before"
    assert case.approves("cat").turns == {"dan"}


def test_submitted_again_from_the_start() -> None:
    case = line().approves("ann", "bob").sends_back("cat").act(Resubmit(by="ivy", then="again"))
    assert case.turns == {"ann"}
    assert case.approves("ann").turns == {"bob", "cat"}, "an approval of an earlier round counts for nothing"


def test_both_branches_are_opened_again_as_they_were() -> None:
    case = forked().approves("ann", "bob").sends_back("dan").act(Resubmit(by="ivy", then="resume"))
    assert case.turns == {"cat", "dan"}
    assert case.approves("cat", "dan").turns == {"eve"}


@pytest.mark.parametrize(
    ("stated", "said", "offered", "turns"),
    [
        ("choose", None, ("resume", "again"), {"ann"}),
        ("choose", "resume", (), {"bob", "cat"}),
        ("choose", "again", (), {"ann"}),
        ("resume", None, (), {"bob", "cat"}),
        ("again", None, (), {"ann"}),
    ],
)
def test_who_says_how_it_goes_on(stated: Any, said: Any, offered: tuple[str, ...], turns: set[str]) -> None:
    case = line(resubmit=stated).approves("ann").sends_back("bob", then=said)
    [may] = [each for each in possible(case.approval, case.state, "ivy", case.office) if each.act == "resubmit"]
    assert may.then == offered
    assert case.act(Resubmit(by="ivy")).turns == turns


def test_what_is_stated_cannot_be_chosen_otherwise() -> None:
    assert refused(lambda: line(resubmit="again").sends_back("ann", then="resume")) == "approval-then-stated"
    case = line(resubmit="again").sends_back("ann")
    assert refused(lambda: case.act(Resubmit(by="ivy", then="resume"))) == "approval-then-stated"
    assert refused(lambda: case.act(Resubmit(by="ann"))) == "approval-not-initiator"
    assert refused(lambda: line().act(Resubmit(by="ivy"))) == "approval-running"


@pytest.mark.parametrize(
    ("where", "status", "turns"),
    [("end", "rejected", set()), ("initiator", "returned", set()), ("previous", "open", {"ann"})],
)
def test_what_a_rejected_step_does(where: Any, status: str, turns: set[str]) -> None:
    case = Case(chart("one", one=asks("ann", next="two"), two=asks("bob", on_reject=where)), office())
    case.approves("ann").rejects("bob")
    assert (case.status, case.turns) == (status, turns)


# -- 撤回 and 取回 ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule_", "ready", "code"),
    [
        ("until_next_decision", (), None),
        ("until_next_decision", ("ann",), "approval-recall-late"),
        ("until_end", ("ann", "bob"), None),
        ("never", (), "approval-no-recall"),
    ],
)
def test_recall(rule_: Any, ready: tuple[str, ...], code: str | None) -> None:
    case = line(recall=rule_).approves(*ready)
    if code is None:
        assert case.act(Recall(by="ivy")).status == "recalled"
    else:
        assert refused(lambda: case.act(Recall(by="ivy"))) == code
    assert refused(lambda: line().act(Recall(by="ann"))) == "approval-not-initiator"


def test_what_was_sent_back_can_always_be_recalled() -> None:
    assert line(recall="never").sends_back("ann").act(Recall(by="ivy")).status == "recalled"


def take(case: Case, who: str) -> Case:
    """Take a decision back."""
    return case.act(TakeBack(entry=case.part(who, "approved", "rejected"), by=who))


@pytest.mark.parametrize(
    ("ready", "who", "turns"),
    [
        (("ann",), "ann", {"ann"}),
        (("ann", "bob"), "bob", {"bob", "cat"}),
        (("ann", "bob", "cat"), "bob", {"bob"}),  # the node was passed: Dan's task goes
        (("ann", "bob", "cat"), "cat", {"cat"}),
        (("ann", "bob"), "ann", "approval-acted-after"),
        (("ann", "bob", "cat", "dan"), "cat", "approval-ended"),
    ],
)
def test_a_decision_is_taken_back_while_nobody_after_has_acted(
    ready: tuple[str, ...], who: str, turns: set[str] | str
) -> None:
    case = line().approves(*ready)
    if isinstance(turns, str):
        assert refused(lambda: take(case, who)) == turns
    else:
        assert take(case, who).turns == turns


def test_taken_back_who_had_been_passed_over_is_asked_again() -> None:
    case = Case(chart("one", one=asks("ann", "bob", mode="any", next="two"), two=asks("cat")), office())
    assert take(case.approves("ann"), "ann").turns == {"ann", "bob"}
    assert case.entry("cat").status == "void"


def test_behind_a_join_only_ones_own_branch_is_taken_back() -> None:
    case = forked().approves("ann", "bob", "cat", "dan")
    assert take(case, "dan").turns == {"dan"}
    assert case.approves("dan").turns == {"eve"}


def test_taken_back_the_branches_that_a_join_closed_open_again() -> None:
    approval = chart(
        "fork",
        fork=split("one", "two"),
        one=asks("ann", next="meet"),
        two=asks("bob", next="meet"),
        meet=node("join", "last", wait_for="any"),
        last=asks("cat"),
    )
    assert take(Case(approval, office()).approves("ann"), "ann").turns == {"ann", "bob"}


@pytest.mark.parametrize("between", [{"steps": (Step(key="x", do="set", given={}),)}, {"approval": "a.b"}])
def test_what_has_been_set_in_motion_cannot_be_taken_back(between: dict[str, Any]) -> None:
    kind = "action" if "steps" in between else "sub_process"
    case = Case(chart("one", one=asks("ann", next="do"), do=node(kind, "two", **between), two=asks("bob")), office())
    case.approves("ann")
    assert refused(lambda: take(case, "ann")) == "approval-effects-after"
