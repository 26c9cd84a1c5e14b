"""What a change of a record means for the approvals that it has or had: bound values that are edited afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dougong.base.language import msg
from dougong.engine.record_locks import is_unlocked
from dougong.engine.saving.row import Row, grouped
from dougong.metadata.approval import Approval
from dougong.metadata.model import Field, Object
from dougong.workflows.approvals import binding, gates, locks, running, starting, telling
from dougong.workflows.approvals.carrying import Carrying, write_log
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.state import Invalidate
from dougong.workflows.approvals.world import CompanyWorld

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

CONCERNED = frozenset({"open", "returned", "approved"})
"""The statuses of approvals that a later change may touch."""


def check(unit: Unit, rows: Sequence[Row]) -> None:
    """Note changes of values that were approved, where the approval says that these stay."""
    for row, approval, held, fields in _touched(unit, rows):
        if (
            approval.binds.on_later_edit == "refuse"
            and held.status != "returned"
            and not _by_approver(unit, approval, held)
        ):
            for field in fields:
                row.refuse(
                    "approval-bound",
                    msg("{label} was submitted for approval ({approval}) as it is.", label=field.label,
                        approval=approval.label),
                    msg("Start a new approval for the change, or ask for the record to be sent back."),
                    at=field.name,
                )  # fmt: skip


def follow(unit: Unit, rows: Sequence[Row]) -> None:
    """After a save: approvals whose bound values were changed end, lapse or begin anew, as each says."""
    for row, approval, held, fields in _touched(unit, rows):
        if held.status == "returned":
            continue
        if held.status == "open" and _by_approver(unit, approval, held):
            _bind_anew(unit, approval, row.plan.object, held)
        elif approval.binds.on_later_edit in ("invalidate", "reopen"):
            _lapse(unit, approval, row, held, fields)
    _end_with_record(unit, [row for row in rows if row.doing == "delete"])


def _touched(unit: Unit, rows: Sequence[Row]) -> Iterable[tuple[Row, Approval, Running, list[Field]]]:
    """Changed rows with the latest approval of each name that binds what was changed: one statement an object."""
    for plan, group in grouped(row for row in rows if row.doing in ("update", "derive")):
        if not locks.may_be_approved(unit, plan.name):
            continue
        changed = [row for row in group if not is_unlocked(unit, plan.name, row.id) and row.changed()]
        if not changed:
            continue
        latest: dict[tuple[str, str], Running] = {}
        for each in running.of_records(unit, [row.id for row in changed], open_only=False):
            latest.setdefault((each.record_id, each.approval), each)
        for row in changed:
            for held in latest.values():
                approval = held.pinned(unit) if held.record_id == row.id and held.status in CONCERNED else None
                fields = binding.differing(approval, plan.object, row.before, row.values) if approval else []
                if approval is not None and fields:
                    yield row, approval, held, fields


def _by_approver(unit: Unit, approval: Approval, held: Running) -> bool:
    return bool(locks.edited_by(unit.actor.user_id, approval, held))


def _bind_anew(unit: Unit, approval: Approval, obj: Object, held: Running) -> None:
    """What an approver may edit becomes part of what is approved."""
    held = running.find(unit, held.id, lock=True)
    snapshot = binding.take(unit, approval, obj, running.record_values(unit, obj, held.record_id))
    binding.keep(unit.connection, held.id, held.round, snapshot, unit.now)
    running.rehashed(unit, held, snapshot.hash)
    write_log(unit, held, name="Edited", by=unit.actor.user_id or "")


def _lapse(unit: Unit, approval: Approval, row: Row, held: Running, fields: Sequence[Field]) -> None:
    obj = row.plan.object
    values = running.record_values(unit, obj, held.record_id)
    if held.status == "open":
        held = Carrying(unit, running.find(unit, held.id, lock=True), approval).carry(
            Invalidate(reason=", ".join(field.name for field in fields))
        )
    else:
        if binding.take(unit, approval, obj, values).hash == held.snapshot:
            return
        write_log(
            unit, held, name="Lapsed", by=unit.actor.user_id or "", details={"fields": [each.name for each in fields]}
        )
        telling.lapsed(unit, held, approval.label)
    if approval.binds.on_later_edit != "reopen":
        return
    from dougong.workflows.approvals import definitions, service

    now = definitions.current(unit, held.approval)
    initiator = unit.actor.user_id or held.initiator
    world = CompanyWorld(unit, obj, values, initiator, now)
    if now is None or not starting.is_active(now, world) or not starting.is_needed(now, world):
        return
    old = {each.id: each.type.to_json(each, row.before[each.name]) if row.before.get(each.name) is not None else None
           for each in fields}  # fmt: skip
    service.start(
        unit, now.name, held.record_id, initiator=initiator, gated={"do": "reopened", "values": {}, "old": old}
    )


def _end_with_record(unit: Unit, rows: Sequence[Row]) -> None:
    """Approvals of records that were deleted are over."""
    for plan, group in grouped(rows):
        if not locks.may_be_approved(unit, plan.name):
            continue
        gone = [row.id for row in group if not is_unlocked(unit, plan.name, row.id)]
        for each in running.of_records(unit, gone, open_only=True) if gone else ():
            held = running.find(unit, each.id, lock=True)
            approval = held.pinned(unit)
            if approval is not None:
                Carrying(unit, held, approval).carry(Invalidate(reason="deleted"))


def start_made(unit: Unit) -> None:
    """After a save: what was made behind a gate is submitted by whoever made it."""
    made: dict[tuple[str, str], str] = unit.memory.pop(gates.CREATED, {})
    if not made:
        return
    from dougong.workflows.approvals import service

    for (_, record_id), name in made.items():
        service.start(unit, name, record_id, initiator=unit.actor.user_id or "")
