"""A mapping, resolved: which column of a file, or which text over several, fills which field of which object."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong.engine.transfer.keys import folded
from dougong.metadata.model import Field, Object

Missing = Literal["refuse", "empty", "create"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """What fills one field: a column of the file, or a `template` over several.

    `values` replaces texts (folded) before they are read. `date_order` and `decimal_mark` are blank where those of
    the whole file count.
    """

    title: str
    field: Field
    look_up: tuple[str, ...] = ()
    missing: Missing = "refuse"
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    template: str | None = None
    date_order: str = ""
    decimal_mark: str = ""

    def cell(self, row: Mapping[str, Any]) -> Any:
        """What the row says here, with the mapping's replacements made."""
        found = row[self.title] if self.template is None else filled(self.template, row)
        return self.values.get(folded(found), found) if self.values and found is not None else found


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """The records of one object that each row of the file makes or changes.

    `key` names the fields that find an existing record, tried in order; empty means that every row makes a new one.
    `back` is, of a child, the lookup field to the row's parent.
    """

    object: Object
    columns: tuple[ColumnPlan, ...]
    key: tuple[str, ...] = ()
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """A whole mapping, resolved against the model and the header of a file.

    `ignored` are the columns of the file that it passes over, `absent` its own that the file does not have.
    """

    parent: TargetPlan
    children: tuple[TargetPlan, ...] = ()
    date_order: str = "ymd"
    decimal_mark: str = "."
    ignored: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[TargetPlan, ...]:
        """The parent and the children."""
        return (self.parent, *self.children)

    def names_objects(self) -> frozenset[str]:
        """The objects of which the file makes or renames records: what a name means there may change as it is read."""
        columns = [each for target in self.targets for each in target.columns]
        made = {each.field.targets[0] for each in columns if each.missing == "create" and each.look_up}
        return frozenset(made | {target.object.name for target in self.targets})


def fields_of(template: str) -> list[str]:
    """The columns that a template names.

    Raises:
        ValueError: a brace stands alone.
    """
    return [title for _, title, _, _ in string.Formatter().parse(template) if title]


def filled(template: str, row: Mapping[str, Any]) -> str:
    """A template with the cells of a row; doubled and outer blanks, as empty cells leave them, are closed up."""
    pieces = []
    for text, title, _, _ in string.Formatter().parse(template):
        pieces.append(text)
        if title:
            value = row.get(title)
            pieces.append("" if value is None else str(value))
    return " ".join("".join(pieces).split())
