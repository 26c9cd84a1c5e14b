"""Assignment rules to their part of the model, and the automations that carry them out by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from dougong.base.step_types import StepFormula
from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.assignment import FALLBACK, Assignment, Choice, Matrix
from dougong.metadata.automation import Automation, Trigger
from dougong.metadata.building.fields import labels
from dougong.metadata.building.steps import StepScope
from dougong.metadata.index import Index, texts
from dougong.metadata.scope import FieldScope
from dougong.metadata.steps import Step

Body = Mapping[str, Any]

READS = "field:"
"""How a choice begins that is a field of the record."""


def formulas_of(choice: Body) -> Iterator[StepFormula]:
    """The formulas of one rule over the record, each by its pointer below the rule."""
    if "when" in choice:
        yield StepFormula("/when", str(choice["when"]), "boolean")
    for at, each in enumerate(choice.get("to", ())):
        if each.startswith(READS):
            yield StepFormula(f"/to/{at}", each.removeprefix(READS))
    for name, text in choice.get("matrix", {}).get("match", {}).items():
        yield StepFormula(f"/matrix/match/{name}", str(text))


def built_choice(choice: Body, compiled: Callable[[str], Formula], key: str = FALLBACK) -> Choice:
    """A rule of the model; `compiled` gives the formula at a pointer below it."""
    matrix = choice.get("matrix")
    return Choice(
        key=choice.get("key", key),
        label=labels(choice.get("label")),
        when=compiled("/when") if "when" in choice else None,
        to=texts(choice.get("to")),
        fields=tuple(compiled(f"/to/{at}") for at, each in enumerate(choice.get("to", ())) if each.startswith(READS)),
        queue=choice.get("queue"),
        matrix=_matrix(matrix, compiled) if matrix is not None else None,
        pick=choice.get("pick", "round_robin"),
        counts=choice.get("counts"),
        skips_absent=choice.get("absent", "skip") == "skip",
        working_hours=choice.get("hours", "any") == "working",
    )


def _matrix(body: Body, compiled: Callable[[str], Formula]) -> Matrix:
    match = {name: compiled(f"/matrix/match/{name}") for name in body["match"]}
    return Matrix(object=body["object"], match=MappingProxyType(match), to=body["to"])


def build_assignments(index: Index) -> Mapping[str, Assignment]:
    """Every assignment rule by its whole name."""
    found = index.named("assignment_rule")
    return MappingProxyType({name: _assignment(index, name, each.body) for name, each in found.items()})


def _assignment(index: Index, name: str, body: Body) -> Assignment:
    object_name = name.rpartition(".")[0]

    def choice(written: Body) -> Choice:
        known = {each.pointer: each for each in formulas_of(written)}
        scope = FieldScope(index, object_name)
        return built_choice(written, lambda pointer: compile_formula(known[pointer].text, scope, known[pointer].result))

    return Assignment(
        name=name,
        object=object_name,
        label=labels(body.get("label")),
        body=body,
        turns=f"assignment_rule:{body.get('id', name)}",
        choices=tuple(map(choice, body["rules"])),
        fallback=choice(body[FALLBACK]) if FALLBACK in body else None,
    )


# -- what assigns by itself -------------------------------------------------------------------------------------------
def build_assigning(index: Index) -> Iterator[tuple[str, Automation]]:
    """For each rule that says when it assigns, the automation that does: its runs are kept like those of any other."""
    for name, each in index.named("assignment_rule").items():
        if each.body.get("on") and each.body.get("active") is not False:
            yield name, assigning(index, name, each.body)


def assigning(index: Index, name: str, body: Body) -> Automation:
    """The automation that carries one rule out."""
    object_name, _, own = name.rpartition(".")
    when, active = body.get("when"), body.get("active")
    return Automation(
        name=name,
        own=own,
        object=object_name,
        label=labels(body.get("label")),
        body=body,
        trigger=_trigger(body),
        steps=(Step(key="assign", do="assign", given=MappingProxyType({"rule": name})),),
        when=compile_formula(when, StepScope(index, object_name), "boolean") if when is not None else None,
        active=compile_formula(active, FieldScope(index, object_name), "boolean") if isinstance(active, str) else True,
    )


def _trigger(body: Body) -> Trigger:
    """Records made by hand and rows of an import both make records: `imported` tells which of them counts."""
    on = set(texts(body["on"]))
    events = {"create" if each == "import" else each for each in on - {"button"}}
    if not events:
        return Trigger(type="button")
    made = on & {"create", "import"}
    imported = None if len(made) != 1 else "import" in made
    return Trigger(type="record", on=frozenset(events), fields=frozenset(texts(body.get("fields"))), imported=imported)
