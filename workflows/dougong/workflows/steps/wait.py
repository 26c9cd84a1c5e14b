"""`wait`: the run goes on later, after a time or at a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

from dougong.base.errors import Problem, Rejected
from dougong.base.language import msg
from dougong.base.step_types import StepFormula, StepType
from dougong.workflows.automations.moments import later
from dougong.workflows.steps.doing import Doing, Until
from dougong.workflows.steps.evaluating import Evaluating
from dougong.workflows.steps.keys import FORMULA


class Wait(StepType):
    """The run goes on later; a run of several records goes on at the latest moment of theirs."""

    name = "wait"
    label = msg("Wait")
    keys: ClassVar[Mapping[str, Any]] = {
        "for": {
            "type": "string", "pattern": "^[1-9][0-9]{0,3}(min|h|d| working days?)$",
            "description": "How long: 30min, 4h, 3d, 2 working days.",
            "x-zh-CN": "时长：30min、4h、3d、2 working days。",
        },
        "until": {
            **FORMULA, "description": "Until when: a date (its first moment) or a moment, as a formula.",
            "x-zh-CN": "等到何时：日期（当天零点）或时刻（公式）。",
        },
    }  # fmt: skip

    def formulas(self, given: Mapping[str, Any], object_name: str) -> Iterator[StepFormula]:
        """The moment."""
        if "until" in given:
            yield StepFormula("/until", str(given["until"]))

    def run(self, doing: Doing) -> Until:
        """Say until when.

        Raises:
            Rejected: the formula gives no moment.
        """
        unit, given = doing.unit, doing.step.given
        if "for" in given:
            return Until(later(unit, unit.now, str(given["for"])).isoformat())
        formula = doing.step.formulas.get("/until")
        if formula is None:
            return Until(unit.now.isoformat())
        evaluating = Evaluating(doing)
        evaluating.load((formula,))
        moments = [_moment(doing, evaluating.text(formula, id), id) for id in doing.ids]
        return Until(max(moments).isoformat())


def _moment(doing: Doing, value: Any, id: str) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), doing.unit.company.zone).astimezone(UTC)
    reason = msg("There is no moment to wait for.")
    raise Rejected(Problem(code="wait-blank", thing=f"record:{doing.object}/{id}", reason=reason))
