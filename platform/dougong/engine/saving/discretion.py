"""What is wrong with a batch, told so that it tells nothing of fields that the actor may not see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dougong.base.errors import Place, Problem
from dougong.base.language import msg
from dougong.engine.access import EVERYTHING, Access
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.row import Batch

UNKNOWN = "field-unknown"
"""The code of a field that is not there: the same where it may not be seen."""


def told(batch: Batch) -> list[Problem]:
    """Every problem of the batch, in the order of the rows."""
    access, found = batch.unit.access, batch.problems()
    if access is EVERYTHING or not found:
        return found
    plans = {id(problem): row.plan for row in (*batch.missing, *batch.rows) for problem in row.problems}
    return distinct(discreet(access, plans[id(problem)], problem) for problem in found)


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """The same without repetitions: how many hidden fields are amiss is nobody's business."""
    found: list[Problem] = []
    for each in problems:
        if each not in found:
            found.append(each)
    return found


def discreet(access: Access, plan: ObjectPlan, problem: Problem) -> Problem:
    """`problem` as it may be told: nothing of a hidden field but that something about it is not right.

    What a validation rule says its author wrote for people; of that only the place is left out.
    """
    name = (problem.place.field or "").partition(".")[0]
    field = plan.object.field_named(name) if name else None
    if field is None or problem.code == UNKNOWN or access.seen(plan.object, field) is not None:
        return problem
    if problem.thing.startswith("validation_rule:"):
        return replace(problem, place=replace(problem.place, field=None))
    return Problem(
        code="hidden-rule",
        thing=f"object:{plan.name}",
        place=Place(row=problem.place.row),
        reason=msg("Something about this {object} that you may not see is missing or not right.",
                   object=plan.object.label),
        fix=msg("Ask somebody with more rights, or an administrator."),
    )  # fmt: skip
