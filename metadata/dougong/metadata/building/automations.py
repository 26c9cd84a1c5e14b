"""Automation documents to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.automation import Automation, Trigger
from dougong.metadata.building.assignments import assigning, build_assigning
from dougong.metadata.building.fields import labels
from dougong.metadata.building.steps import StepScope, build_steps
from dougong.metadata.index import Index, texts
from dougong.metadata.scope import FieldScope


def build_automations(index: Index) -> Mapping[str, Automation]:
    """Every automation that may run, by its whole name; one with ``"active": false`` is left out.

    Among them are those that carry assignment rules out.
    """
    found = {
        name: build_automation(index, name, each.body)
        for name, each in index.named("automation").items()
        if each.body.get("active") is not False
    }
    return MappingProxyType({**found, **dict(build_assigning(index))})


def build_automation(index: Index, name: str, body: Mapping[str, Any]) -> Automation:
    """One automation: of a document in force, or of one that a run is pinned to; of a rule of assignment too.

    Raises:
        dougong.base.errors.DougongError, LookupError: it names what the application does not have.
    """
    if body.get("kind") == "assignment_rule":
        return assigning(index, name, body)
    object_name, _, own = name.rpartition(".")
    when, limits = body.get("when"), body.get("limits", {})
    return Automation(
        name=name,
        own=own,
        object=object_name,
        label=labels(body.get("label")),
        body=body,
        trigger=_trigger(body["trigger"]),
        steps=build_steps(index, body["steps"], object_name),
        when=compile_formula(when, StepScope(index, object_name), "boolean") if when is not None else None,
        active=_active(index, object_name, body.get("active")),
        per_record_per_day=limits.get("per_record_per_day"),
        run_as=body.get("run_as", "system"),
    )


def _active(index: Index, object_name: str, said: Any) -> Formula | bool:
    return compile_formula(said, FieldScope(index, object_name), "boolean") if isinstance(said, str) else True


def _trigger(body: Mapping[str, Any]) -> Trigger:
    return Trigger(
        type=body["type"],
        on=frozenset(texts(body.get("on"))),
        fields=frozenset(texts(body.get("fields"))),
        field=body.get("field"),
        offsets=texts(body.get("offsets")) or ("0d",),
        at=body.get("at", "09:00"),
        days=body.get("days", "all"),
        yearly=body.get("yearly", False),
        cron=body.get("cron"),
        endpoint=body.get("endpoint"),
        before_save=body.get("before_save", False),
    )
