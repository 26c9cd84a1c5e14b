"""What happens to a record when its approval begins, and when it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dougong.engine.actor import SYSTEM
from dougong.engine.record_locks import unlocked
from dougong.engine.saving.batch import Change, Delete, Update
from dougong.metadata.approval import Approval
from dougong.metadata.model import Object
from dougong.workflows.approvals import restoring, running
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.state import InstanceStatus

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def ended(unit: Unit, approval: Approval, obj: Object, held: Running, status: InstanceStatus) -> None:
    """Carry out, or take back, what the approval was about."""
    record = running.record_values(unit, obj, held.record_id)
    if not record or record.get("deleted_at") is not None:
        return
    if status == "approved":
        change = _approved_change(unit, obj, held, record)
        _save(unit, obj, held, [change] if change is not None else [])
    elif status in ("rejected", "recalled", "cancelled"):
        _take_back(unit, approval, obj, held, record)


def _approved_change(unit: Unit, obj: Object, held: Running, record: Mapping[str, Any]) -> Change | None:
    if held.gated is not None and held.gated["do"] == "delete":
        return Delete(obj.name, held.record_id)
    change = held.gated if held.gated is not None and held.gated["do"] == "update" else None
    values = _by_name(obj, change["values"]) if change is not None else {}
    if record.get("life_status") == "in_review":
        values["life_status"] = "effective"
    return Update(obj.name, held.record_id, values) if values else None


def _take_back(unit: Unit, approval: Approval, obj: Object, held: Running, record: Mapping[str, Any]) -> None:
    """What was made behind a gate is a draft again; what was changed since it was approved is as it was then."""
    values: dict[str, Any] = {}
    lines: Mapping[str, Any] = {}
    if approval.binds.restore and held.gated is not None and held.gated["do"] == "reopened":
        values, lines = _by_name(obj, held.gated["old"]), held.gated["old"]
    if record.get("life_status") == "in_review":
        values["life_status"] = "draft"
    first: list[Change] = [Update(obj.name, held.record_id, values)] if values else []
    _save(unit, obj, held, [*first, *restoring.changes(unit, approval, obj, held.record_id, lines)])


def _by_name(obj: Object, values: Mapping[str, Any]) -> dict[str, Any]:
    by_id = {field.id: field.name for field in obj.fields.values()}
    return {by_id[id]: value for id, value in values.items() if id in by_id}


def review(unit: Unit, approval: Approval, obj: Object, record: Mapping[str, Any], held: Running) -> None:
    """Set a draft in review whose approval is started: the approval is what makes it count."""
    if "create" in approval.start.gates and obj.effective and record.get("life_status") == "draft":
        _save(unit, obj, held, [Update(obj.name, held.record_id, {"life_status": "in_review"})])


def _save(unit: Unit, obj: Object, held: Running, changes: Sequence[Change]) -> None:
    if not changes:
        return
    acting = unit.acting(replace(SYSTEM, channel="workflow"))
    acting.why = held.title
    with unlocked(acting, obj.name, [held.record_id]):
        acting.records.save(list(changes))
