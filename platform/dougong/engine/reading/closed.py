"""Which records are closed: their status says so, or they are voided. Closed work is not handed on unless asked for."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, false, func, or_

from dougong.engine.saving.plan import ObjectPlan
from dougong.metadata.model import Object, PicklistValue

OPEN = ("", "open")
"""Outcomes of a stage that is not the end."""


def closes(value: PicklistValue) -> bool:
    """Whether a record with this value is done: the attribute ``closed`` says so, or an ``outcome`` other than open."""
    return value.attributes.get("closed") is True or str(value.attributes.get("outcome", "")) not in OPEN


def closed_values(obj: Object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The picklist fields of `obj` of which some values close a record, with these values."""
    for field in obj.fields.values():
        if field.picklist is not None and field.type.stored and not field.type.many:
            found = tuple(each.value for each in field.picklist.values.values() if closes(each))
            if found:
                yield field.name, found


def closed(plan: ObjectPlan) -> ColumnElement[bool]:
    """The condition on the table of `plan` for records that are closed."""
    parts: list[ColumnElement[bool]] = []
    for name, values in closed_values(plan.object):
        column = plan.table.c[plan.slots[name].keys[0]]
        parts.append(and_(column.is_not(None), column.in_(values)))
    if plan.object.effective:
        parts.append(func.coalesce(plan.table.c.life_status, "") == "void")
    return or_(false(), *parts)
