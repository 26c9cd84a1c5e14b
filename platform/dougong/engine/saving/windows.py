"""Roll-ups over a rolling period: which children lie in it on a day, and which passed its edge since another.

A stored value cannot watch the clock: what a day's turn changes is made anew at the company's midnight
(`dougong.engine.midnight`), for the parents of those children alone that entered or left the period.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement

from dougong.base.field_types import Reading

if TYPE_CHECKING:
    from dougong.engine.saving.rollup_children import Children
    from dougong.metadata.model import Field


def is_timed(rollup: Field) -> bool:
    """Whether what a roll-up counts changes with the day."""
    return bool(rollup.options.get("window")) or (rollup.where is not None and rollup.where.uses_clock)


def in_window(children: Children, rollup: Field, now: datetime) -> ColumnElement[bool] | None:
    """The condition on a child that lies in the period of `rollup` on the company's day at `now`; None without one."""
    window = rollup.options.get("window")
    if not window:
        return None
    slot = children.plan.slots[window["field"]]
    reading = Reading(zone=children.unit.company.zone, now=now)
    operand = slot.field.type.operand(slot.field, "within", window["period"], reading)
    columns = [children.table.c[key] for key in slot.keys]
    return slot.field.type.condition(slot.field, columns, "within", operand)


def watched(rollup: Field) -> tuple[str, ...]:
    """The fields of a child that decide whether it lies in the period."""
    window = rollup.options.get("window")
    return (window["field"],) if window else ()
