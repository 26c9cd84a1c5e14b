"""Automations that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from dougong.cli.folders import field_types
from tests.metadata.workshop import label

field_types()  # what a step is given is judged by the kind of step

RECORD: dict[str, Any] = {"type": "record", "on": ["change"], "fields": ["stage"]}
SET: dict[str, Any] = {"key": "mark", "do": "set", "with": {"name": '"x"'}}


def automation(**keys: Any) -> dict[str, Any]:
    """One automation of the object deal."""
    body = {"kind": "automation", "name": "deal.won", "object": "deal", "label": label("Won", "赢单")}
    return {"automation/deal/won.json": {**body, "trigger": RECORD, "steps": [SET], **keys}}


def step(**keys: Any) -> dict[str, Any]:
    """One automation with one step."""
    return automation(steps=[{"key": "mark", **keys}])


CASES: dict[str, dict[str, Any]] = {
    "an automation of no object": {
        "automation/daal/won.json": {
            "kind": "automation", "name": "daal.won", "object": "daal", "label": label("Won", "赢单"),
            "trigger": RECORD, "steps": [SET],
        }
    },
    "triggers that lack what they need": {
        **automation(trigger={"type": "record"}),
        "automation/deal/late.json": {
            "kind": "automation", "name": "deal.late", "object": "deal", "label": label("Late", "逾期"),
            "trigger": {"type": "date", "at": "25:00"}, "steps": [SET],
        },
    },
    "a trigger with the key of another type": automation(trigger={"type": "button", "cron": "0 9 * * *"}),
    "fields of a record that is only created": automation(
        trigger={"type": "record", "on": ["create"], "fields": ["amont"]}
    ),
    "a deleted record that takes values": automation(
        trigger={"type": "record", "on": ["delete"], "before_save": True}
    ),
    "a date that is an amount": automation(trigger={"type": "date", "field": "amount"}),
    "an anniversary of a moment": automation(trigger={"type": "date", "field": "created_at", "yearly": True}),
    "nobody as whom it runs": automation(trigger={"type": "schedule", "cron": "0 9 * * *"}, run_as="person"),
    "an offset that is none": automation(trigger={"type": "date", "field": "amount", "offsets": ["soon"]}),
    "a schedule that is none": automation(trigger={"type": "schedule", "cron": "0 25 * * *"}),
    "a hook without an endpoint": automation(trigger={"type": "hook", "endpoint": "orders"}),
    "a condition over what is not there": automation(when="amont > 5"),
    "a condition that looks back where nothing is saved": automation(
        trigger={"type": "button"}, when="ISCHANGED(amount)"
    ),
    "a switch that reads a field": automation(active="amount > 5"),
    "a button for what the clock sets off": {
        **automation(trigger={"type": "schedule", "cron": "0 9 * * *"}),
        "action/deal/go.json": {
            "kind": "action", "name": "deal.go", "object": "deal", "label": label("Go", "执行"),
            "does": {"run": "deal.won"},
        },
    },
    "a notice by a channel that is not there": step(
        do="notify", **{"with": {"to": ["field:owner"], "title": {"en": "name"}, "channels": ["mail", "wecom"]}}
    ),
    "an automation that makes records without end": automation(
        trigger={"type": "record", "on": ["create"]},
        steps=[{"key": "next", "do": "create", "with": {"object": "deal", "values": {"name": "name"}}}],
    ),
    "two automations that may set each other off": {
        **automation(
            trigger={"type": "record", "on": ["change"], "fields": ["stage"]},
            steps=[{"key": "mark", "do": "set", "with": {"name": '"x"'}}],
            active="amount > 5",
        ),
        "automation/deal/back.json": {
            "kind": "automation", "name": "deal.back", "object": "deal", "label": label("Back", "返回"),
            "trigger": {"type": "record", "on": ["change"], "fields": ["name"]},
            "steps": [{"key": "mark", "do": "set", "with": {"stage": '"open"'}}],
        },
    },
    "a step of no kind": step(do="sett", **{"with": {"name": '"x"'}}),
    "an automation that sets what is not there": step(do="set", **{"with": {"amont": "5"}}),
    "a step that sets the wrong type": step(do="set", **{"with": {"amount": '"five"', "stage": '"lots"'}}),
    "a step with an unknown key": step(do="create", **{"with": {"object": "line", "value": {}}}),
    "a step that creates what is not there": step(do="create", **{"with": {"object": "lime", "values": {"a": "1"}}}),
    "a step that looks back": step(do="set", **{"with": {"name": "PRIORVALUE(name)"}}),
    "a step that leaves the record while it is saved": automation(
        trigger={**RECORD, "before_save": True},
        steps=[{"key": "line", "do": "create", "with": {"object": "line", "values": {"deal": "id"}}}],
    ),
    "a branch without ways": step(do="branch"),
    "a loop over nothing": step(do="loop", **{"with": {"over": "line.dael"}}, steps=[{**SET, "key": "inner"}]),
    "a step with steps that does nothing with them": step(**{**SET, "key": "mark", "steps": [SET]}),
    "the same key inside and outside": automation(
        steps=[SET, {"key": "ways", "do": "branch", "branches": [{"key": "a", "when": "amount", "steps": [SET]}]}]
    ),
    "the outcome of a later step": automation(
        steps=[{"key": "one", "do": "set", "with": {"name": "$Steps.two"}}, {**SET, "key": "two"}]
    ),
    "a notice to a role that is not there": step(
        do="notify", **{"with": {"to": ["role:boss", "field:ownr"], "title": {"en": "name"}}}
    ),
}  # fmt: skip
"""Case → file → document, as in `bad_documents`."""
