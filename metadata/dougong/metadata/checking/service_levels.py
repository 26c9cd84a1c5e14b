"""Rules of service levels: clocks that can stand, targets that can be found, ladders that can be climbed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas import Type
from dougong.metadata.building.steps import StepScope, places
from dougong.metadata.checking.formulas import switch, tried
from dougong.metadata.checking.report import Spot, enumerated, need_field, need_object, repeated, spots, unknown
from dougong.metadata.checking.steps import steps
from dougong.metadata.durations import duration
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope, formula_type

Body = Mapping[str, Any]

CONDITIONS = ("start", "stop", "pause")
"""The conditions of a clock."""

_MINUTES = {"min": 1, "h": 60, "d": 24 * 60}
"""Units whose lengths can be compared without a calendar."""


def service_levels(index: Index) -> Iterator[Problem]:
    """What is wrong with any service level."""
    for spot, body in spots(index, "sla"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        yield from switch(spot, body, name)
        yield from _asked(spot / "when", name, body.get("when"), "boolean")
        yield from repeated(spot, "clocks", body)
        for below, each in enumerated(spot, "clocks", body):
            if isinstance(each, Mapping):
                yield from _clock(below, name, each)


def _asked(spot: Spot, name: str, text: Any, result: str | None) -> Iterator[Problem]:
    """A formula that is asked whenever a record is saved, and at no other time."""
    for found in tried(spot, text, FieldScope(spot.index, name), result):
        if isinstance(found, Problem):
            yield found
        elif found.save_only:
            reason = msg("A clock goes by the record as it is, so it cannot look at what changed.")
            yield spot.problem("formula-save-only", reason)
        elif found.uses_clock:
            reason = msg("This is asked when the record is saved, so it cannot depend on the time.")
            yield spot.problem("sla-time", reason, msg("Let a rung of the ladder come at that time."))
        elif found.uses_user:
            reason = msg("This is the same for everybody, so it cannot depend on who saves the record.")
            yield spot.problem("sla-user", reason, msg("Name a field of the record."))


def _moment(spot: Spot, name: str, text: Any) -> Iterator[Problem]:
    yield from _asked(spot, name, text, None)
    for found in tried(spot, text, FieldScope(spot.index, name), None):
        if not isinstance(found, Problem) and found.type not in (Type.DATE, Type.DATETIME):
            reason = msg("A clock begins at a date or a moment.")
            yield spot.problem("sla-begins", reason, msg("Name a date field, or a formula that gives a date."))


def _clock(spot: Spot, name: str, body: Body) -> Iterator[Problem]:
    for key in CONDITIONS:
        yield from _asked(spot / key, name, body.get(key), "boolean")
    yield from _moment(spot / "begins", name, body.get("begins"))
    known = spot.index.named("calendar")
    if isinstance(body.get("calendar"), str) and body["calendar"] not in known:
        yield unknown(spot / "calendar", msg("calendar"), body["calendar"], known)
    if body.get("absent") == "skip" and spot.index.field(name, "owner") is None:
        reason = msg("Records of this object have no owner.")
        yield (spot / "absent").problem("sla-owner", reason, msg("Take the key out."))
    if isinstance(body.get("target"), Mapping):
        yield from _table(spot / "target", name, body["target"])
    if "target" not in body and not body.get("ladder"):
        reason = msg("Nothing happens by this clock: it has no target and no ladder.")
        yield spot.problem("sla-idle", reason, msg("Add a target, or a ladder."))
    yield from repeated(spot, "ladder", body)
    yield from _order(spot, body)
    for below, rung in enumerated(spot, "ladder", body):
        if isinstance(rung, Mapping):
            yield from _rung(below, name, body, rung)


def _table(spot: Spot, name: str, body: Body) -> Iterator[Problem]:
    table = str(body.get("object"))
    if table not in spot.index.fields:
        yield from need_object(spot / "object", table)
        return
    for field, text in (body.get("match") or {}).items():
        yield from need_field(spot / "match" / field, table, field)
        yield from _asked(spot / "match" / field, name, text, None)
    yield from need_field(spot / "field", table, body.get("field"))
    facts = spot.index.field(table, str(body.get("field")))
    if facts is not None and formula_type(spot.index, facts) is not Type.NUMBER:
        reason = msg("{field} is no number.", field=facts.body.get("label") or facts.name)
        yield (spot / "field").problem("field-type-wrong", reason)


def _order(spot: Spot, clock: Body) -> Iterator[Problem]:
    """Rungs stand in the order in which they come, as far as that can be told without a calendar."""
    before: tuple[str, int] | None = None
    for below, rung in enumerated(spot, "ladder", clock):
        here = _place(rung.get("at")) if isinstance(rung, Mapping) else None
        if here is None:
            continue
        if here[0] == "%" and "target" not in clock:
            reason = msg("There is no target of which this could be a part.")
            yield (below / "at").problem("sla-percent", reason, msg("Add a target, or say a time: 14d."))
        if before is not None and before[0] == here[0] and here[1] <= before[1]:
            reason = msg("This rung does not come after the one before it.")
            yield (below / "at").problem("sla-order", reason, msg("Put the rungs in the order in which they come."))
        before = here


def _place(at: Any) -> tuple[str, int] | None:
    """When a rung comes, with what it can be compared by; None where it says no time."""
    said = str(at)
    if said.endswith("%"):
        return ("%", int(said[:-1])) if said[:-1].isdigit() else None
    length = duration(said)
    if length is None:
        return None
    return ("min", length.amount * _MINUTES[length.unit]) if length.unit in _MINUTES else (length.unit, length.amount)


def _rung(spot: Spot, name: str, clock: Body, rung: Body) -> Iterator[Problem]:
    for found in tried(spot / "when", rung.get("when"), StepScope(spot.index, name), "boolean"):
        if isinstance(found, Problem):
            yield found
        elif found.save_only:
            reason = msg("A step runs when the record has been saved, so it cannot look at what changed.")
            yield (spot / "when").problem("formula-save-only", reason)
    yield from steps(spot / "steps", rung.get("steps", ()), name)
    yield from _own_beginning(spot / "steps", name, clock, rung)


def _own_beginning(spot: Spot, name: str, clock: Body, rung: Body) -> Iterator[Problem]:
    """A rung that changes what the clock counts from lets it begin anew, again and again."""
    read: set[str] = set()
    for found in tried(spot, clock.get("begins"), FieldScope(spot.index, name), None):
        if not isinstance(found, Problem):
            read = {path[0] for path in found.references}
    for place in places(rung.get("steps", ()), name):
        writes = place.kind.writes(place.given, place.object) if place.kind is not None else ()
        for write in writes:
            if write.object == name and write.event == "change" and read & write.fields:
                reason = msg("This rung changes what its clock counts from, so the clock begins anew.")
                problem = spot.problem("sla-anew", reason, msg("Set another field."))
                yield Problem(
                    code=problem.code, reason=problem.reason, fix=problem.fix, thing=problem.thing,
                    place=problem.place, severity="warning",
                )  # fmt: skip
                return
