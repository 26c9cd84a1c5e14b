"""How far a change may reach: new owners, the record that a child belongs to, segments, record types.

Where the actor has all rows, nothing is asked of the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.reading.covering import covered
from dougong.engine.rights.queues import taken_from

if TYPE_CHECKING:
    from dougong.engine.saving.plan import ObjectPlan
    from dougong.engine.saving.row import Batch, Row


def check(batch: Batch, plan: ObjectPlan, rows: Sequence[Row]) -> None:
    """Note the rows, made or changed by the actor, that reach too far."""
    _owners(batch, plan, [row for row in rows if row.differs("owner")])
    _record_types(batch, plan, [row for row in rows if row.differs("record_type")])
    _parents(batch, plan, rows)
    _segments(batch, plan, rows)


def _owners(batch: Batch, plan: ObjectPlan, rows: Sequence[Row]) -> None:
    """To give a record to somebody takes the right to transfer, and that this right covers the record."""
    access, own = batch.unit.access, batch.unit.actor.user_id
    given = [row for row in rows if not (row.new and _id(row.values.get("owner")) in (own, None))]
    if plan.object.owner == "user_or_queue":
        queues = taken_from(batch.unit)
        given = [row for row in given if not _within(queues, own, row)]
    if not given:
        return
    allowed: set[str] = set()
    if access.may("transfer", plan.object):
        stored = [row.id for row in given if not row.new]
        allowed = {row.id for row in given if row.new} | covered(batch.unit, "transfer", plan.object, stored)
    for row in given:
        if row.id not in allowed:
            reason = msg("You may not give this {object} to another owner.", object=plan.object.label)
            row.refuse("not-allowed", reason, msg("Ask somebody who may transfer it."), at="owner")


def _within(queues: frozenset[str], own: str | None, row: Row) -> bool:
    """Whether the actor takes the row from one of their queues, or gives back to one what is theirs."""
    before, after = _id(row.before.get("owner")), _id(row.values.get("owner"))
    return not row.new and ((before in queues and after == own) or (before == own and after in queues))


def _record_types(batch: Batch, plan: ObjectPlan, rows: Iterable[Row]) -> None:
    for row in rows:
        chosen = row.values.get("record_type")
        if chosen is not None and not batch.unit.access.may_choose(plan.object, chosen):
            reason = msg("You may not choose this record type.")
            row.refuse("field-not-allowed", reason, msg("Choose one that the list offers."), at="record_type")


def _parents(batch: Batch, plan: ObjectPlan, rows: Sequence[Row]) -> None:
    """A record controlled by its parent is put only where the actor may change the parent."""
    name = str(plan.object.access.get("parent", ""))
    if plan.object.access.get("default") != "by_parent" or name not in plan.object.fields:
        return
    wanted: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        parent = row.values.get(name)
        if isinstance(parent, Reference) and row.differs(name) and not _made_here(batch, parent):
            wanted.setdefault(parent.object, {}).setdefault(parent.id, []).append(row)
    for target, by_id in wanted.items():
        obj = batch.unit.runtime.model.objects.get(target)
        editable = covered(batch.unit, "edit", obj, sorted(by_id)) if obj is not None else set()
        for id, children in by_id.items():
            if id not in editable:
                for row in children:
                    reason = msg("You may not change the record that this belongs to.")
                    row.refuse("not-allowed", reason, msg("Ask its owner to share it for editing."), at=name)


def _made_here(batch: Batch, parent: Reference) -> bool:
    row = batch.row_of(parent.object, parent.id)
    return row is not None and row.new


def _segments(batch: Batch, plan: ObjectPlan, rows: Iterable[Row]) -> None:
    """A record goes to another segment only by those who may move it; a new one stands in a segment of the actor."""
    partition = batch.unit.runtime.model.rights.partition_of(plan.name)
    if partition is None or batch.unit.access.may_move(partition, plan.object):
        return
    field = partition.fields[plan.name]
    for row in rows:
        value = row.values.get(field)
        if not row.differs(field) or (row.new and (value is None or batch.unit.access.belongs(partition, value))):
            continue
        reason = msg("You may not put this {object} into that segment.", object=plan.object.label)
        row.refuse("field-not-allowed", reason, msg("Ask somebody who may move records across segments."), at=field)


def _id(value: object) -> str | None:
    return value.id if isinstance(value, Reference) else None
