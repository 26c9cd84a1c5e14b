"""The cells of a batch by what they are for: which name records, which claim a value that no two may have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dougong.engine.transfer.plans import ColumnPlan, ImportPlan

Cells = Mapping[str, Any]
"""A row by the titles of its columns."""

BETWEEN = re.compile(r"[;；、\n]")
"""What stands between the names of several records in one cell."""


def cells_to_look_up(plan: ImportPlan, rows: Iterable[Cells]) -> dict[tuple[str, str], list[Any]]:
    """By (object, field): the cells by which records are found, each once."""
    asked: dict[tuple[str, str], dict[Any, None]] = {}
    rows = list(rows)
    for target in plan.targets:
        for column in target.columns:
            places = [(column.field.targets[0], name) for name in column.look_up]
            if column.field.name in target.key:
                places.append((target.object.name, column.field.name))
            if places:
                given = dict.fromkeys(column.cell(row) for row in rows)
                cells = dict.fromkeys(part for cell in given for part in parts_of(column, cell))
                for place in places:
                    asked.setdefault(place, {}).update(cells)
    return {place: list(cells) for place, cells in asked.items()}


def cells_that_claim(plan: ImportPlan, rows: Iterable[Cells]) -> dict[tuple[str, str], list[Any]]:
    """By (object, unique field): the cells whose value no two records may have, each once."""
    found: dict[tuple[str, str], dict[Any, None]] = {}
    rows = list(rows)
    for target in plan.targets:
        for column in target.columns:
            if column.field.unique or column.field.external_key:
                cells = (column.cell(row) for row in rows)
                place = (target.object.name, column.field.name)
                found.setdefault(place, {}).update(dict.fromkeys(cell for cell in cells if not blank(cell)))
    return {place: list(cells) for place, cells in found.items()}


def parts_of(column: ColumnPlan, cell: Any) -> Iterator[Any]:
    """What is to be read of a cell: itself, or of a link each name in it; nothing of a blank one."""
    if blank(cell):
        return
    if column.look_up and column.field.type.many:
        yield from (part.strip() for part in BETWEEN.split(str(cell)) if part.strip())
    else:
        yield cell


def blank(cell: Any) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())
