"""Formulas of pools, asked of records, and the amounts and switches that settings decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from dougong.engine.query import Holds
from dougong.engine.unit import Unit
from dougong.engine.variables import formula_context, variables
from dougong.formulas import EvaluationError, Formula
from dougong.metadata.pool import Amount, Pool
from dougong.metadata.steps import Step
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating


def pools_of(unit: Unit, object_name: str) -> tuple[Pool, ...]:
    """The pools of an object, in the order in which they are asked."""
    return tuple(each for each in unit.runtime.model.workflows.pools.values() if each.object == object_name)


def is_on(unit: Unit, pool: Pool) -> bool:
    """Whether the settings let records be reclaimed into a pool."""
    if isinstance(pool.active, bool):
        return pool.active
    try:
        return bool(pool.active.evaluate(lambda path: None, formula_context(unit)))
    except EvaluationError:
        return False


def amount(unit: Unit, said: Amount) -> int | None:
    """A limit that reads settings alone; None where there is none, or its formula has no value."""
    if not isinstance(said, Formula):
        return said
    try:
        return _whole(said.evaluate(lambda path: None, formula_context(unit)))
    except EvaluationError:
        return None


def _whole(value: object) -> int | None:
    return max(0, int(value)) if isinstance(value, (int, Decimal)) else None


def condition(unit: Unit, pool: Pool) -> Holds | None:
    """The records that belong to a pool, as part of a query; None where all do."""
    if pool.when is None:
        return None
    known = variables(unit.actor, unit.runtime.model)
    given = tuple((path, known(path)) for path in pool.when.variables)
    return Holds(f"pool:{pool.name}", given, unit.now, pool.when)


def today(unit: Unit) -> date:
    """The company's day."""
    return unit.now.astimezone(unit.company.zone).date()


class Asked:
    """The formulas of an object's pools over some of its records; everything that they read is loaded at once."""

    def __init__(self, unit: Unit, object_name: str, ids: Sequence[str], pools: Sequence[Pool]) -> None:
        """Read what the formulas of `pools` look at, of the records `ids`."""
        step = Step(key="pool", do="pool", given={}, formulas={})
        doing = Doing(
            unit=unit, step=step, object=object_name, ids=ids, key="", values={}, people={}, name=f"pool:{object_name}"
        )
        self._evaluating = Evaluating(doing)
        self._evaluating.load([each for pool in pools for each in _formulas(pool)])

    def holds(self, formula: Formula | None, id: str) -> bool:
        """Whether a condition holds; one that is not said does."""
        return formula is None or self._evaluating.holds(formula, id)

    def amount(self, said: Amount, id: str) -> int | None:
        """A number of days, of a record; None where it has no value."""
        return _whole(self._evaluating.text(said, id)) if isinstance(said, Formula) else said

    def home(self, pools: Iterable[Pool], id: str) -> Pool | None:
        """The first of `pools` that a record belongs to."""
        return next((each for each in pools if self.holds(each.when, id)), None)


def _formulas(pool: Pool) -> Iterator[Formula]:
    said = [pool.when, pool.protect, *(each.when for each in pool.exceptions)]
    said += [each for rule in pool.reclaim for each in (rule.when, rule.days)]
    return (each for each in said if isinstance(each, Formula))
