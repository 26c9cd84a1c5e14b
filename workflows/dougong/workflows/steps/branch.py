"""`branch`: records go different ways; the first way whose condition holds is taken."""

from __future__ import annotations

from typing import ClassVar, Literal

from dougong.base.language import msg
from dougong.base.step_types import StepType
from dougong.workflows.steps.doing import Doing, Ways
from dougong.workflows.steps.evaluating import Evaluating


class Branch(StepType):
    """Records go different ways."""

    name = "branch"
    label = msg("Branch")
    holds: ClassVar[Literal["nothing", "branches", "steps"]] = "branches"

    def run(self, doing: Doing) -> Ways:
        """Decide for each record which way it goes."""
        evaluating = Evaluating(doing)
        evaluating.load(each.when for each in doing.step.branches)
        taken: dict[str, list[str]] = {}
        for id in doing.ids:
            way = next((each.key for each in doing.step.branches if evaluating.holds(each.when, id)), "")
            taken.setdefault(way, []).append(id)
        return Ways(taken)
