"""Step documents to their part of the model, and the walk through steps that checks and references share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dougong.base.step_types import STEP_TYPES, StepFormula, StepType
from dougong.formulas import FieldInfo, Path, Type
from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import yields
from dougong.metadata.building.rules import is_copied
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope
from dougong.metadata.steps import Step, StepBranch

Document = Mapping[str, Any]

TRIGGER: Mapping[str, FieldInfo] = MappingProxyType(
    {"offset": FieldInfo(Type.NUMBER, scale=0), "on": FieldInfo(Type.DATE), "event": FieldInfo(Type.TEXT)}
)
"""What ``$Trigger`` knows: days (or working days) from the date, the day, what happened (create, change, …)."""


class StepScope(FieldScope):
    """The names in formulas of steps: fields, ``$Trigger``, and ``$Steps.<key>``, the record that a step gave.

    ``$Trigger.payload.<name>`` is a text that a call from outside brought. ``$Record`` is a record of `record`: in a
    loop the one around, in formulas over related records the one that the step is about.
    """

    def __init__(
        self, index: Index, object_name: str, record: str | None = None, earlier: tuple[str, ...] = ()
    ) -> None:
        """Start paths at `object_name`; steps with the keys `earlier` can be named."""
        super().__init__(index, object_name, record)
        self.earlier = earlier

    def resolve(self, path: Path) -> FieldInfo | None:
        """As every scope, and what a run knows."""
        head, rest = path[0].lower(), path[1:]
        if head == "$trigger" and len(rest) == 1:
            return TRIGGER.get(rest[0].lower())
        if head == "$trigger" and len(rest) == 2 and rest[0].lower() == "payload":
            return FieldInfo(Type.TEXT)
        if head == "$steps" and len(rest) == 1 and rest[0] in self.earlier:
            return FieldInfo(Type.TEXT)
        return super().resolve(path)


@dataclass(frozen=True, slots=True)
class Place:
    """A step somewhere in a document: its pointer below the list that was asked for, and whose records it is about.

    `kind` is None where no such kind of step is known. Inside a loop `record` is the object of the record around.
    `earlier` are the keys of steps whose outcome it can name.
    """

    pointer: str
    body: Document
    object: str
    kind: StepType | None
    record: str | None = None
    earlier: tuple[str, ...] = ()

    @property
    def given(self) -> Document:
        """What the step is given."""
        given: Document = self.body.get("with", {})
        return given

    def formulas(self) -> Iterator[StepFormula]:
        """The formulas in what it is given."""
        return self.kind.formulas(self.given, self.object) if self.kind is not None else iter(())

    def scope(self, index: Index, formula: StepFormula | None = None) -> StepScope:
        """The names that a formula of the step can use; without one, those of its branches."""
        if formula is None or formula.object is None:
            return StepScope(index, self.object, self.record, self.earlier)
        return StepScope(index, formula.object, self.object, self.earlier)


def places(
    bodies: Sequence[Document],
    object_name: str,
    above: str = "",
    record: str | None = None,
    earlier: tuple[str, ...] = (),
) -> Iterator[Place]:
    """Every step of a list and of the lists inside, each before what stands below it."""
    for at, body in enumerate(bodies):
        place = _place(body, object_name, f"{above}/{at}", record, earlier)
        yield place
        earlier = (*earlier, str(body.get("key")))
        for number, branch in enumerate(body.get("branches", ())):
            inside = f"{place.pointer}/branches/{number}/steps"
            yield from places(branch.get("steps", ()), object_name, inside, record, earlier)
        yield from places(body.get("otherwise", ()), object_name, f"{place.pointer}/otherwise", record, earlier)
        inner = place.kind.inner_object(place.given, object_name) if place.kind is not None else object_name
        yield from places(body.get("steps", ()), inner, f"{place.pointer}/steps", object_name, earlier)


def _place(body: Document, object_name: str, pointer: str, record: str | None, earlier: tuple[str, ...]) -> Place:
    name = str(body.get("do"))
    known = name in STEP_TYPES
    return Place(pointer, body, object_name, STEP_TYPES[name] if known else None, record, earlier)


def build_steps(
    index: Index,
    bodies: Sequence[Document],
    object_name: str,
    record: str | None = None,
    earlier: tuple[str, ...] = (),
) -> tuple[Step, ...]:
    """The steps of the model, in order; inside a loop `record` is the object of the record around."""
    found = []
    for body in bodies:
        found.append(_step(index, _place(body, object_name, "", record, earlier)))
        earlier = (*earlier, body["key"])
    return tuple(found)


def _step(index: Index, place: Place) -> Step:
    body, given, own, kind = place.body, place.given, place.object, STEP_TYPES[place.body["do"]]
    formulas = {
        each.pointer: compile_formula(each.text, place.scope(index, each), result_of(index, each))
        for each in place.formulas()
        if not copies(index, each, own)
    }
    below = (*place.earlier, body["key"])
    branches = tuple(
        StepBranch(
            key=each["key"],
            when=compile_formula(each["when"], place.scope(index), "boolean"),
            steps=build_steps(index, each["steps"], own, place.record, below),
        )
        for each in body.get("branches", ())
    )
    return Step(
        key=body["key"],
        do=body["do"],
        given=MappingProxyType(dict(given)),
        formulas=MappingProxyType(formulas),
        branches=branches,
        otherwise=build_steps(index, body.get("otherwise", ()), own, place.record, below),
        steps=build_steps(index, body.get("steps", ()), kind.inner_object(given, own), own, below),
    )


def result_of(index: Index, formula: StepFormula) -> str | None:
    """The type that a formula of a step must give; that of the field which it fills."""
    if formula.fills is None:
        return formula.result
    facts = index.field(*formula.fills)
    return yields(index, facts) if facts is not None else None


def copies(index: Index, formula: StepFormula, object_name: str) -> bool:
    """Whether what fills a field is the name of a field that no formula can hold."""
    return formula.fills is not None and is_copied(index, formula.object or object_name, formula.text)
