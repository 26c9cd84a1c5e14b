"""Assignment rules that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from dougong.cli.folders import field_types
from tests.metadata.workshop import label

field_types()  # what a step is given is judged by its kind

RULE: dict[str, Any] = {"key": "big", "when": 'city = "Jinan"', "to": ["user:li"]}


def assignment(*rules: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """One sound rule of customers, changed."""
    body = {
        "kind": "assignment_rule", "name": "customer.dispatch", "object": "customer",
        "label": label("Dispatch", "分配"), "rules": list(rules) or [RULE],
    }  # fmt: skip
    return {"assignment_rule/customer/dispatch.json": {**body, **keys}}


def step(**given: Any) -> dict[str, Any]:
    """An automation of deals with a step that assigns."""
    return {
        "automation/deal/give.json": {
            "kind": "automation", "name": "deal.give", "object": "deal", "label": label("Give", "分配"),
            "trigger": {"type": "button"}, "steps": [{"key": "give", "do": "assign", "with": given}],
        }
    }  # fmt: skip


NAMESAKE: dict[str, Any] = {
    "automation/customer/dispatch.json": {
        "kind": "automation", "name": "customer.dispatch", "object": "customer", "label": label("Dispatch", "分配"),
        "trigger": {"type": "button"}, "steps": [{"key": "mark", "do": "set", "with": {"city": "name"}}],
    }
}  # fmt: skip

MATRIX: dict[str, Any] = {"object": "customer", "match": {"city": "city"}, "to": "owner"}

CASES: dict[str, dict[str, Any]] = {
    "an assignment of records without an owner": {
        "assignment_rule/line/dispatch.json": {
            **assignment({"key": "all", "to": ["user:li"]})["assignment_rule/customer/dispatch.json"],
            "name": "line.dispatch",
            "object": "line",
        }
    },
    "an assignment to nobody who is known": assignment(
        {"key": "one", "to": ["role:sellers", "territory:north", "field:owner.manger", "field:city"]},
        {"key": "two", "queue": "desk"},
        fallback={"queue": "desk"},
    ),
    "an assignment whose conditions do not fit": assignment(
        {"key": "one", "when": "city", "to": ["user:li"], "pick": "least_loaded", "counts": "cities > 1"},
        {"key": "two", "when": "ISCHANGED(city)", "to": ["user:li"], "counts": "TRUE"},
        active='city = "Jinan"',
    ),
    "an assignment that says two ways at once": assignment({"key": "one", "to": ["user:li"], "queue": "desk"}),
    "an assignment with rules of one key": assignment(RULE, RULE),
    "an assignment by whoever set it off": assignment({"key": "one", "to": ["initiator"]}),
    "an assignment by territories that there are not": assignment({"key": "one", "to": ["territory"]}),
    "an assignment that would assign without end": assignment(on=["change"]),
    "an assignment that compares fields of what is made": assignment(on=["create"], fields=["city"]),
    "an assignment with the name of an automation": {**assignment(on=["button"]), **NAMESAKE},
    "an assignment by a table that is none": assignment(
        {"key": "one", "matrix": {**MATRIX, "object": "custmer"}},
        {"key": "two", "matrix": {**MATRIX, "match": {"town": "city"}, "to": "parent"}},
    ),
    "an assignment that picks one of a queue": assignment({"key": "one", "matrix": MATRIX, "pick": "least_loaded"}),
    "a step that assigns by the rule of another object": {**assignment(), **step(rule="customer.dispatch")},
    "a step that assigns by a rule that is not there": step(rule="deal.dispatch"),
    "a step that assigns by nothing": step(),
    "a step that assigns with a load nobody counts": step(rules=[{"key": "one", "to": ["user:li"], "counts": "TRUE"}]),
}
