"""Step documents to their part of the model, and the walk through steps that checks and references share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dougong.base.step_types import STEP_TYPES, StepFormula, StepType
from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import yields
from dougong.metadata.building.rules import is_copied
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope
from dougong.metadata.steps import Step, StepBranch

Document = Mapping[str, Any]

ScopeOf = Callable[[Index, str], FieldScope]
"""The names that formulas of steps may use, by the object whose record they are asked of."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step somewhere in a document: its pointer below the list that was asked for, and whose records it is about.

    `kind` is None where no such kind of step is known.
    """

    pointer: str
    body: Document
    object: str
    kind: StepType | None

    @property
    def given(self) -> Document:
        """What the step is given."""
        given: Document = self.body.get("with", {})
        return given

    def formulas(self) -> Iterator[StepFormula]:
        """The formulas in what it is given."""
        return self.kind.formulas(self.given, self.object) if self.kind is not None else iter(())


def places(bodies: Sequence[Document], object_name: str, above: str = "") -> Iterator[Place]:
    """Every step of a list and of the lists inside, each before what stands below it."""
    for at, body in enumerate(bodies):
        name, pointer = str(body.get("do")), f"{above}/{at}"
        known = name in STEP_TYPES
        kind = STEP_TYPES[name] if known else None
        yield Place(pointer, body, object_name, kind)
        inner = kind.inner_object(body.get("with", {}), object_name) if kind is not None else object_name
        for number, branch in enumerate(body.get("branches", ())):
            yield from places(branch.get("steps", ()), object_name, f"{pointer}/branches/{number}/steps")
        yield from places(body.get("otherwise", ()), object_name, f"{pointer}/otherwise")
        yield from places(body.get("steps", ()), inner, f"{pointer}/steps")


def build_steps(
    index: Index, bodies: Sequence[Document], object_name: str, scope_of: ScopeOf = FieldScope
) -> tuple[Step, ...]:
    """The steps of the model, in order."""
    return tuple(_step(index, body, object_name, scope_of) for body in bodies)


def _step(index: Index, body: Document, object_name: str, scope_of: ScopeOf) -> Step:
    kind, given = STEP_TYPES[body["do"]], body.get("with", {})
    formulas = {
        each.pointer: compile_formula(each.text, scope_of(index, each.object or object_name), result_of(index, each))
        for each in kind.formulas(given, object_name)
        if not copies(index, each, object_name)
    }
    scope = scope_of(index, object_name)
    branches = tuple(
        StepBranch(
            key=each["key"],
            when=compile_formula(each["when"], scope, "boolean"),
            steps=build_steps(index, each["steps"], object_name, scope_of),
        )
        for each in body.get("branches", ())
    )
    return Step(
        key=body["key"],
        do=body["do"],
        given=MappingProxyType(dict(given)),
        formulas=MappingProxyType(formulas),
        branches=branches,
        otherwise=build_steps(index, body.get("otherwise", ()), object_name, scope_of),
        steps=build_steps(index, body.get("steps", ()), kind.inner_object(given, object_name), scope_of),
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
