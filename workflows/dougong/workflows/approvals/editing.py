"""What an approver changes of the record as they decide: the fields that their node opens, logged with old and new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import msg
from dougong.metadata.model import Object
from dougong.workflows.approvals import locks, running
from dougong.workflows.approvals.carrying import write_log
from dougong.workflows.approvals.running import OPEN, Running

if TYPE_CHECKING:
    from dougong.engine.saving.batch import Update
    from dougong.engine.unit import Unit

EDITING = "approvals.editing"
"""The mark of an approval whose edit is logged here, with old and new."""


def edit(unit: Unit, held: Running, change: Update) -> Running:
    """Save what an approver changes, in the transaction of their decision; the approval as it is then.

    An approval that has ended, or can no longer be read, is left to the act, which says so.

    Raises:
        Forbidden: the change is of another record, or of fields that are not open to the actor.
        Rejected, Conflict: the record refuses it.
    """
    approval, obj = held.pinned(unit), held.of(unit)
    if approval is None or obj is None or held.status not in OPEN or not change.values:
        return held
    opened = locks.edited_by(unit.actor.user_id, approval, held)
    if (change.object, change.id) != (obj.name, held.record_id) or change.values.keys() - opened:
        reason = msg("This step does not open these fields to you.")
        raise Forbidden(Problem(code="approval-field-closed", reason=reason, thing=f"approval/{held.id}"))
    before = running.record_values(unit, obj, held.record_id)
    unit.memory[EDITING, held.id] = True
    try:
        unit.records.save([change])
    finally:
        unit.memory.pop((EDITING, held.id), None)
    after = running.record_values(unit, obj, held.record_id)
    names = [name for name in change.values if before.get(name) != after.get(name)]
    if names:
        details = {"old": _plain(obj, names, before), "new": _plain(obj, names, after)}
        write_log(unit, held, name="Edited", by=unit.actor.user_id or "", details=details)
    return running.find(unit, held.id, lock=True)


def _plain(obj: Object, names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the id of their field, as snapshots have them."""
    fields = [obj.fields[name] for name in names]
    return {
        each.id: None if values.get(each.name) is None else each.type.to_json(each, values[each.name])
        for each in fields
    }
