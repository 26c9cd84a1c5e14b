"""Rules of assignments: records of the object have an owner, and whoever may get one can be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.assignment import FALLBACK
from dougong.metadata.building.assignments import formulas_of
from dougong.metadata.building.steps import places
from dougong.metadata.checking.automations import conditions
from dougong.metadata.checking.formulas import tried
from dougong.metadata.checking.people import need_people
from dougong.metadata.checking.report import (
    Spot,
    enumerated,
    field_at,
    need_field,
    need_object,
    need_path,
    repeated,
    spots,
    unknown,
)
from dougong.metadata.checking.steps import at
from dougong.metadata.index import Index
from dougong.metadata.reference_table import STEPS
from dougong.metadata.references import lists_of_steps
from dougong.metadata.scope import FieldScope
from dougong.metadata.territories import FIELD as TERRITORY

Body = Mapping[str, Any]


def assignments(index: Index) -> Iterator[Problem]:
    """What is wrong with any assignment rule, and with the rules that steps carry or name."""
    for spot, body in spots(index, "assignment_rule"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        if index.field(name, "owner") is None:
            reason = msg("Records of this object have no owner.")
            yield (spot / "object").problem("assignment-owner", reason, msg("Give the object owner: user_or_queue."))
        if body.get("on") and spot.component.name in index.named("automation"):
            reason = msg("An automation has this name, and their runs are kept under it.")
            yield (spot / "name").problem("assignment-name", reason, msg("Rename one."))
        yield from _starts(spot, name, body)
        yield from repeated(spot, "rules", body)
        for below, each in enumerated(spot, "rules", body):
            if isinstance(each, Mapping):
                yield from choice(below, name, each)
        if isinstance(body.get(FALLBACK), Mapping):
            yield from choice(spot / FALLBACK, name, body[FALLBACK])
    for kind in STEPS:
        for spot, _ in spots(index, kind):
            for pointer, bodies in lists_of_steps(spot.component):
                yield from _of_steps(at(spot, pointer), spot.component.object or "", bodies)


def _starts(spot: Spot, name: str, body: Body) -> Iterator[Problem]:
    """When it assigns by itself."""
    on = body.get("on", ())
    if "fields" in body and "change" not in on:
        reason = msg("Fields are compared where a record is changed.")
        yield (spot / "fields").problem("trigger-fields", reason, msg("Add change under on, or take the key out."))
    fields = body.get("fields", ())
    if "change" in on and (not fields or "owner" in fields):
        reason = msg("Its own change of the owner would let it assign anew.")
        yield (spot / "on").problem("assignment-again", reason, msg("List other fields under fields."))
    for below, each in enumerated(spot, "fields", body):
        yield from need_field(below, name, each)
    yield from conditions(spot, name, body, saving="button" not in on)


def choice(spot: Spot, object_name: str, body: Body) -> Iterator[Problem]:
    """What is wrong with one rule of a document: its formulas, and what they do not say."""
    scope = FieldScope(spot.index, object_name)
    for each in formulas_of(body):
        if each.pointer.startswith("/to/"):
            yield from _person(at(spot, each.pointer), object_name, each.text)
            continue
        for found in tried(at(spot, each.pointer), each.text, scope, each.result):
            if isinstance(found, Problem):
                yield found
            elif found.save_only:
                reason = msg("A step runs when the record has been saved, so it cannot look at what changed.")
                yield at(spot, each.pointer).problem("formula-save-only", reason)
    yield from need_people(spot, "to", body)
    queue, known = body.get("queue"), spot.index.named("queue")
    if isinstance(queue, str) and queue not in known:
        yield unknown(spot / "queue", msg("queue"), queue, known)
    yield from unsaid(spot, object_name, body)


def unsaid(spot: Spot, object_name: str, body: Body) -> Iterator[Problem]:
    """What rules of documents and of steps are judged by alike: territory, load, the table."""
    for below, each in enumerated(spot, "to", body):
        if each in ("initiator", "approvers") and spot.component.kind == "assignment_rule":
            reason = msg("A rule of its own has nobody who set it off.")
            yield below.problem("assignment-nobody", reason, msg("Name a role, a queue, a territory or a field."))
        elif each == TERRITORY and spot.index.field(object_name, TERRITORY) is None:
            reason = msg("No territory has a rule for this object.")
            yield below.problem("assignment-territory", reason, msg("Give a territory a rule for it, or name one."))
    if "counts" in body and body.get("pick") != "least_loaded":
        reason = msg("Load is counted with least_loaded.")
        yield (spot / "counts").problem("assignment-counts", reason, msg("Add pick: least_loaded, or take it out."))
    for found in tried(spot / "counts", body.get("counts"), FieldScope(spot.index, object_name), "boolean"):
        if isinstance(found, Problem):
            yield found
    for key in ("pick", "absent", "hours"):
        if key in body and "to" not in body:
            reason = msg("{key} says how one of several people is chosen.", key=key)
            yield (spot / key).problem("assignment-key", reason, msg("Take the key out."))
    if isinstance(body.get("matrix"), Mapping):
        yield from _matrix(spot / "matrix", body["matrix"])


def _matrix(spot: Spot, body: Body) -> Iterator[Problem]:
    name = str(body.get("object"))
    if name not in spot.index.fields:
        yield from need_object(spot / "object", name)
        return
    for field in body.get("match", {}):
        yield from need_field(spot / "match" / field, name, field)
    yield from need_field(spot / "to", name, body.get("to"))
    facts = spot.index.field(name, str(body.get("to")))
    if facts is not None and facts.leads_to != "user":
        yield (spot / "to").problem("assignment-person", msg("The field leads to no user and no queue."))


def _person(spot: Spot, object_name: str, path: str) -> Iterator[Problem]:
    """A field of the record that names who gets it."""
    wrong = list(need_path(spot, object_name, path))
    yield from wrong
    facts = None if wrong else field_at(spot.index, object_name, path)
    if not wrong and (facts is None or facts.leads_to != "user"):
        yield spot.problem("assignment-person", msg("The field leads to no user and no queue."))


def _of_steps(spot: Spot, object_name: str, bodies: Sequence[Body]) -> Iterator[Problem]:
    """Rules that steps carry, and the documents that they name."""
    known = spot.index.named("assignment_rule")
    for place in places(bodies, object_name):
        if place.body.get("do") != "assign" or place.object not in spot.index.fields:
            continue
        here = at(spot, place.pointer) / "with"
        named = place.given.get("rule")
        if ("rule" in place.given) == ("rules" in place.given):
            reason = msg("An assignment names a rule, or carries rules: one of both.")
            yield here.problem("assignment-rules", reason, msg("Say rule, or rules."))
        if named in known and known[str(named)].object != place.object:
            reason = msg("The rule {name} is for records of another object.", name=str(named))
            yield (here / "rule").problem("assignment-object", reason)
        for below, each in enumerated(here, "rules", place.given):
            if isinstance(each, Mapping):
                yield from unsaid(below, place.object, each)
