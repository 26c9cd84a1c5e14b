"""What follows from the values of a record: copies, computed and filled fields, amounts in the company's currency."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.engine.saving import defaults, fills, money
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.plan import COMPANY, ObjectPlan
from dougong.engine.saving.row import Batch, Row

ROUNDS = 5
"""How often computed fields are made anew that read company amounts or what was filled, which follow from computed
fields in turn."""


def fill(batch: Batch, rows: Sequence[Row], expressions: Expressions, written: bool = False) -> None:
    """Make anew what follows from the values of `rows`; where they are `written`, from what has changed since.

    First what reads no company amount, then these amounts, then what reads them; this again while it changes them.
    """
    settle(batch, rows, expressions, written)
    money.fill_company_amounts(batch, rows, expressions)
    waiting = [row for row in rows if row.plan.part(company_amounts)]
    for _ in range(ROUNDS):
        if not waiting:
            return
        before = [_amounts(row) for row in waiting]
        defaults.follow_amounts(batch, waiting, written)
        money.fill_company_amounts(batch, waiting, expressions)
        waiting = [row for row, known in zip(waiting, before, strict=True) if _amounts(row) != known]


def settle(batch: Batch, rows: Sequence[Row], expressions: Expressions, written: bool = False) -> None:
    """Copy, compute and fill: what is filled may be computed with, and what is computed may decide what is filled."""
    defaults.compute(batch, rows, expressions, written)
    filling = [row for row in rows if row.plan.object.fills]
    for _ in range(ROUNDS):
        if not filling:
            return
        defaults.follow_amounts(batch, [row for row in filling if row.plan.part(amounts_decide)], written)
        filling = fills.fill(batch, filling)
        defaults.compute(batch, filling, expressions, written)


def follow_numbers(batch: Batch, rows: Sequence[Row], expressions: Expressions) -> None:
    """Make anew what follows from running numbers, which `rows` get only when nothing speaks against saving them."""
    readers = [row for row in rows if row.plan.part(reads_numbers)]
    if readers:
        fill(batch, readers, expressions)


def reads_numbers(plan: ObjectPlan) -> bool:
    """Whether a computed field of an object reads a running number of the record itself."""
    fields = plan.object.fields
    return any(
        path[0] in fields and fields[path[0]].type.name == "auto_number"
        for _, rule in plan.part(defaults.defaults_of).computes
        for path in rule.formula.references
    )


def company_amounts(plan: ObjectPlan) -> tuple[str, ...]:
    """The company amounts that computed fields of their own record read, by key of the record's values."""
    read = {
        path[0] + COMPANY: None
        for field, rule in plan.part(defaults.defaults_of).computes
        for formula in (rule.formula, rule.when, field.company)
        if formula is not None
        for path in formula.references
        if path[1:] == ("company",)
    }
    return tuple(read)


def amounts_decide(plan: ObjectPlan) -> bool:
    """Whether a fill of an object reads what follows company amounts: these are made known before it is asked."""
    read = {path[0] for head in plan.part(fills.fills_of) for path in head.reads}
    watched = {name for head in plan.part(fills.fills_of) for name in head.fill.watch}
    return not (read | watched).isdisjoint(plan.part(defaults.defaults_of).following)


def _amounts(row: Row) -> list[object]:
    return [row.values.get(name) for name in row.plan.part(company_amounts)]
