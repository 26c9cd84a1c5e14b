"""Automations that set each other off in a circle, as far as their documents tell.

What one writes and another listens to is known from their steps and triggers. A circle whose automations all run
whatever the record is, and that makes a record each time round, never ends: an error. Others may end by a condition, or
because a value stays as it is: a warning, and while they run the guard watches their chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.base.step_types import StepWrite
from dougong.metadata.building.steps import places
from dougong.metadata.checking.report import Spot, spots
from dougong.metadata.index import Index, texts


@dataclass(frozen=True, slots=True)
class Known:
    """An automation that changes of records set off, with what it writes."""

    spot: Spot
    name: str
    object: str
    on: tuple[str, ...]
    fields: frozenset[str]
    always: bool
    writes: tuple[StepWrite, ...]

    def listens(self, write: StepWrite) -> bool:
        """Whether what is written sets this automation off."""
        if write.object != self.object or write.event not in self.on:
            return False
        return write.event != "change" or not self.fields or bool(write.fields & self.fields)


def circles(index: Index) -> Iterator[Problem]:
    """Each circle of automations once, told at the first of them by name."""
    known = sorted((*_known(index), *_assigning(index)), key=lambda each: each.name)
    follow = {each.name: [(write, to) for write in each.writes for to in known if to.listens(write)] for each in known}
    told: set[frozenset[str]] = set()
    for each in known:
        for way in _ways(each, follow, []):
            names = frozenset(to.name for _, to in way)
            if names not in told:
                told.add(names)
                yield _problem(each, way)


def _known(index: Index) -> Iterator[Known]:
    for spot, body in spots(index, "automation"):
        trigger, steps = body.get("trigger"), body.get("steps")
        if not isinstance(trigger, Mapping) or trigger.get("type") != "record" or not isinstance(steps, list):
            continue
        if trigger.get("before_save") is True or body.get("active") is False:
            continue  # what is set while saving sets nothing off again
        own = spot.component.object or ""
        whole = "when" not in body and "active" not in body
        plain = all("branches" not in each and "steps" not in each for each in steps if isinstance(each, Mapping))
        yield Known(
            spot=spot,
            name=spot.component.name,
            object=own,
            on=texts(trigger.get("on")),
            fields=frozenset(texts(trigger.get("fields"))),
            always=whole and plain,
            writes=tuple(_writes(steps, own)),
        )


def _assigning(index: Index) -> Iterator[Known]:
    """Assignment rules: they listen to changes, and set the owner."""
    for spot, body in spots(index, "assignment_rule"):
        own, on = spot.component.object or "", set(texts(body.get("on")))
        if body.get("active") is not False and on - {"button"}:
            yield Known(
                spot=spot,
                name=spot.component.name,
                object=own,
                on=tuple({"create" if each == "import" else each for each in on - {"button"}}),
                fields=frozenset(texts(body.get("fields"))),
                always=False,
                writes=(StepWrite("change", own, frozenset({"owner"})),),
            )


def _writes(steps: Sequence[Any], own: str) -> Iterator[StepWrite]:
    for place in places(steps, own):
        if place.kind is not None:
            yield from place.kind.writes(place.given, place.object)


Way = list[tuple[StepWrite, Known]]


def _ways(start: Known, follow: Mapping[str, Sequence[tuple[StepWrite, Known]]], way: Way) -> Iterator[Way]:
    """The ways from an automation back to it, through none twice and none that comes before it by name."""
    here = way[-1][1].name if way else start.name
    for write, to in follow[here]:
        if to.name == start.name:
            yield [*way, (write, to)]
        elif to.name > start.name and all(to.name != known.name for _, known in way):
            yield from _ways(start, follow, [*way, (write, to)])


def _problem(start: Known, way: Way) -> Problem:
    names = " → ".join((start.name, *(to.name for _, to in way)))
    endless = all(to.always and write.event == "create" for write, to in way)
    spot = start.spot / "steps"
    if endless:
        reason = msg("These automations set each other off without end: {names}.", names=names)
        return spot.problem("automation-endless", reason, msg("Give one of them a condition under when."))
    reason = msg("These automations may set each other off: {names}.", names=names)
    fix = msg("See that a condition ends it; if not, they are stopped after some rounds.")
    found = spot.problem("automation-circle", reason, fix)
    return Problem(
        code=found.code, reason=found.reason, fix=found.fix, thing=found.thing, place=found.place, severity="warning"
    )
