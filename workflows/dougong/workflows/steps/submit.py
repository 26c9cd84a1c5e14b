"""`submit`: the record is sent for approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType
from dougong.workflows.approvals import service
from dougong.workflows.automations.people import acting_person
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.keys import FORMULA


class SubmitForApproval(StepType):
    """An approval of each record is started in the name of its owner, or of who set the automation off."""

    name = "submit"
    label = msg("Submit for approval")
    keys: ClassVar[Mapping[str, Any]] = {
        "approval": {
            "type": "string", "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$",
            "description": "Which approval, of the record's object.", "x-zh-CN": "该记录所属对象的审批。",
        },
        "comment": {**FORMULA, "description": "What is said to it, as a formula.", "x-zh-CN": "提交说明（公式）。"},
        "as": {
            "enum": ["owner", "initiator"], "default": "owner",
            "description": "In whose name.", "x-zh-CN": "以谁的名义提交。",
        },
    }  # fmt: skip
    required_keys = ("approval",)

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """What is said to it."""
        if "comment" in given:
            yield StepFormula("/comment", str(given["comment"]), "text")

    def references(self, given: Mapping[str, Any], object_name: str) -> Iterator[tuple[str, str]]:
        """The approval."""
        yield "/approval", f"approval:{given.get('approval')}"

    def run(self, doing: Doing) -> dict[str, Any]:
        """Start one approval for each record."""
        name, formula = str(doing.step.given["approval"]), doing.step.formulas.get("/comment")
        evaluating = Evaluating(doing)
        evaluating.load((formula,) if formula is not None else ())
        evaluating.related.fetch(doing.object, doing.ids, {"id", "owner"})
        instances = {}
        for id in doing.ids:
            owner = evaluating.values(id).get("owner")
            asked = doing.people.get("initiator", ()) if doing.step.given.get("as") == "initiator" else ()
            who = asked[0] if asked else owner.id if isinstance(owner, Reference) else None
            unit = doing.unit.acting(acting_person(doing.unit, who, doing.name))
            said = str(evaluating.text(formula, id) or "") if formula is not None else ""
            instances[id] = service.submit(unit, name, id, comment=said)
        return {"submitted": len(instances), "instances": instances}
