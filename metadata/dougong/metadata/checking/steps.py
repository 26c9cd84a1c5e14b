"""Rules of steps, wherever they stand: their kind is known, they are given what it asks for, and their formulas fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dougong.base.channel_types import ChannelType
from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.base.step_types import STEP_TYPES, StepFormula, StepType
from dougong.formulas import Formula
from dougong.metadata import violations
from dougong.metadata.building.steps import Place, copies, places, result_of
from dougong.metadata.checking.formulas import filling, tried
from dougong.metadata.checking.report import Spot, missing_field, need_object
from dougong.metadata.positions import steps as pointer_steps
from dougong.metadata.schema import step_schema
from dougong.metadata.scope import FieldScope

Document = Mapping[str, Any]

HELD: Mapping[str, tuple[str, ...]] = {"nothing": (), "branches": ("branches", "otherwise"), "steps": ("steps",)}
"""The keys with further steps, by what a kind of step holds; the first one is required."""


def steps(spot: Spot, bodies: Sequence[Document], object_name: str, before_save: bool = False) -> Iterator[Problem]:
    """Everything that is wrong with the list of steps at `spot`, and with those inside.

    `before_save`: they run while a record is being saved.
    """
    yield from _keys_twice(spot, bodies, object_name)
    for place in places(bodies, object_name):
        here = at(spot, place.pointer)
        if place.kind is None:
            name = str(place.body.get("do"))
            reason = msg("There is no kind of step {name}.", name=name)
            yield (here / "do").problem("step-unknown", reason, violations.near(name, STEP_TYPES, 30))
            continue
        shape = list(shape_of(here, place.kind, place.body))
        yield from shape
        yield from _held(here, place.kind, place.body)
        if before_save and not place.kind.before_save:
            reason = msg("While a record is being saved, only its own fields can be set.")
            yield (here / "do").problem(
                "step-before-save", reason, msg("Take before_save out: it then runs afterwards.")
            )
        if not shape:
            yield from _formulas(here / "with", place, before_save)
            yield from _named(here / "with", place)
        for number, branch in enumerate(place.body.get("branches", ())):
            where = here / "branches" / number / "when"
            for found in tried(where, branch.get("when"), place.scope(spot.index), "boolean"):
                yield from _afterwards(where, found, before_save)


def _afterwards(spot: Spot, found: Problem | Formula, before_save: bool) -> Iterator[Problem]:
    """What is wrong with a formula, or that it looks at what changed when that is over."""
    if isinstance(found, Problem):
        yield found
    elif found.save_only and not before_save:
        reason = msg("A step runs when the record has been saved, so it cannot look at what changed.")
        yield spot.problem("formula-save-only", reason, msg("Ask for it where it starts, under when."))


def at(spot: Spot, pointer: str) -> Spot:
    """The spot at a JSON pointer below another."""
    for step in pointer_steps(pointer):
        spot = spot / step
    return spot


def _keys_twice(spot: Spot, bodies: Sequence[Document], object_name: str) -> Iterator[Problem]:
    """A key names one step of the whole list: what a step gave is found under it."""
    seen: set[str] = set()
    for place in places(bodies, object_name):
        key = str(place.body.get("key"))
        if key in seen:
            reason = msg("{key} stands twice in the list.", key=key)
            yield (at(spot, place.pointer) / "key").problem("key-twice", reason, msg("Rename one."))
        seen.add(key)


def shape_of(spot: Spot, kind: StepType | ChannelType, body: Document) -> Iterator[Problem]:
    """What a step or a channel is given, against the schema of its kind."""
    if "with" not in body:
        if kind.required_keys:
            yield spot.problem("key-missing", msg("The key {key} is missing.", key="with"))
        return
    schema, compiled = step_schema(kind)
    above = pointer_steps((spot / "with").pointer)
    inside = spot.component.source.inside if spot.component.source else ""
    for problem in violations.inside(spot.component, above, schema, compiled, body["with"]):
        pointer = (problem.place.pointer or "").removeprefix(inside)
        yield Spot(spot.index, spot.component, pointer).problem(problem.code, problem.reason, problem.fix)


def _held(spot: Spot, kind: StepType, body: Document) -> Iterator[Problem]:
    """Steps below stand where the kind has any, under the keys that it knows."""
    allowed = HELD[kind.holds]
    for key in ("branches", "otherwise", "steps"):
        if key in body and key not in allowed:
            reason = msg("A step of the kind {kind} has no {key}.", kind=kind.name, key=key)
            yield (spot / key).problem("step-key", reason, msg("Take the key out."))
    if allowed and allowed[0] not in body:
        yield spot.problem("key-missing", msg("The key {key} is missing.", key=allowed[0]))


def _formulas(spot: Spot, place: Place, before_save: bool) -> Iterator[Problem]:
    for each in place.formulas():
        where, own = at(spot, each.pointer), each.object or place.object
        if own not in spot.index.fields:
            yield from need_object(where, own)
            continue
        scope = place.scope(spot.index, each)
        if each.fills is not None:
            wrong = list(_filled(where, scope, each, place))
            yield from wrong
            if any(problem.severity == "error" for problem in wrong) or copies(spot.index, each, place.object):
                continue
        for found in tried(where, each.text, scope, result_of(spot.index, each)):
            yield from _afterwards(where, found, before_save)


def _filled(spot: Spot, scope: FieldScope, each: StepFormula, place: Place) -> Iterator[Problem]:
    """A value for a field: the field is there, and the formula gives what it can hold."""
    if each.fills is None:
        return
    target, name = each.fills
    if target not in spot.index.fields:
        yield from need_object(spot, target)
        return
    facts = spot.index.field(target, name)
    if facts is None:
        yield missing_field(spot, target, name)
    elif not copies(spot.index, each, place.object):
        yield from filling(spot, scope, target, name, each.text)
    else:
        source = spot.index.field(scope.object, each.text.strip())
        if source is not None and source.type is not facts.type:
            reason = msg(
                "{field} cannot take over {source}: they are of different types.", field=name, source=each.text
            )
            yield spot.problem("copy-types", reason)


def _named(spot: Spot, place: Place) -> Iterator[Problem]:
    """Components that a step names are there."""
    if place.kind is None:
        return
    for pointer, address in place.kind.references(place.given, place.object):
        if address.startswith("field:"):
            yield from _relation(at(spot, pointer), *address.removeprefix("field:").split(".", 1))
        elif address not in spot.index.components:
            kind = address.partition(":")[0]
            known = [f"{kind}:{name}" for name in spot.index.named(kind)]
            reason = msg("There is no component {address}.", address=address)
            yield at(spot, pointer).problem("reference-unknown", reason, violations.near(address, known))


def _relation(spot: Spot, object_name: str, field: str = "") -> Iterator[Problem]:
    """A field of another object, which leads to the record."""
    if object_name not in spot.index.fields:
        yield from need_object(spot, object_name)
    elif spot.index.field(object_name, field) is None:
        yield missing_field(spot, object_name, field)
