"""Approvals that run, moved to another version of their definition: what becomes of steps and people, by table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dougong.metadata.approval import Approval, PeopleRules
from dougong.workflows.approvals.machine import Moved, move
from dougong.workflows.approvals.state import Approve
from tests.workflows.approvals.office import Case, asks, chart, node, split
from tests.workflows.approvals.ways import forked, line


def moved(case: Case, new: Approval, **stated: str) -> Moved:
    return move(case.approval, case.state, new, case.office, stated)


def after(case: Case, new: Approval, **stated: str) -> Case:
    """The case on the new definition."""
    found = moved(case, new, **stated)
    assert found.led_to is not None, [str(each.reason) for each in found.refused]
    case.approval, case._state = new, found.led_to.state
    return case


def codes(case: Case, new: Approval, **stated: str) -> list[str]:
    found = moved(case, new, **stated)
    assert found.led_to is None
    return [each.code for each in found.refused]


def second(**two: Any) -> Approval:
    """The line with another second step."""
    return chart("one", one=asks("ann", next="two"), two=asks(**two, next="three"), three=asks("dan"))


def test_nothing_changes_where_both_say_the_same() -> None:
    """A move to the same definition keeps everybody, and writes nothing new."""
    case = line().approves("ann", "bob")
    found = moved(case, case.approval)
    assert found.led_to is not None and found.led_to.state == case.state and not found.led_to.effects
    assert [each.person for each in found.kept] == ["cat"] and not found.dropped and not found.added


def test_people_are_kept_dropped_and_added_and_decisions_stand() -> None:
    """Bob had approved: he counts on. Cat is asked no more, Eve is."""
    case = line().approves("ann", "bob")
    new = chart("one", one=asks("ann", next="two"), two=asks("bob", "eve", next="three"), three=asks("dan"))
    found = moved(case, new)
    told = [[each.person for each in several] for several in (found.kept, found.dropped, found.added)]
    assert told == [[], ["cat"], ["eve"]]
    assert after(case, new).turns == {"eve"}
    assert case.entry("cat", "removed").why == "moved" and case.entry("bob", "approved").id
    assert case.approves("eve").turns == {"dan"}


def test_a_mode_that_is_content_with_less_passes_the_step_at_once() -> None:
    """One of all three approvals is there; the new version wants one."""
    case = after(line().approves("ann", "bob"), _with_mode("any"))
    assert case.turns == {"dan"} and case.entry("cat").status == "void"


def _with_mode(mode: Any) -> Approval:
    two = asks("bob", "cat", mode=mode, next="three")
    return chart("one", one=asks("ann", next="two"), two=two, three=asks("dan"))


def test_a_step_that_was_renamed_is_found_by_its_former_key_or_as_stated() -> None:
    """Without either it cannot be moved while it is at work."""
    case = line().approves("ann")
    new = chart("one", one=asks("ann", next="pair"), pair=asks("bob", "cat", next="three"), three=asks("dan"))
    assert codes(case, new) == ["approval-move-step"]
    pair = replace(new.nodes["pair"], formerly=("two",))
    former = replace(new, nodes={**new.nodes, "pair": pair})
    assert moved(case, former).led_to == moved(case, new, two="pair").led_to
    assert after(case, new, two="pair").at == {"pair"}


def test_a_step_that_was_passed_and_is_gone_stays_in_the_history() -> None:
    """It can neither be sent back to nor taken back; what follows goes on, also through a later version that has it."""
    case = line().approves("ann")
    first = case.approval
    case = after(case, chart("two", two=asks("bob", "cat", next="three"), three=asks("dan")))
    assert case.state.gone == {"one": "approve"} and case.turns == {"bob", "cat"}
    assert case.sends_back("bob", to="initiator").status == "returned"
    again = line().approves("ann")
    again = after(after(again, case.approval), first)
    assert not again.state.gone and again.sends_back("bob", to="one").turns == {"ann"}


def test_what_was_ended_is_not_moved() -> None:
    case = line().approves("ann", "bob", "cat", "dan")
    assert codes(case, second()) == ["approval-move-ended"]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (lambda: chart("start", start=asks("ann", next="fork"), fork=split("left", "right", "third"),
                       left=asks("bob", next="left2"), left2=asks("cat", next="meet"), right=asks("dan", next="meet"),
                       third=asks("eve", next="meet"), meet=node("join", "last"), last=asks("eve")),
         "approval-move-new-branch"),
        (lambda: chart("start", start=asks("ann", next="left"), left=asks("bob", next="right"),
                       right=asks("dan", next="fork"), fork=split("left2", "last"), left2=asks("cat", next="meet"),
                       last=asks("eve", next="meet"), meet=node("join", "end")),
         "approval-move-branch"),
        (lambda: chart("start", start=asks("ann", next="fork"), fork=split("left", "right"),
                       left=node("copy_to", "meet"), right=asks("dan", next="meet"), meet=node("join", "last"),
                       last=asks("eve")),
         "approval-move-type"),
    ],
)  # fmt: skip
def test_branches_that_are_others(new: Any, code: str) -> None:
    """Where a step at work would stand elsewhere, or a branch would be skipped, it is refused."""
    assert code in codes(forked().approves("ann"), new())


def test_branches_at_work_go_on() -> None:
    """One branch was done; the other goes on to the join of the new version."""
    new = chart("start", start=asks("ann", next="fork"), fork=split("left", "right"), left=asks("bob", next="left2"),
                left2=asks("eve", next="meet"), right=asks("dan", next="meet"), meet=node("join", "last"),
                last=asks("cat"))  # fmt: skip
    case = after(forked().approves("ann", "bob", "dan"), new)
    assert case.turns == {"eve"}
    assert case.approves("eve").turns == {"cat"} and case.approves("cat").status == "approved"


def test_what_was_sent_back_resumes_on_the_new_version() -> None:
    """It waits for its initiator, and goes straight back to who had sent it."""
    from dougong.workflows.approvals.state import Resubmit

    case = after(line().approves("ann").sends_back("bob"), _with_mode("all"))
    assert case.status == "returned" and case.act(Resubmit(by="ivy", then="resume")).turns == {"bob", "cat"}


def test_nobody_found_is_told_before_anything_is_done() -> None:
    """Now or further on: with the reasons of a submission."""
    new = chart("one", one=asks("ann", next="two"), two=asks("bob", "cat", next="three"), three=asks("ghost"),
                people=PeopleRules())  # fmt: skip
    assert codes(line().approves("ann"), new) == ["approval-nobody"]
    assert codes(line().approves("ann"), new, two="nowhere")[0] == "approval-move-unknown"


def test_added_and_handed_over_stay_with_their_approver() -> None:
    """What people did at a step goes on: Eve speaks for Bob, and Dan was added beside Cat."""
    case = line().approves("ann").hands_over("bob", "eve").adds("cat", "parallel", "dan")
    new = chart("one", one=asks("ann", next="two"), two=asks("bob", next="three"), three=asks("dan"))
    assert after(case, new).turns == {"eve", "dan"}
    case.act(Approve(entry=case.part("eve"), by="eve"))
    assert case.turns == {"dan"} and case.at == {"two"}
