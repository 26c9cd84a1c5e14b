"""Who may bring whom in at a step, hand on and take out, and when an opinion is required: by table."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from dougong.workflows.approvals.machine import HAND_OVERS
from dougong.workflows.approvals.state import (
    Remove,
)
from tests.workflows.approvals.office import Case, asks, chart, rule
from tests.workflows.approvals.ways import office, refused


def one(**more: Any) -> Case:
    """A step of Ann and Bob."""
    return Case(chart("one", one=asks("ann", "bob", **more)), office())


def test_the_trail_keeps_everybody() -> None:
    case = one().hands_over("ann", "cat").hands_over("cat", "dan", comes_back=True).approves("dan", "cat", "bob")
    assert case.status == "approved"
    told = [(each.person, each.kind, each.status) for each in case.state.visits[0].entries]
    assert told == [
        ("ann", "approver", "handed_over"),
        ("bob", "approver", "approved"),
        ("cat", "handed_over", "approved"),
        ("dan", "delegate", "approved"),
    ]


@pytest.mark.parametrize("decides", ["approves", "rejects"])
def test_an_opinion_decides_nothing(decides: str) -> None:
    case = one().hands_over("ann", "cat", comes_back=True)
    getattr(case, decides)("cat")
    assert (case.status, case.turns) == ("open", {"ann", "bob"})
    assert refused(lambda: one().hands_over("ann", "cat", comes_back=True).adds("cat", "after", "dan")) == (
        "approval-delegate"
    )


def test_somebody_added_may_hand_over_and_be_removed() -> None:
    case = one().adds("ann", "before", "cat").hands_over("cat", "dan")
    assert case.turns == {"dan", "bob"}
    added = case.part("cat", "handed_over")
    case.act(Remove(entry=case.part("ann", "waiting"), by="ann", removed=added))
    assert case.turns == {"ann", "bob"}
    assert case.entry("dan").status == "removed"
    assert refused(lambda: case.approves("dan")) == "approval-void"


def test_handing_on_has_an_end() -> None:
    people = [f"p{each}" for each in range(HAND_OVERS + 2)]
    case = Case(chart("one", one=asks(rule("p0"))), office(rules={"p0": ("p0",)}))
    for giver, taker in itertools.pairwise(people[:-1]):
        case.hands_over(giver, taker)
    assert refused(lambda: case.hands_over(people[HAND_OVERS], people[HAND_OVERS + 1])) == "approval-handed-on"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("ivy", "approval-own"),
        ("bob", "approval-asked-already"),
        ("gone", "approval-inactive"),
        ("stand_in", "approval-own"),
    ],
)
def test_who_cannot_be_brought_in(to: str, code: str) -> None:
    case = one()
    case.office.gone.add("gone")
    case.office.away["ivy"] = "stand_in"
    assert refused(lambda: case.hands_over("ann", to)) == code
    assert refused(lambda: case.adds("ann", "parallel", to)) == code


def test_a_step_allows_only_what_it_says() -> None:
    case = one(may=frozenset({"hand_over"}))
    assert refused(lambda: case.adds("ann", "after", "cat")) == "approval-may-not"
    assert refused(lambda: case.sends_back("ann")) == "approval-may-not"
    assert case.hands_over("ann", "cat").turns == {"cat", "bob"}


@pytest.mark.parametrize(
    ("opinion", "yes", "no"), [("free", False, False), ("required_on_reject", False, True), ("required", True, True)]
)
def test_an_opinion_is_required_as_stated(opinion: Any, yes: bool, no: bool) -> None:
    for needed, move in [
        (yes, lambda: one(opinion=opinion).approves("ann", opinion=" ")),
        (no, lambda: one(opinion=opinion).rejects("ann")),
        (no, lambda: one(opinion=opinion).sends_back("ann")),
    ]:
        if needed:
            assert refused(move) == "approval-opinion"
        else:
            move()
