"""Tests of the workshop with one thing wrong, case by case; see `bad_documents`."""

from __future__ import annotations

from typing import Any

from tests.metadata.bad_approvals import SOUND as APPROVAL
from tests.metadata.workshop import label

TEST = "test/deal/dear.json"


def scenario(**keys: Any) -> dict[str, Any]:
    """A sound test of the workshop, changed."""
    sound = {
        "kind": "test",
        "name": "deal.dear",
        "label": label("Dear", "偏贵"),
        "given": [
            {"key": "li", "user": {"values": {"name": "li"}}},
            {"key": "d", "record": "deal", "as": "li", "values": {"name": "d", "amount": "200"}},
        ],
        "when": {"as": "li", "update": "@d", "values": {"stage": "won"}},
        "then": [
            {"key": "warned", "refused_by": "validation_rule:deal.dear"},
            {"key": "open", "record": "@d", "has": {"stage": "open"}},
        ],
    }
    return {TEST: {**sound, **keys}, "approval/deal/dear.json": APPROVAL}


def given(*elements: dict[str, Any]) -> dict[str, Any]:
    return scenario(given=[*scenario()[TEST]["given"], *elements])


CASES: dict[str, dict[str, Any]] = {
    "a test in which somebody waits": scenario(when={"as": "li", "wait": "3d"}),
    "a test that counts nothing and tells nobody": scenario(
        then=[
            {"key": "a", "object": "deel", "has": {"name": "d"}}, {"key": "b", "told": "@lee", "count": 1},
            {"key": "c", "record": "@d", "count": 1, "says": "x"}, {"key": "e", "object": "deal", "has": {"nmae": "d"}},
        ]
    ),
    "a test that gives two things at once": given({"key": "x", "record": "deal", "setting": "free_discount"}),
    "a test that gives what is not there": given(
        {"key": "a", "user": {"role": "boss"}},
        {"key": "b", "record": "deel"},
        {"key": "c", "setting": "free_discuont", "value": "1"},
        {"key": "d2", "record": "deal", "values": {"nmae": "d", "stage": "wno", "customer": "@nobody"}},
    ),
    "a test that gives a setting no value": given({"key": "c", "setting": "free_discount"}),
    "a test that gives a setting a wrong value": given({"key": "c", "setting": "free_discount", "value": "much"}),
    "a test whose deed is two": scenario(when={"update": "@d", "delete": "@d"}),
    "a test whose deed takes no values": scenario(when={"delete": "@d", "values": {"name": "x"}}),
    "a test of somebody who is not given": scenario(when={"as": "wang", "delete": "@e"}),
    "a test that submits to no approval": scenario(when={"submit": "@d"}),
    "a test that submits to another approval": scenario(when={"submit": "@d", "to": "approval:deal.daer"}),
    "a test that expects nothing": scenario(then=[{"key": "x"}]),
    "a test that expects of no record": scenario(then=[{"key": "x", "refused_by": "rule", "gone": True}]),
    "a test that expects a rule that is not there": scenario(
        then=[
            {"key": "x", "refused_by": "validation_rule:deal.daer"},
            {"key": "y", "refused_by": "approval:deal.dear#x"},
        ]
    ),
}  # fmt: skip
"""Case → changes of the workshop."""
