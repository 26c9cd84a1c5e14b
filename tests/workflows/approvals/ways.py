"""Two approvals that the tables of acts are about: one line of people and one that forks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dougong.base.errors import DougongError
from dougong.metadata.approval import PeopleRules
from tests.workflows.approvals.office import Case, Office, asks, chart, node, split

NAMES = ("ann", "bob", "cat", "dan", "eve")
Move = Callable[[Case], Any]


def office(**more: Any) -> Office:
    """An office in which each rule finds the person of its name."""
    return Office(rules={each: (each,) for each in (*NAMES, "ivy")} | more.pop("rules", {}), **more)


def refused(move: Callable[[], Any]) -> str:
    """The code of the refusal of a move."""
    with pytest.raises(DougongError) as error:
        move()
    return error.value.problems[0].code


def line(**more: Any) -> Case:
    """Ann, then Bob and Cat together, then Dan."""
    people = more.pop("people", PeopleRules())
    approval = chart(
        "one",
        one=asks("ann", next="two"),
        two=asks("bob", "cat", next="three"),
        three=asks("dan"),
        people=people,
        **more,
    )
    return Case(approval, office())


def forked(**more: Any) -> Case:
    """Ann, then Bob and Cat in one branch beside Dan in another, then Eve."""
    approval = chart(
        "start",
        start=asks("ann", next="fork"),
        fork=split("left", "right"),
        left=asks("bob", next="left2"),
        left2=asks("cat", next="meet"),
        right=asks("dan", next="meet"),
        meet=node("join", "last"),
        last=asks("eve"),
        **more,
    )
    return Case(approval, office())
