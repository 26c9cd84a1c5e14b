"""What the cells of a file say, as their fields take it: each text of a column is read once in a whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dougong.base.field_types import Reading, ValueRefused
from dougong.engine.transfer.cells import Cells, blank, cells_to_look_up
from dougong.engine.transfer.keys import Name, name_of_cell, value_of
from dougong.engine.transfer.plans import ColumnPlan, ImportPlan
from dougong.metadata.model import Model

Known = tuple[Any, ValueRefused | None]
"""What a cell is read as: a value, or why it is none."""

Naming = tuple[Any, Name]
"""What a cell by which a record is found is as a value of the field, and the name that it is."""

REMEMBERED = 20_000
"""How many texts of a column are remembered from one batch to the next."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column whose cells are values: the field's `name`, how its cells are read, and what is `known` of them.

    `title` is that of the file where its cells are taken as they are, else blank.
    """

    plan: ColumnPlan
    name: str
    title: str
    reading: Reading
    known: dict[Any, Known]

    def cell(self, row: Cells) -> Any:
        """What `row` says here."""
        return row[self.title] if self.title else self.plan.cell(row)

    def read(self, cell: Any) -> Known:
        """A cell as the field takes it, or why not; equal cells are read once."""
        key = cell if type(cell) is str else (type(cell), cell)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = (None, None) if blank(cell) else self._read(cell)
        return found

    def _read(self, cell: Any) -> Known:
        field = self.plan.field
        try:
            return field.type.coerce(field, cell, self.reading), None
        except ValueRefused as refused:
            return None, refused


class Readings:
    """What is known of the cells of a run: by target of its plan the columns whose cells are values, and what the
    cells that name records are as values of the fields by which those are found.
    """

    def __init__(self, model: Model, plan: ImportPlan, reading: Reading) -> None:
        """Know no cell yet; `reading` is that of the file, of which a column may say otherwise."""
        self.model, self.plan, self.reading = model, plan, reading
        self.targets = [
            tuple(_column(each, reading) for each in target.columns if not each.look_up) for target in plan.targets
        ]
        self._keys = {
            (target.object.name, column.name): column
            for target, columns in zip(plan.targets, self.targets, strict=True)
            for column in columns
            if column.name in target.key and column.reading is reading
        }
        self._naming: dict[tuple[str, str], dict[Any, Naming]] = {}

    def learn(self, rows: Sequence[Cells]) -> Mapping[tuple[str, str], Sequence[Any]]:
        """Read all cells of `rows`, column by column: it takes nothing of the database, so no transaction need wait.

        By (object, field), the cells by which records are found, each once.
        """
        for column in (each for target in self.targets for each in target):
            _forget_many(column.known)
            for cell in dict.fromkeys(map(column.cell, rows)):
                column.read(cell)
        found = cells_to_look_up(self.plan, rows)
        for place, cells in found.items():
            _forget_many(self._naming.setdefault(place, {}))
            for cell in cells if place not in self._keys else ():
                self._named(*place, cell)
        return found

    def value(self, object_name: str, field_name: str, cell: Any) -> Any:
        """A cell by which records are found, as a value of the field; None where it cannot be one."""
        column = self._keys.get((object_name, field_name))
        return self._named(object_name, field_name, cell)[0] if column is None else column.read(cell)[0]

    def name(self, object_name: str, field_name: str, cell: Any) -> Name:
        """The name that a cell is."""
        return self._named(object_name, field_name, cell)[1]

    def _named(self, object_name: str, field_name: str, cell: Any) -> Naming:
        known = self._naming.setdefault((object_name, field_name), {})
        key = cell if type(cell) is str else (type(cell), cell)
        found = known.get(key)
        if found is None:
            obj = self.model.objects[object_name]
            value = value_of(obj.fields[field_name], cell, self.reading)
            found = known[key] = value, name_of_cell(obj, field_name, cell, value, self.reading)
        return found


def _forget_many(known: dict[Any, Any]) -> None:
    if len(known) > REMEMBERED:
        known.clear()


def _column(plan: ColumnPlan, reading: Reading) -> Column:
    if plan.date_order or plan.decimal_mark:
        order, mark = plan.date_order or reading.date_order, plan.decimal_mark or reading.decimal_mark
        reading = replace(reading, date_order=order, decimal_mark=mark)
    title = "" if plan.values or plan.template is not None else plan.title
    return Column(plan, plan.field.name, title, reading, {})
