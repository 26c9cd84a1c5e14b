"""`update`: records that belong to the record are changed, or the one that a lookup names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType, StepWrite
from dougong.engine.saving.batch import Update
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating, below
from dougong.workflows.steps.keys import FORMULA, FORMULAS, RELATION
from dougong.workflows.steps.loop import related


class UpdateRelated(StepType):
    """Related records are changed."""

    name = "update"
    label = msg("Update related records")
    keys: ClassVar[Mapping[str, Any]] = {
        "over": {
            **RELATION, "description": "Whose: child.field, the field that leads here.", "x-zh-CN": "子对象.关联字段。",
        },
        "where": {
            **FORMULA, "description": "True for those that are changed; $Record is the record itself.",
            "x-zh-CN": "筛选条件；$Record 为当前记录。",
        },
        "values": {
            **FORMULAS, "description": "What their fields are set to; $Record is the record itself.",
            "x-zh-CN": "各字段的公式；$Record 为当前记录。",
        },
    }  # fmt: skip
    required_keys = ("over", "values")

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """Which ones are changed, and into what."""
        child = str(given.get("over", "")).partition(".")[0]
        if "where" in given:
            yield StepFormula("/where", str(given["where"]), "boolean", child)
        for field, text in given.get("values", {}).items():
            yield StepFormula(f"/values/{field}", str(text), object=child, fills=(child, field))

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """The field that leads here."""
        yield "/over", f"field:{given.get('over')}"

    def writes(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepWrite]:
        """The children are changed."""
        child = str(given.get("over", "")).partition(".")[0]
        yield StepWrite("change", child, frozenset(given.get("values", {})))

    def run(self, doing: Doing) -> dict[str, Any]:
        """Change all of them in one save."""
        over = str(doing.step.given["over"])
        child = over.partition(".")[0]
        members = related(doing, over, "/where")
        around = {each: id for id, found in members.items() for each in found}
        ids = list(around)
        if not ids:
            return {"changed": 0, "object": child}
        inner = Evaluating(replace(doing, object=child, ids=ids, around=around, around_object=doing.object))
        values = inner.filled(below(doing.step.formulas, "/values"), child, ids)
        saved = doing.unit.records.save([Update(child, id, values[id], read=True) for id in ids])
        return {"changed": sum(each.action == "update" for each in saved.changes), "object": child}
