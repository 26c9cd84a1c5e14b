"""Approvals of the workshop with one thing wrong, case by case; see `bad_documents`."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.language import msg
from dougong.base.step_types import STEP_TYPES, StepFormula, StepType
from tests.metadata.workshop import label


class Sketch(StepType):
    """A kind of step for documents that are never run: it fills fields, and names a queue."""

    name = "sketch"
    label = msg("Sketch")
    keys = {
        "values": {"type": "object", "description": "Values.", "x-zh-CN": "取值。"},
        "queue": {"type": "string", "description": "A queue.", "x-zh-CN": "队列。"},
    }
    required_keys = ("values",)

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        for field, text in given["values"].items():
            yield StepFormula(f"/values/{field}", text, fills=(object_name, field))

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        if "queue" in given:
            yield "/queue", f"queue:{given['queue']}"


class Fork(StepType):
    """A kind of step that holds branches."""

    name = "fork"
    label = msg("Fork")
    holds = "branches"


for _kind in (Sketch(), Fork()):
    if _kind.name not in STEP_TYPES:
        STEP_TYPES.add(_kind)

APPROVAL = "approval/deal/dear.json"


def mark(**values: str) -> dict[str, Any]:
    return {"key": "mark", "do": "sketch", "with": {"values": values}}


SOUND: dict[str, Any] = {
    "kind": "approval",
    "name": "deal.dear",
    "object": "deal",
    "label": label("Dear deals", "高价商机"),
    "start": {"when": "amount > 100", "gates": ["stage:won", "update:amount"]},
    "binds": {"fields": ["amount", "line.deal"], "free": ["reason"]},
    "first": "head",
    "nodes": {
        "head": {
            "type": "approve",
            "label": label("Head", "负责人"),
            "approvers": [{"key": "owner", "field": "owner"}, {"key": "up", "manager": 1}],
            "next": "size",
        },
        "size": {
            "type": "condition",
            "branches": [{"key": "large", "when": "amount > 1000", "next": "both"}],
            "otherwise": "end",
        },
        "both": {"type": "split", "branches": [{"key": "one", "next": "money"}, {"key": "two", "next": "law"}]},
        "money": {"type": "approve", "approvers": [{"key": "up", "manager": 2}], "next": "met"},
        "law": {"type": "approve", "approvers": [{"key": "owner", "field": "customer.owner"}], "next": "met"},
        "met": {"type": "join", "next": "end"},
        "end": {"type": "end"},
    },
    "outcomes": {"approved": [mark(reason='"price"')]},
}  # fmt: skip
"""An approval without a mistake."""


def approval(**changes: Any) -> dict[str, Any]:
    """The sound approval with changes by place (``nodes.head.mode`` written ``nodes__head__mode``); None takes out."""
    body = copy.deepcopy(SOUND)
    for place, value in changes.items():
        *way, last = place.split("__")
        here: Any = body
        for step in way:
            here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
        if value is None:
            del here[last]
        elif isinstance(here, list):
            here[int(last)] = value
        else:
            here[last] = value
    return {APPROVAL: body}


def head(**keys: Any) -> dict[str, Any]:
    """The sound approval, its first node changed."""
    return approval(**{f"nodes__head__{key}": value for key, value in keys.items()})


CASES: dict[str, dict[str, Any]] = {
    # -- what approvals name --------------------------------------------------------------------------------------
    "an approval of an unknown object": approval(object="deel", name="deel.dear"),
    "an approval under another object's name": approval(name="customer.dear"),
    "an approval that a field switches": approval(active="amount > 1"),
    "an approval that looks at what changed": approval(start__when="ISCHANGED(amount)"),
    "a start condition that is no condition": approval(start__when="amount"),
    "a starter that is no role": approval(start__by=["role:seller", "team:helper"]),
    "a starter of records without owner": {
        "approval/user/new.json": {**SOUND, "kind": "approval", "name": "user.new", "object": "user", "start": {},
            "binds": {}, "nodes": {"head": {"type": "end"}}, "outcomes": {}},
    },
    "a gate of creation without effective records": approval(start__gates=["create"]),
    "gates of what is not there": approval(start__gates=["update:amont", "action:send", "stage:wonn"]),
    "a gate that comes later": approval(start__gates=["action:convert"]),
    "a gate of conversions that are none": {
        "approval/customer/new.json": {**SOUND, "kind": "approval", "name": "customer.new", "object": "customer",
            "start": {"gates": ["convert"]}, "binds": {}, "nodes": {"head": {"type": "end"}}, "outcomes": {}},
    },
    "a field bound and free": approval(binds__free=["amount"]),
    "binding what is not there": approval(binds__fields=["amont", "item.deal"], lock={"except": ["naem"]}),
    "binding what is computed when it is read": {
        **approval(binds__fields=["worth"]),
        "object/deal.json#fields/worth": {
            "type": "formula", "label": label("Worth", "价值"), "returns": "decimal", "formula": "amount * 2"
        },
    },
    "a stand-in after the refusal": approval(people={"nobody": ["refuse", "role:boss", "queue:desk"]}),
    # -- nodes ----------------------------------------------------------------------------------------------------
    "a key of another type of node": head(branches=[{"key": "x", "next": "end"}]),
    "an approve node without approvers": head(approvers=None),
    "approvers in two ways, and in none": head(approvers=[{"key": "a", "user": "li", "manager": 1}, {"key": "b"}]),
    "a key of another way": head(approvers=[{"key": "a", "field": "owner", "max": 2}]),
    "approvers that cannot exist": head(
        approvers=[{"key": "a", "role": "boss"}, {"key": "b", "queue": "desk"}, {"key": "c", "field": "customer"}]
    ),
    "a department that is none": head(approvers=[{"key": "a", "department_head": "owner"}]),
    "an approver by a formula that is no text": head(approvers=[{"key": "a", "formula": "amount"}]),
    "votes without a vote": head(need=2),
    "more votes than people": head(mode="vote", need=3),
    "a number and a share of votes": head(mode="vote", need=1, need_percent=50),
    "a vote that one rejection ends": head(mode="vote", reject="first_ends"),
    "an escalation to nobody": head(timeout={"after": "8 working hours", "then": "escalate"}),
    "a time limit that is none": head(timeout={"after": "soon"}),
    "a field of a node that is computed": {
        **head(fields={"name": "edit", "nmae": "hide", "worth": "edit"}),
        "object/deal.json#fields/worth": {
            "type": "formula", "label": label("Worth", "价值"), "returns": "decimal", "formula": "amount * 2"
        },
    },
    "a way of a split with a condition": approval(nodes__both__branches__0__when="amount > 1"),
    "a way of a condition without one": approval(nodes__size__branches=[{"key": "x", "next": "end"}]),
    "a latecomer who would be chosen": head(
        timeout={"after": "1d", "then": "escalate", "to": [{"key": "up", "chosen_by": "previous"}]}
    ),
    # -- the chart ------------------------------------------------------------------------------------------------
    "ways to nodes that are not there": approval(first="haed", nodes__head__next="siez", nodes__size__otherwise="ned",
        nodes__both__branches__0__next="mony"),
    "a node that nothing leads to": approval(nodes__alone={"type": "copy_to", "to": [{"key": "b", "manager": 1}],
        "next": "end"}),
    "nodes in a circle": approval(nodes__size__otherwise="head"),
    "a chart without an end": approval(nodes={"head": {"type": "action", "steps": [mark()]}}),
    "a split of one way": approval(nodes__both__branches=[{"key": "one", "next": "money"}], nodes__law=None),
    "a split whose ways do not meet": approval(nodes__law__next="end"),
    "a split whose ways meet at two joins": approval(nodes__law__next="late", nodes__late={"type": "join",
        "next": "end"}),
    "a node on two ways of a split": approval(nodes__both__branches__1__next="money", nodes__law=None),
    "a join of nothing": approval(nodes__both={"type": "approve", "approvers": [{"key": "up", "manager": 2}],
        "next": "met"}, nodes__money=None, nodes__law=None),
    "a way into a split from outside": approval(nodes__size__otherwise="law"),
    "chosen by an approver before the first": head(approvers=[{"key": "a", "chosen_by": "previous"}]),
    "back to an approver before the first": head(on_reject="previous"),
    "a condition that need not hold": approval(nodes__size__otherwise=None),
    "conditions that forget blanks": approval(nodes__size__otherwise=None, nodes__size__branches=[
        {"key": "large", "when": "amount > 1000", "next": "both"}, {"key": "small", "when": "amount <= 1000",
        "next": "end"}]),
    "a sub-process that is not there": approval(nodes__law={"type": "sub_process", "approval": "deal.law",
        "next": "met"}),
    "a sub-process of itself": approval(nodes__law={"type": "sub_process", "approval": "deal.dear", "next": "met"}),
    # -- steps ----------------------------------------------------------------------------------------------------
    "an unknown kind of step": approval(outcomes__approved=[{"key": "a", "do": "skecth"}]),
    "a step that is not given what it needs": approval(outcomes__approved=[{"key": "a", "do": "sketch"}]),
    "a step that is given what it does not know": approval(
        outcomes__approved=[{"key": "a", "do": "sketch", "with": {"values": {}, "vlaues": {}}}]
    ),
    "a step that sets what is not there": approval(outcomes__approved=[mark(raeson='"price"')]),
    "a step whose value does not fit": approval(outcomes__approved=[mark(amount='"price"')]),
    "a step that names what is not there": approval(
        outcomes__approved=[{"key": "a", "do": "sketch", "with": {"values": {}, "queue": "desk"}}]
    ),
    "steps in a step that holds none": approval(outcomes__approved=[{**mark(), "steps": [{**mark(), "key": "in"}]}]),
    "a step that branches nowhere": approval(outcomes__approved=[{"key": "a", "do": "fork"}]),
    "a branch that is no condition": approval(
        outcomes__approved=[{"key": "a", "do": "fork", "branches": [{"key": "b", "when": "amount", "steps": [mark()]}]}]
    ),
    "two steps of one key": approval(outcomes__approved=[mark(), mark()]),
}  # fmt: skip
"""Case → changes of the workshop."""


PACKAGES: dict[str, dict[str, dict[str, Any]]] = {
    "an approval of a package that names a person": {
        "tools": {
            "package.json": {
                "kind": "package", "name": "tools", "label": label("Tools", "工具"), "version": "1.0.0",
                "namespace": "tools",
            },
            "object/tools__loan.json": {
                "kind": "object", "name": "tools__loan", "label": label("Loan", "借用"), "title": {"field": "name"},
                "fields": {"name": {"type": "text", "label": label("Name", "名称")}},
            },
            "approval/tools__loan/tools__new.json": {
                "kind": "approval", "name": "tools__loan.tools__new", "object": "tools__loan",
                "label": label("Loans", "借用审批"), "first": "boss",
                "nodes": {
                    "boss": {"type": "approve", "approvers": [{"key": "boss", "user": "wang"}], "next": "end"},
                    "end": {"type": "end"},
                },
            },
        },
    },
}  # fmt: skip
"""Case → folder → file → document, beside the workshop."""
