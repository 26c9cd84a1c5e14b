"""`create`: for each record another one is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType, StepWrite
from dougong.engine.saving.batch import Create
from dougong.workflows.steps.doing import BY_RECORD, Doing
from dougong.workflows.steps.evaluating import Evaluating, below
from dougong.workflows.steps.keys import FORMULAS, NAME


class CreateRecord(StepType):
    """A record is made for each; later steps name it ``$Steps.<key>``."""

    name = "create"
    label = msg("Create a record")
    keys: ClassVar[Mapping[str, Any]] = {
        "object": {**NAME, "description": "What is created.", "x-zh-CN": "新建的对象。"},
        "values": {**FORMULAS, "description": "Its fields, as formulas over the record.", "x-zh-CN": "各字段的公式。"},
    }
    required_keys = ("object", "values")

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """What its fields are."""
        for field, text in given.get("values", {}).items():
            yield StepFormula(f"/values/{field}", str(text), fills=(str(given.get("object")), field))

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """The object of what is created."""
        yield "/object", f"object:{given.get('object')}"

    def writes(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepWrite]:
        """A record is made."""
        yield StepWrite("create", str(given.get("object")), frozenset(given.get("values", {})))

    def run(self, doing: Doing) -> dict[str, Any]:
        """Make one record for each, all in one save."""
        target = str(doing.step.given["object"])
        values = Evaluating(doing).filled(below(doing.step.formulas, "/values"), target, doing.ids)
        saved = doing.unit.records.save([Create(target, values[id], read=True) for id in doing.ids])
        made = {doing.ids[each.row - 1]: each.id for each in saved.changes}
        return {"created": len(made), "object": target, BY_RECORD: made}
