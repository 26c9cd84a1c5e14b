"""`set`: fields of the record take the values of formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType, StepWrite
from dougong.engine.saving.batch import Update
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.keys import FORMULA


class SetFields(StepType):
    """Fields of the record are set; ``with`` is a map of fields to formulas."""

    name = "set"
    label = msg("Set fields")
    before_save = True
    other_keys: ClassVar[Mapping[str, Any] | bool] = {
        **FORMULA, "description": "The field's value, as a formula.", "x-zh-CN": "字段的值（公式）。",
    }  # fmt: skip

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """What each field is set to."""
        for field, text in given.items():
            yield StepFormula(f"/{field}", str(text), fills=(object_name, field))

    def writes(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepWrite]:
        """The record is changed in these fields."""
        yield StepWrite("change", object_name, frozenset(given))

    def run(self, doing: Doing) -> dict[str, Any]:
        """Save the records; what is as it should be stays unchanged."""
        formulas = {pointer[1:]: each for pointer, each in doing.step.formulas.items()}
        values = Evaluating(doing).filled(formulas, doing.object, doing.ids)
        saved = doing.unit.records.save([Update(doing.object, id, values[id], read=True) for id in doing.ids])
        return {"changed": sum(each.action == "update" for each in saved.changes), "fields": sorted(formulas)}
