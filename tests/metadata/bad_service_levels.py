"""Service levels with one fault: name → changes (see `workshop.changed`)."""

from __future__ import annotations

from typing import Any

from tests.metadata.workshop import label

STEPS = [{"key": "say", "do": "set", "with": {"name": '"late"'}}]


def level(object_name: str = "deal", **keys: Any) -> dict[str, Any]:
    """One service level with one clock that has `keys`."""
    clock = {"key": "reply", "label": label("Reply", "回复"), **keys}
    body = {
        "kind": "sla", "name": f"{object_name}.answer", "object": object_name, "label": label("Answer", "响应"),
        "clocks": [clock],
    }  # fmt: skip
    return {f"sla/{object_name}/answer.json": body}


def rung(key: str, at: str, **keys: Any) -> dict[str, Any]:
    """One rung of a ladder."""
    return {"key": key, "label": label("Late", "超时"), "at": at, "steps": STEPS, **keys}


CASES: dict[str, dict[str, Any]] = {
    "a service level of no object": level("daal", target="4h"),
    "a clock by which nothing happens": level(),
    "a clock over what is not there": level(start="amont > 5", stop="nmae = 1", target="4h"),
    "a clock that looks at what changed": level(stop="ISCHANGED(amount)", target="4h"),
    "a clock that depends on the time": level(pause="TODAY() > DATE(2026, 1, 1)", target="4h"),
    "a clock that depends on who saves": level(stop="owner = $User.id", target="4h"),
    "a clock that begins at an amount": level(begins="amount", target="4h"),
    "a clock of a calendar that is not there": level(target="4 working hours", calendar="desk"),
    "a clock without the absences of nobody": level("line", target="4h", absent="skip"),
    "a target that is no time": level(target="soon"),
    "a target out of a table that is not there": level(
        target={"object": "tagret", "match": {"a": "name"}, "field": "b"}
    ),
    "a target out of a table that says no number": level(
        target={"object": "deal", "match": {"nmae": "name"}, "field": "name"}
    ),
    "a rung at a part of no target": level(ladder=[rung("half", "50%")]),
    "rungs in the wrong order": level(target="4h", ladder=[rung("late", "100%"), rung("half", "50%")]),
    "rungs that are called the same": level(target="4h", ladder=[rung("late", "1d"), rung("late", "36h")]),
    "a rung that does what cannot be done": level(
        ladder=[rung("late", "3d", when="amont > 1", steps=[{"key": "x", "do": "sett", "with": {}}])]
    ),
    "a rung that lets its clock begin anew": level(
        begins='IF(name = "a", created_at, updated_at)', pause="amont > 5", ladder=[rung("late", "3d")]
    ),
}
"""Cases in the company's own layer."""
