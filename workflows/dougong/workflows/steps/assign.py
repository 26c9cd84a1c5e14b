"""`assign`: the record gets an owner, by the first rule that holds and finds somebody; why stands in its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType, StepWrite
from dougong.engine.saving.batch import Update
from dougong.metadata.assignment import RULES_SCHEMA, Assignment
from dougong.metadata.building.assignments import formulas_of
from dougong.metadata.schema import kind_schema
from dougong.workflows.assigning.choosing import Choosing, inline
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.people import references_to


class Assign(StepType):
    """The record gets an owner; where no rule holds, or nobody is there, it keeps the one it has."""

    name = "assign"
    label = msg("Assign an owner")
    keys: ClassVar[Mapping[str, Any]] = {
        "rule": {
            "type": "string", "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$",
            "description": "An assignment rule of the object, in place of rules.",
            "x-zh-CN": "对象的分配规则，用以代替 rules。",
        },
        "rules": kind_schema("assignment_rule")["properties"][RULES_SCHEMA],
    }  # fmt: skip

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """Conditions, fields that name people, and what tables are asked for."""
        for at, rule in enumerate(given.get("rules", ())):
            for each in formulas_of(rule):
                yield replace(each, pointer=f"/rules/{at}{each.pointer}")

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """A document with rules, or the roles, queues and territories of those that stand here."""
        if "rule" in given:
            yield "/rule", f"assignment_rule:{given['rule']}"
        for at, rule in enumerate(given.get("rules", ())):
            yield from ((f"/rules/{at}{pointer}", address) for pointer, address in references_to(rule))
            if "queue" in rule:
                yield f"/rules/{at}/queue", f"queue:{rule['queue']}"

    def writes(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepWrite]:
        """The owner is set."""
        yield StepWrite("change", object_name, frozenset({"owner"}))

    def run(self, doing: Doing) -> dict[str, Any]:
        """Find an owner for each, and save them all in one save."""
        chosen = Choosing(doing, assignment_of(doing)).chosen()
        language = doing.unit.company.language
        changes = [
            Update(doing.object, id, {"owner": each.owner}, why=each.why.to(language)) for id, each in chosen.items()
        ]
        if changes:
            doing.unit.records.save(changes)
        return {"assigned": len(chosen), "rules": {id: each.rule for id, each in chosen.items()}}


def assignment_of(doing: Doing) -> Assignment:
    """The rules that a step goes by: a document's, or its own."""
    given = doing.step.given
    if "rule" in given:
        return doing.unit.runtime.model.workflows.assignments[given["rule"]]
    return inline(given, doing.step.formulas, f"{doing.name}/{doing.step.key}", doing.object)
