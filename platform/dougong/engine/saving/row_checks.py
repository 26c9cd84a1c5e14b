"""Checks: formulas that must be true of a record and, by its roll-ups, of its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dougong.base.errors import Place, Problem
from dougong.base.language import msg
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.keys import address
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.stages import late_fields
from dougong.engine.saving.telling import told_at
from dougong.formulas.evaluation import EvaluationError
from dougong.formulas.formula import Formula
from dougong.metadata.model import Constraint


@dataclass(frozen=True, slots=True)
class CheckRule:
    """A check, the fields that it reads, and whether some are known only after the roll-ups."""

    constraint: Constraint
    formula: Formula
    reads: tuple[str, ...]
    late: bool


def check_rules(plan: ObjectPlan) -> tuple[CheckRule, ...]:
    """The checks of an object."""
    found = []
    for constraint in plan.object.constraints.values():
        if constraint.formula is None:
            continue
        formulas = [each for each in (constraint.formula, constraint.when) if each is not None]
        reads = tuple(sorted({path[0] for each in formulas for path in each.references}))
        late = not plan.part(late_fields).isdisjoint(reads)
        found.append(CheckRule(constraint, constraint.formula, reads, late))
    return tuple(found)


def check(batch: Batch, plan: ObjectPlan, rows: Iterable[Row], after: bool) -> None:
    """Note every check that a record breaks which is made, brought back, or changed in what the check reads.

    Those that read roll-ups wait until `after` these are computed; what changed since it was judged is judged again.
    """
    for rule in plan.part(check_rules):
        if rule.late and not after:
            continue
        name = address(plan.name, rule.constraint)
        for row in rows:
            if row.doing == "delete":
                continue
            state = tuple(row.values.get(each) for each in rule.reads)
            stored = not (row.new or row.doing == "restore")
            before = tuple(row.before.get(each) for each in rule.reads) if stored else None
            if state != batch.judged.get((name, row.id), before):
                batch.judged[name, row.id] = state
                if not holds(batch.expressions, rule, row):
                    _refuse(batch, row, rule)


def holds(expressions: Expressions, rule: CheckRule, row: Row) -> bool:
    """Whether a record keeps a check: blank counts as kept, a formula that fails does not."""
    when = rule.constraint.when
    if when is not None and not expressions.holds(when, row):
        return True
    try:
        return expressions.on_row(rule.formula, row) is not False
    except EvaluationError:
        return False


def _refuse(batch: Batch, row: Row, rule: CheckRule) -> None:
    for each in told_at(batch, row):
        places = (rule.constraint.at if each is row else ()) or (None,)
        for name in places:
            each.problems.append(
                Problem(
                    code="check-broken",
                    reason=msg("{message}", message=rule.constraint.message),
                    thing=address(row.plan.name, rule.constraint),
                    place=Place(field=name, row=each.number or None),
                )
            )
