"""New and changed validation rules, tried on the records that are there before anybody is held to them.

Every live record is read through the model in force and judged by the rules to come, as if it were saved as it is. So
an admin hears how many records a rule stands against, and which, before it is published.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import select

from dougong.engine.preparation import Coming
from dougong.engine.runtime import Runtime
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Related, needs_of
from dougong.engine.saving.row import Row
from dougong.engine.storage import RecordTable
from dougong.engine.unit import Unit
from dougong.formulas.evaluation import EvaluationError
from dougong.metadata.model import Object, ValidationRule

AT_ONCE = 1000
"""How many records are judged together: what their parents hold is read once for all of them."""


@dataclass(slots=True)
class Trial:
    """What a rule finds: `count` records that it stands against, some of them in `records`; `failed` have no answer."""

    rule: ValidationRule
    count: int = 0
    failed: int = 0
    records: list[str] = field(default_factory=list)


def tried(unit: Unit, coming: Coming, before: RecordTable, after: RecordTable, named: int) -> list[Trial]:
    """Every rule that `after` has and `before` has not, tried; each trial names at most `named` records."""
    trials = [Trial(each) for each in new_rules(before.object, after.object)]
    return _tried(unit, trials, coming.runtime, before, after, named)


def standing(unit: Unit, records: RecordTable, named: int) -> list[Trial]:
    """The rules in force that live records of an object stand against, as if each were saved as it is.

    Rules for new records alone are left out: what they read of other records may have moved on since.
    """
    expressions = Expressions(unit, Related(unit))
    rules = [each for each in records.object.validation_rules.values() if set(each.on) != {"create"}]
    row = Row(0, "update", plan_of(unit.runtime, records.object.name), "", {})
    active = [each for each in rules if each.active is None or expressions.holds(each.active, row)]
    found = _tried(unit, [Trial(each) for each in active], unit.runtime, records, records, named)
    return [each for each in found if each.count]


def against(unit: Unit, records: RecordTable, rule: ValidationRule) -> Trial:
    """`rule`, in force or not, tried on every live record of an object; the trial names all that it stands against."""
    (found,) = _tried(unit, [Trial(rule)], unit.runtime, records, records, sys.maxsize)
    return found


def _tried(
    unit: Unit, trials: list[Trial], runtime: Runtime, before: RecordTable, after: RecordTable, named: int
) -> list[Trial]:
    if not trials:
        return []
    present, expressions = plan_of(unit.runtime, before.object.name), Expressions(unit, Related(unit))
    needs = needs_of(present, (path for each in trials for path in each.rule.when.references))
    rows = as_coming(unit, runtime, before, after)
    while chunk := list(islice(rows, AT_ONCE)):
        expressions.follow((row.values for row in chunk), needs)
        for trial in trials:
            _try(trial, chunk, expressions, named)
    return trials


def new_rules(before: Object, after: Object) -> Iterator[ValidationRule]:
    """The rules that are new, are switched on, or ask for something else than they did."""
    for name, rule in after.validation_rules.items():
        old = before.validation_rules.get(name)
        if old is None or (old.when.text, old.record_types) != (rule.when.text, rule.record_types):
            yield rule


def as_coming(unit: Unit, runtime: Runtime, before: RecordTable, after: RecordTable) -> Iterator[Row]:
    """Every live record as the model to come sees it: fields by their new names, new fields blank."""
    former, coming = plan_of(unit.runtime, before.object.name), plan_of(runtime, after.object.name)
    old = {each.id: each.name for each in before.object.fields.values() if not each.system}
    names = {each.name: old.get(each.id, each.name) for each in after.object.fields.values()}
    live = before.table.c.deleted_at.is_(None)
    for stored in unit.connection.execute(select(*former.columns).where(live)):
        yield _row(coming, former.read(stored), names)


def _row(plan: ObjectPlan, known: dict[str, object], names: dict[str, str]) -> Row:
    values = {**known, **{name: known.get(former) for name, former in names.items()}}
    return Row(0, "update", plan, str(known["id"]), {}, before=values, written=values, values=values)


def _try(trial: Trial, rows: Iterable[Row], expressions: Expressions, named: int) -> None:
    rule = trial.rule
    for row in rows:
        if rule.record_types and row.values.get("record_type") not in rule.record_types:
            continue
        try:
            wrong = bool(expressions.on_row(rule.when, row))
        except EvaluationError:
            wrong = True
            trial.failed += 1
        if wrong:
            trial.count += 1
            if len(trial.records) < named:
                trial.records.append(row.id)
