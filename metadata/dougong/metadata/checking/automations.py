"""Rules of automations: what sets them off can happen, and they do what can be done then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import Message, msg
from dougong.formulas import Type
from dougong.metadata.building.steps import StepScope
from dougong.metadata.checking.formulas import switch, tried
from dougong.metadata.checking.report import Spot, enumerated, need_field, need_object, spots, unknown
from dougong.metadata.checking.steps import steps
from dougong.metadata.index import Index
from dougong.metadata.scope import formula_type

KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "record": (("on",), ("fields", "before_save")),
    "date": (("field",), ("offsets", "at", "days", "yearly", "once_per")),
    "schedule": (("cron",), ()),
    "button": ((), ()),
    "hook": (("endpoint",), ()),
}
"""By type of trigger: the keys that it needs, and those that it may have."""


BY_NOBODY = ("date", "schedule")
"""Triggers behind which there is nobody: the clock."""


def automations(index: Index) -> Iterator[Problem]:
    """What is wrong with any automation."""
    for spot, body in spots(index, "automation"):
        name, trigger = spot.component.object or "", body.get("trigger")
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        before = False
        if isinstance(trigger, Mapping):
            yield from _trigger(spot / "trigger", name, trigger)
            before = trigger.get("before_save") is True
        if body.get("run_as") == "person" and isinstance(trigger, Mapping) and trigger.get("type") in BY_NOBODY:
            reason = msg("Nobody sets this off, so there is no person as whom it could act.")
            yield (spot / "run_as").problem("automation-nobody", reason, msg("Let it run as system."))
        saving = isinstance(trigger, Mapping) and trigger.get("type") == "record"
        yield from conditions(spot, name, body, saving=saving)
        yield from steps(spot / "steps", body.get("steps", ()), name, before)


def _trigger(spot: Spot, object_name: str, trigger: Mapping[str, Any]) -> Iterator[Problem]:
    kind = str(trigger.get("type"))
    if kind not in KEYS:
        return
    needed, allowed = KEYS[kind]
    for key in needed:
        if key not in trigger:
            yield spot.problem("key-missing", msg("The key {key} is missing.", key=key))
    for key in trigger:
        if key != "type" and key not in (*needed, *allowed):
            reason = msg("A trigger of the type {type} has no {key}.", type=kind, key=key)
            yield (spot / key).problem("trigger-key", reason, msg("Take the key out."))
    for below, each in enumerated(spot, "fields", trigger):
        yield from need_field(below, object_name, each)
    if kind == "record":
        yield from _record(spot, trigger)
    elif kind == "date":
        yield from _date(spot, object_name, trigger)
    elif kind == "schedule":
        yield from _schedule(spot, trigger)
    elif kind == "hook":
        name, known = trigger.get("endpoint"), spot.index.named("endpoint")
        if isinstance(name, str) and name not in known:
            yield unknown(spot / "endpoint", msg("endpoint"), name, known)


def _record(spot: Spot, trigger: Mapping[str, Any]) -> Iterator[Problem]:
    on = trigger.get("on", ())
    if "fields" in trigger and "change" not in on:
        reason = msg("Fields are compared where a record is changed.")
        yield (spot / "fields").problem("trigger-fields", reason, msg("Add change under on, or take the key out."))
    if trigger.get("before_save") is True and "delete" in on:
        reason = msg("A record that is deleted takes no values.")
        yield (spot / "on").problem("trigger-before-delete", reason, msg("Take delete or before_save out."))


def _date(spot: Spot, object_name: str, trigger: Mapping[str, Any]) -> Iterator[Problem]:
    name = trigger.get("field")
    facts = spot.index.field(object_name, name) if isinstance(name, str) else None
    if facts is None:
        yield from need_field(spot / "field", object_name, name)
        return
    kind = formula_type(spot.index, facts)
    kept = facts.type is not None and facts.type.stored and not facts.type.virtual
    if kind not in (Type.DATE, Type.DATETIME) or not kept:
        reason = msg("{field} is no date that is kept.", field=facts.body.get("label") or facts.name)
        yield (spot / "field").problem("field-type-wrong", reason)
    elif trigger.get("yearly") is True and kind is not Type.DATE:
        reason = msg("An anniversary is that of a date, not of a moment.")
        yield (spot / "yearly").problem("trigger-yearly", reason, msg("Take the key out, or name a date."))


def _schedule(spot: Spot, trigger: Mapping[str, Any]) -> Iterator[Problem]:
    from dougong.metadata.schedules import wrong  # loaded where there is a schedule

    if isinstance(trigger.get("cron"), str) and (reason := wrong(trigger["cron"])):
        yield (spot / "cron").problem("cron-wrong", _cron(reason), msg("For example, 0 9 * * 1 is Monday at nine."))


def _cron(reason: str) -> Message:
    return msg("This is no schedule: {reason}", reason=reason)


def conditions(spot: Spot, name: str, body: Mapping[str, Any], *, saving: bool) -> Iterator[Problem]:
    """What is wrong with when something is done, and whether at all; `saving`: it is asked while a record is saved."""
    for found in tried(spot / "when", body.get("when"), StepScope(spot.index, name), "boolean"):
        if isinstance(found, Problem):
            yield found
        elif found.save_only and not saving:
            reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
            yield (spot / "when").problem("formula-save-only", reason)
    yield from switch(spot, body, name)
