"""Whether the actor may: make, change or delete records of an object, and set each field that changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dougong.base.language import msg
from dougong.engine import queue_accounts
from dougong.engine.access import Right, kept_in_metadata
from dougong.engine.actor import PUBLISHING
from dougong.engine.rights import superiors, together
from dougong.engine.saving import reach
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.row import Batch, Doing, Row
from dougong.metadata.model import Field

RIGHTS: dict[Doing, Right] = {"create": "create", "update": "edit", "delete": "delete", "restore": "delete"}
"""The right that each kind of change needs; who may delete may restore."""


def check(batch: Batch) -> None:
    """Note what the actor may not do. Rows of records are judged when they are loaded."""
    access = batch.unit.access
    for plan, rows in batch.groups("create", "update", "delete", "restore"):
        if plan.object.rows == "metadata" and batch.unit.actor.channel != PUBLISHING:
            _refuse_rows(rows)
            continue
        asked = {row.doing for row in rows}
        granted = {doing: access.may(RIGHTS[doing], plan.object) for doing in asked}
        if batch.unit.actor.channel == "bulk" and not access.may("mass_edit", plan.object):
            granted |= {"update": False}
        barred = _barred(batch, plan, rows)
        for row in rows:
            if row.extra:
                continue
            if not granted[row.doing]:
                row.refuse("not-allowed", _refusal(row))
            elif barred and row.doing in ("create", "update"):
                _check_fields(row, barred)
        queue_accounts.check(batch.unit, rows)
        together.check(rows, batch.unit.runtime.model.rights)
        if not batch.unit.actor.is_system:
            made = [row for row in rows if row.doing in ("create", "update") and granted[row.doing] and not row.extra]
            reach.check(batch, plan, made)
            superiors.check(batch.unit, rows)


def _refuse_rows(rows: Sequence[Row]) -> None:
    for row in rows:
        if not row.extra:
            kept = kept_in_metadata(row.plan.object)
            row.refuse(kept.code, kept.reason, kept.fix)


def _refusal(row: Row) -> Any:
    label = row.plan.object.label
    match row.doing:
        case "create":
            return msg("You may not create {object} records.", object=label)
        case "update":
            return msg("You may not change {object} records.", object=label)
    return msg("You may not delete or restore {object} records.", object=label)


def _barred(batch: Batch, plan: ObjectPlan, rows: Sequence[Row]) -> list[Field]:
    """The fields that somebody sets in one of `rows` and the actor may not change."""
    names = set[str]().union(*(row.edited for row in rows if not row.extra))
    fields = [plan.object.fields[name] for name in sorted(names)]
    return [each for each in fields if not batch.unit.access.may_field("edit", plan.object, each)]


def _check_fields(row: Row, barred: Sequence[Field]) -> None:
    for field in barred:
        if field.name in row.edited and row.differs(field.name):
            row.refuse("field-not-allowed", msg("You may not change {label}.", label=field.label), at=field.name)
