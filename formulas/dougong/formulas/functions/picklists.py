"""Picklists: compared by API value, never by label."""

from __future__ import annotations

from decimal import Decimal

from dougong.formulas.annotations import Boolean, LiteralText, MultiPicklist, Number, Picklist
from dougong.formulas.checks import known_values
from dougong.formulas.definition import function
from dougong.formulas.sql import logic, texts


@function(
    "ISPICKVAL",
    check=known_values,
    sql=logic.has_value,
    examples=(("ISPICKVAL(stage, 'won')", True), ("ISPICKVAL(NULL, 'won')", False)),
)
def is_picklist_value(field: Picklist | None, value: LiteralText | None) -> Boolean:
    """True where a picklist has a value; '' stands for blank."""
    return field == value


@function(
    "INCLUDES",
    check=known_values,
    sql=logic.includes,
    examples=(("INCLUDES(colours, 'red')", True), ("INCLUDES(colours, 'green')", False)),
)
def includes(field: MultiPicklist | None, value: LiteralText | None) -> Boolean:
    """True where a value is among those selected in a multi-select picklist."""
    return field is not None and value in field


@function(
    "PICKLISTCOUNT",
    sql=texts.count_selected,
    examples=(("PICKLISTCOUNT(colours)", Decimal(2)), ("PICKLISTCOUNT(NULL)", Decimal(0))),
)
def count_selected(field: MultiPicklist | None) -> Number:
    """How many values are selected in a multi-select picklist."""
    return Decimal(len(field or ()))
