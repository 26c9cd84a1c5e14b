"""`log`: an activity is noted at the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType, StepWrite
from dougong.engine.saving.batch import Create
from dougong.workflows.steps.doing import BY_RECORD, Doing
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.keys import FORMULA, NAME

ACTIVITY, RELATED = "activity", "related_to"


class LogActivity(StepType):
    """An activity that is done stands in the record's timeline."""

    name = "log"
    label = msg("Log an activity")
    keys: ClassVar[Mapping[str, Any]] = {
        "subject": {**FORMULA, "description": "What it was, as a formula.", "x-zh-CN": "主题（公式）。"},
        "notes": {**FORMULA, "description": "More about it, as a formula.", "x-zh-CN": "备注（公式）。"},
        "kind": {**NAME, "default": "note", "description": "A kind of activity.", "x-zh-CN": "活动类型。"},
    }
    required_keys = ("subject",)

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """Its texts."""
        for key in ("subject", "notes"):
            if key in given:
                yield StepFormula(f"/{key}", str(given[key]), fills=(ACTIVITY, key))

    def writes(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepWrite]:
        """An activity is made."""
        yield StepWrite("create", ACTIVITY)

    def run(self, doing: Doing) -> dict[str, Any]:
        """Make one for each record, in one save."""
        formulas = {pointer[1:]: each for pointer, each in doing.step.formulas.items()}
        texts = Evaluating(doing).filled(formulas, ACTIVITY, doing.ids)
        done = {"kind": doing.step.given.get("kind", "note"), "status": "done", "done_at": doing.unit.now}
        about = {id: {RELATED: Reference(doing.object, id)} for id in doing.ids}
        saved = doing.unit.records.save(
            [Create(ACTIVITY, {**done, **texts[id], **about[id]}, read=True) for id in doing.ids]
        )
        return {"logged": len(doing.ids), BY_RECORD: {doing.ids[each.row - 1]: each.id for each in saved.changes}}
