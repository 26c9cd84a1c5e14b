"""Keys of constraints: what a record is unique by, or whose range or sum it has, as one text in a column of its own.

The column is NULL where the constraint does not apply to the record: its condition is false, it is not in force, it
has no range. So the database finds the records that meet without evaluating a formula.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.field_types import Reference
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.row import Row, grouped
from dougong.formulas.formula import Formula
from dougong.metadata.model import EFFECTIVE_DATES, Constraint, Field

SEPARATOR = "\x1f"
"""Between the parts of a compound key: a character that no form lets through."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A constraint with a key, and the physical column that keeps the key."""

    constraint: Constraint
    column: str


def keyed_of(plan: ObjectPlan) -> tuple[Keyed, ...]:
    """The constraints of an object that have a key."""
    columns = plan.records.uniques
    return tuple(Keyed(plan.object.constraints[name], column.key) for name, column in columns.items())


def address(object_name: str, constraint: Constraint) -> str:
    """The address of a constraint within its object's document."""
    place = "" if constraint.name == EFFECTIVE_DATES else "constraints/"
    return f"object:{object_name}#{place}{constraint.name}"


def folded(text: str, fold: Mapping[str, bool]) -> str:
    """`text` without the differences that `fold` names: case, width, space."""
    if fold.get("width"):
        text = unicodedata.normalize("NFKC", text)
    if fold.get("case"):
        text = text.casefold()
    if fold.get("space"):
        text = "".join(text.split())
    return text


def key_of(plan: ObjectPlan, constraint: Constraint, values: Mapping[str, Any], applies: bool = True) -> str | None:
    """The normalised key of a record under a constraint; None where the constraint does not apply to it.

    It does not apply to a record with all of the key's fields blank, to one that is not in force where the object has
    life statuses and the condition does not speak of them (to a void one, where records begin in effect), to one
    without a range, nor where `applies` (the constraint's condition) is False.
    """
    if not applies or not _counts(plan, constraint.when, values):
        return None
    limits = constraint.range
    if limits is not None and not limits.unbounded and values.get(limits.start) is None:
        return None
    parts = [_text(plan.object.fields[name], values.get(name), constraint.fold) for name in constraint.fields]
    return SEPARATOR.join(parts) if any(parts) else None


def _counts(plan: ObjectPlan, when: Formula | None, values: Mapping[str, Any]) -> bool:
    if not plan.object.effective or (when is not None and ("life_status",) in when.references):
        return True
    if plan.object.begins == "effective":  # what is held back for an approval is not entered a second time meanwhile
        return values.get("life_status") != "void"
    return values.get("life_status") in IN_FORCE


def _text(field: Field, value: Any, fold: Mapping[str, bool]) -> str:
    if value is None:
        return ""
    if isinstance(value, Reference):
        return value.id
    return folded(value if isinstance(value, str) else str(field.type.to_json(field, value)), fold)


def fill_keys(rows: Iterable[Row], expressions: Expressions) -> None:
    """Work out the keys of rows, under their physical column's name in `Row.keys`."""
    for plan, group in grouped(row for row in rows if row.plan.records.uniques):
        for each in plan.part(keyed_of):
            when = each.constraint.when
            concerned = group if when is None else expressions.held(when, group)
            for row in group:
                row.keys[each.column] = None
            for row in concerned:
                row.keys[each.column] = key_of(plan, each.constraint, row.values)


def key_in(row: Row, keyed: Keyed, values: Mapping[str, Any], expressions: Expressions) -> str | None:
    """The key that a row has with other `values`: those that were stored when the batch began, or are stored now."""
    when = keyed.constraint.when
    applies = when is None or expressions.holds_for(when, row, values)
    return key_of(row.plan, keyed.constraint, values, applies)
