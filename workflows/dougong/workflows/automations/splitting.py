"""A step that fails for some of many records: it is done for the others, and these become a failed run of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, literal, select, update

from dougong.base.errors import DougongError
from dougong.base.ids import record_id
from dougong.engine.unit import Unit
from dougong.metadata.steps import Step
from dougong.workflows.automations import kept
from dougong.workflows.automations.guard import said
from dougong.workflows.automations.tables import run_steps, runs
from dougong.workflows.steps.doing import Doing, Ways
from dougong.workflows.steps.evaluating import Evaluating

if TYPE_CHECKING:
    from dougong.workflows.automations.runs import Execution, Frame

MOST_FAILURES = 50
"""Records that may fail one by one; where more do, the rest of those that were tried together fail with them."""


@dataclass(frozen=True, slots=True)
class Split:
    """What became of a step: its output for those who could, None where nobody could; who could not."""

    output: Any
    failed: Mapping[str, DougongError]

    @property
    def error(self) -> DougongError:
        """The first failure."""
        return next(iter(self.failed.values()))


def split(execution: Execution, unit: Unit, step: Step, frame: Frame, path: str) -> Split:
    """Do a step for those for whom it can be done, in one transaction, and note it; split off the others."""
    known = kept.locked(unit, execution.run.id, path)
    if known is not None:
        return Split(known.output, {})
    failed: dict[str, DougongError] = {}
    found: list[Any] = []

    def attempt(tops: Sequence[str]) -> None:
        since = unit.connection.begin_nested()
        try:
            found.append(execution.perform(unit, step, frame.of(tops), path))
        except DougongError as error:
            since.rollback()
            if len(tops) == 1 or len(failed) >= MOST_FAILURES:
                failed.update((top, error) for top in tops)
                return
            attempt(tops[: len(tops) // 2])
            attempt(tops[len(tops) // 2 :])
        else:
            since.commit()

    attempt(list(frame.members))
    given: dict[str, Any] = {"do": step.do, "with": dict(step.given), "object": frame.object, "count": len(frame.ids)}
    if len(failed) == len(frame.members):
        kept.note(unit, execution.run.id, path, "failed", given, None, next(iter(failed.values())))
        return Split(None, failed)
    output = merged(found)
    kept.note(unit, execution.run.id, path, "done", {**given, "count": given["count"] - len(failed)}, output)
    if failed:
        _apart(execution, unit, path, given, failed)
    return Split(output, failed)


def _apart(
    execution: Execution, unit: Unit, path: str, given: Mapping[str, Any], failed: Mapping[str, DougongError]
) -> None:
    """The failed run of those that failed, with the notes of what was done for them."""
    run, id = execution.run, record_id()
    problems = [said(each) for error in failed.values() for each in error.problems][:20]
    row = dict(
        zip(
            kept.Run.__slots__,
            unit.connection.execute(select(*kept.COLUMNS).where(runs.c.id == run.id)).one(),
            strict=True,
        )
    )
    row.update(
        id=id, records=list(failed), cause=run.id, status="failed", ended_at=unit.now, error={"problems": problems}
    )
    unit.connection.execute(insert(runs), row)
    names = [each.name for each in run_steps.c if each.name != "run_id"]
    done = select(literal(id, run_steps.c.run_id.type), *(run_steps.c[name] for name in names)).where(
        run_steps.c.run_id == run.id, run_steps.c.state == "done", run_steps.c.path != path
    )
    unit.connection.execute(insert(run_steps).from_select(["run_id", *names], done))
    kept.note(unit, id, path, "failed", {**given, "count": len(failed)}, None, next(iter(failed.values())))
    left = [each for each in execution.records if each not in failed]
    unit.connection.execute(update(runs).where(runs.c.id == run.id).values(records=left))


def merged(outputs: Sequence[Any]) -> Any:
    """The outputs of a step done in parts as one: numbers are summed, maps and lists put together."""
    if not outputs or not all(isinstance(each, type(outputs[0])) for each in outputs):
        return outputs[0] if outputs else None
    first = outputs[0]
    if isinstance(first, bool) or not isinstance(first, int | dict | list):
        return first
    if isinstance(first, int):
        return sum(outputs)
    if isinstance(first, list):
        return [each for part in outputs for each in part]
    keys = dict.fromkeys(key for part in outputs for key in part)
    return {key: merged([part[key] for part in outputs if key in part]) for key in keys}


def holding(doing: Doing) -> Ways:
    """The records for which the automation's condition holds, as the way ""; the others take none."""
    evaluating, formula = Evaluating(doing), doing.step.formulas["/when"]
    evaluating.load((formula,))
    return Ways({"": [id for id in doing.ids if evaluating.holds(formula, id)]})
