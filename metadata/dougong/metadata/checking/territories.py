"""Rules of territories: their tree ends, what they name is there, and where a record belongs can be kept with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas.parser import MAX_LENGTH
from dougong.metadata.checking.formulas import tried
from dougong.metadata.checking.people import need_people
from dougong.metadata.checking.report import Spot, need_object, spots, unknown
from dougong.metadata.component import PLATFORM
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope
from dougong.metadata.territories import FIELD, REASON, formula


def territories(index: Index) -> Iterator[Problem]:
    """Everything that territories name."""
    known = index.named("territory")
    bodies = {name: each.body for name, each in known.items()}
    for spot, body in spots(index, "territory"):
        parent = body.get("parent")
        if isinstance(parent, str) and parent not in known:
            yield unknown(spot / "parent", msg("territory"), parent, known)
        circle = _circle(index, spot.component.name)
        if circle and min(circle) == spot.component.name:
            way = " → ".join((*circle, circle[0]))
            reason = msg("Territories stand above each other in a circle: {circle}.", circle=way)
            yield (spot / "parent").problem("territory-circle", reason, msg("Take one parent out."))
        for name, rule in body.get("objects", {}).items():
            yield from _object(spot / "objects" / name, name)
            if name in index.named("object"):
                yield from _rule(spot / "objects" / name / "when", name, rule.get("when"))
                if len(formula(name, bodies)) > MAX_LENGTH:
                    reason = msg("All rules for {object} together are longer than a formula may be.", object=name)
                    fix = msg("Say what many rules ask once, in a formula field that they read.")
                    yield (spot / "objects" / name).problem("territory-rules-long", reason, fix)
        yield from need_people(spot, "members", body)


def _object(spot: Spot, name: str) -> Iterator[Problem]:
    if name not in spot.index.named("object"):
        yield from need_object(spot, name)
        return
    if spot.index.body("object", name).get("rows") == "metadata":
        reason = msg("{object} records travel with the metadata: they belong to no territory.", object=name)
        yield spot.problem("territory-object", reason, msg("Take the object out."))
    for field in (FIELD, REASON):
        facts = spot.index.field(name, field)
        if facts is not None and facts.component.layer != PLATFORM:
            reason = msg("{object} has a field {field} of its own, which territories need.", object=name, field=field)
            yield spot.problem("territory-field", reason, msg("Rename the field of the object."))


def _rule(spot: Spot, object_name: str, text: Any) -> Iterator[Problem]:
    """A condition whose answer is kept: it changes with the record and its parents alone."""
    for found in tried(spot, text, FieldScope(spot.index, object_name), "boolean"):
        if isinstance(found, Problem):
            yield found
        elif found.save_only:
            reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
            yield spot.problem("formula-save-only", reason)
        elif found.uses_clock or found.uses_user or found.uses_calendar:
            reason = msg("Where a record belongs is kept, so it cannot depend on the day or on who looks.")
            yield spot.problem("territory-moment", reason, msg("Use fields of the record and its parents."))


def _circle(index: Index, name: str) -> tuple[str, ...]:
    way: list[str] = []
    here: Any = name
    while isinstance(here, str) and here not in way:
        way.append(here)
        here = index.body("territory", here).get("parent")
    return tuple(way) if here == name else ()
