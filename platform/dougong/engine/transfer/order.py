"""The order in which rows are taken: a row after those whose records it names, else as they stand in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dougong.base.field_types import Reading
from dougong.engine.transfer.cells import blank
from dougong.engine.transfer.keys import Name, name_of
from dougong.engine.transfer.plans import ColumnPlan, ImportPlan
from dougong.metadata.model import Model

Numbered = tuple[int, dict[str, Any]]


def ordered(model: Model, plan: ImportPlan, rows: Sequence[Numbered], reading: Reading) -> list[Numbered]:
    """`rows`, each after the rows that make what it names. Rows that wait for one another keep their order."""
    made = {target.object.name for target in plan.targets}
    naming = [
        column
        for target in plan.targets
        for column in target.columns
        if column.look_up and column.field.targets[0] in made
    ]
    if not naming:
        return list(rows)
    first = _first(model, plan, naming, rows, reading)
    before = [sorted(_named(model, naming, row, first, reading) - {at}) for at, (_, row) in enumerate(rows)]
    return [rows[at] for at in _sorted(before)]


def _first(
    model: Model, plan: ImportPlan, naming: Sequence[ColumnPlan], rows: Sequence[Numbered], reading: Reading
) -> dict[Name, int]:
    """The first row that makes a record of each name that is asked for."""
    asked = {(column.field.targets[0], name) for column in naming for name in column.look_up}
    giving = [
        (target.object, column)
        for target in plan.targets
        for column in target.columns
        if (target.object.name, column.field.name) in asked
    ]
    found: dict[Name, int] = {}
    for at, (_, row) in enumerate(rows):
        for obj, column in giving:
            cell = column.cell(row)
            if not blank(cell):
                found.setdefault(name_of(obj, column.field.name, cell, reading), at)
    return found


def _named(
    model: Model, naming: Sequence[ColumnPlan], row: dict[str, Any], first: dict[Name, int], reading: Reading
) -> set[int]:
    found: set[int] = set()
    for column in naming:
        cell = column.cell(row)
        if blank(cell):
            continue
        target = model.objects[column.field.targets[0]]
        names = (name_of(target, name, cell, reading) for name in column.look_up)
        found |= {first[name] for name in names if name in first}
    return found


def _sorted(before: Sequence[Sequence[int]]) -> Iterator[int]:
    """Positions, each after those of `before`; a depth-first walk that does not wait in circles."""
    done: set[int] = set()
    for start in range(len(before)):
        stack = [(start, iter(before[start]))]
        entered = {start}
        while stack:
            at, rest = stack[-1]
            following = next((each for each in rest if each not in done and each not in entered), None)
            if following is not None:
                entered.add(following)
                stack.append((following, iter(before[following])))
                continue
            stack.pop()
            if at not in done:
                done.add(at)
                yield at
