"""Service levels to their part of the model; each rung of a ladder is an automation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.automation import Automation
from dougong.metadata.building.automations import build_automation
from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope
from dougong.metadata.service_level import Clock, Rung, ServiceLevel, TargetTable

Body = Mapping[str, Any]


def build_service_levels(index: Index) -> Mapping[str, ServiceLevel]:
    """Every service level by its whole name; one with ``"active": false`` is left out."""
    found = index.named("sla").items()
    return MappingProxyType(
        {name: _level(index, name, each.body) for name, each in found if each.body.get("active") is not False}
    )


def rungs_of(levels: Mapping[str, ServiceLevel]) -> Iterator[tuple[str, Automation]]:
    """The automations of all ladders by name: ``lead.first_contact/reply/manager``."""
    for level in levels.values():
        for clock in level.clocks:
            for rung in clock.ladder:
                yield rung.automation.name, rung.automation


def _level(index: Index, name: str, body: Body) -> ServiceLevel:
    object_name, _, own = name.rpartition(".")
    scope = FieldScope(index, object_name)
    return ServiceLevel(
        name=name,
        own=own,
        object=object_name,
        label=labels(body.get("label")),
        body=body,
        when=_formula(scope, body, "when", "boolean"),
        clocks=tuple(_clock(index, scope, name, body, each) for each in body["clocks"]),
    )


def _clock(index: Index, scope: FieldScope, name: str, level: Body, body: Body) -> Clock:
    return Clock(
        key=body["key"],
        label=labels(body.get("label")),
        start=_formula(scope, body, "start", "boolean"),
        begins=_formula(scope, body, "begins", None),
        stop=_formula(scope, body, "stop", "boolean"),
        pause=_formula(scope, body, "pause", "boolean"),
        target=_target(scope, body.get("target")),
        calendar=body.get("calendar"),
        skips_absent=body.get("absent") == "skip",
        ladder=tuple(_rung(index, name, level, body, each) for each in body.get("ladder", ())),
    )


def _formula(scope: FieldScope, body: Body, key: str, result: str | None) -> Formula | None:
    return compile_formula(body[key], scope, result) if key in body else None


def _target(scope: FieldScope, said: Any) -> str | TargetTable | None:
    if said is None or isinstance(said, str):
        return said
    match = {name: compile_formula(text, scope) for name, text in said["match"].items()}
    return TargetTable(
        object=said["object"],
        match=MappingProxyType(match),
        field=said["field"],
        unit=said.get("unit", "working hours"),
    )


def _rung(index: Index, name: str, level: Body, clock: Body, body: Body) -> Rung:
    """A rung with its automation, whose document says all that a run of it is pinned to."""
    document: dict[str, Any] = {
        "kind": "automation",
        "name": f"{name}/{clock['key']}/{body['key']}",
        "label": body["label"],
        "trigger": {"type": "sla"},
        "steps": body["steps"],
        **{key: each[key] for key, each in (("when", body), ("active", level)) if key in each},
    }
    automation = build_automation(index, document["name"], document)
    return Rung(key=body["key"], label=labels(body["label"]), at=body["at"], automation=automation)
