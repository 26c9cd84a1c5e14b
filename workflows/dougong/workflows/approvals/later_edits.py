"""What a change of a record means for the approvals that it has or had: bound values that are edited afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import Rejected
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.record_locks import is_unlocked
from dougong.engine.saving.row import Row, grouped
from dougong.metadata.approval import Approval
from dougong.metadata.model import Field, Object
from dougong.workflows.approvals import binding, editing, gates, locks, running, starting, telling
from dougong.workflows.approvals.carrying import Carrying, write_log
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.state import Invalidate
from dougong.workflows.approvals.tables import acts
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
    done: set[str] = set()
    for row, approval, held, fields in _touched(unit, rows):
        done.add(held.id)
        if held.status == "open" and _by_approver(unit, approval, held):
            _bind_anew(unit, approval, row.plan.object, held)
        elif held.status != "returned" and approval.binds.on_later_edit != "refuse":
            before = {each.name: row.before.get(each.name) for each in fields}
            with _told_at(row):
                _lapse(unit, approval, row.plan.object, held, before)
    for obj, approval, held in _with_other_lines(unit, rows):
        if held.id not in done:
            _lapse(unit, approval, obj, held, {})
    _end_with_record(unit, [row for row in rows if row.doing == "delete"])


def _with_other_lines(unit: Unit, rows: Sequence[Row]) -> Iterable[tuple[Object, Approval, Running]]:
    """Approved documents of which bound lines were added, changed or taken away: one statement an object of lines."""
    for plan, group in grouped(rows):
        master = plan.object.master
        if master is None or not locks.may_be_approved(unit, master.targets[0]):
            continue
        obj = unit.runtime.model.objects[master.targets[0]]
        named = {row.values.get(master.name) or row.before.get(master.name) for row in group if row.doing != "derive"}
        ids = sorted(each.id for each in named if isinstance(each, Reference))
        latest: dict[tuple[str, str], Running] = {}
        for each in running.of_records(unit, ids, open_only=False) if ids else ():
            latest.setdefault((each.record_id, each.approval), each)
        for held in latest.values():
            approval = held.pinned(unit) if held.status == "approved" and held.of(unit) is obj else None
            if approval is not None and (plan.name, master.name) in binding.line_objects(approval, obj):
                yield obj, approval, held


def _touched(unit: Unit, rows: Sequence[Row]) -> Iterable[tuple[Row, Approval, Running, list[Field]]]:
    """Changed rows with the latest approval of each name that binds what was changed: one statement an object."""
    for plan, group in grouped(row for row in rows if row.doing in ("update", "derive")):
        if not locks.may_be_approved(unit, plan.name):
            continue
        bound = _bound(unit, plan.name)
        changed = [
            row
            for row in group
            if _may_be_bound(row, bound) and not is_unlocked(unit, plan.name, row.id) and row.changed()
        ]
        if not changed:
            continue
        latest: dict[str, dict[str, Running]] = {}
        for each in running.of_records(unit, [row.id for row in changed], open_only=False):
            latest.setdefault(each.record_id, {}).setdefault(each.approval, each)
        for row in changed:
            for held in latest.get(row.id, {}).values():
                approval = held.pinned(unit) if held.status in CONCERNED else None
                fields = binding.differing(approval, plan.object, row.before, row.values) if approval else []
                if approval is not None and fields:
                    yield row, approval, held, fields


def _bound(unit: Unit, name: str) -> frozenset[str]:
    """The fields of an object that an approval is bound to, by the definitions in force."""
    mine = [each for each in unit.runtime.model.workflows.approvals.values() if each.object == name]
    return frozenset().union(*(each.binds.fields for each in mine))


def _may_be_bound(row: Row, bound: Iterable[str]) -> bool:
    """Whether an approval may be bound to what changed; to what follows from other records only where it names that.

    Asked of the definitions in force, so that a customer with a new deal costs no question about its approvals.
    """
    return row.doing != "derive" or any(map(row.differs, bound))


def _by_approver(unit: Unit, approval: Approval, held: Running) -> bool:
    return bool(locks.edited_by(unit.actor.user_id, approval, held))


def _bind_anew(unit: Unit, approval: Approval, obj: Object, held: Running) -> None:
    """What an approver may edit becomes part of what is approved."""
    held = running.find(unit, held.id, lock=True)
    snapshot = binding.take(unit, approval, obj, running.record_values(unit, obj, held.record_id))
    binding.keep(unit.connection, held.id, held.round, snapshot, unit.now)
    running.rehashed(unit, held, snapshot.hash)
    if (editing.EDITING, held.id) not in unit.memory:
        write_log(unit, held, name="Edited", by=unit.actor.user_id or "")


def _lapse(unit: Unit, approval: Approval, obj: Object, held: Running, before: Mapping[str, Any]) -> None:
    """An approval no longer stands for the record: an open one ends; `before` is what fields were."""
    values = running.record_values(unit, obj, held.record_id)
    names = list(before)
    if held.status == "open":
        held = running.find(unit, held.id, lock=True)
        held = Carrying(unit, held, approval).carry(Invalidate(reason=", ".join(names)))
    elif not values or binding.take(unit, approval, obj, values).hash == held.snapshot:
        return
    elif not _has_lapsed(unit, held):
        write_log(unit, held, name="Lapsed", by=unit.actor.user_id or "", details={"fields": names})
        telling.lapsed(unit, held, approval.label)
    if approval.binds.on_later_edit == "reopen":
        _reopen(unit, obj, held, values, before)


def _has_lapsed(unit: Unit, held: Running) -> bool:
    last = select(acts.c.act).where(acts.c.instance == held.id).order_by(acts.c.id.desc()).limit(1)
    return unit.connection.scalar(last) == "lapsed"


def _reopen(unit: Unit, obj: Object, held: Running, values: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Begin an approval of the change, where the record as it is now needs one."""
    from dougong.workflows.approvals import definitions, service

    now = definitions.current(unit, held.approval)
    initiator = unit.actor.user_id or held.initiator
    world = CompanyWorld(unit, obj, values, initiator, now)
    if now is None or not starting.is_active(now, world) or not starting.is_needed(now, world):
        return
    pairs = [(obj.fields[name], was) for name, was in before.items()]
    old = {each.id: None if was is None else each.type.to_json(each, was) for each, was in pairs}
    old |= _lines_before(unit, held)
    gated = {"do": "reopened", "values": {}, "old": old}
    service.start(unit, now.name, held.record_id, initiator=initiator, gated=gated)


def _lines_before(unit: Unit, held: Running) -> dict[str, Any]:
    """The lines that were approved, to show beside those that there are now."""
    kept = binding.kept(unit.connection, [held.id]).get(held.id, [])
    return {key: lines for key, lines in kept[-1].values.items() if key.startswith(f"{binding.LINES}:")} if kept else {}


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


@contextmanager
def _told_at(row: Row) -> Iterator[None]:
    """What cannot be submitted is the problem of the row that needs it: of an import, that row alone is left out."""
    try:
        yield
    except Rejected as refused:
        at = row.number or None
        row.problems += [replace(each, place=replace(each.place, row=at)) for each in refused.problems]


def start_made(unit: Unit, rows: Sequence[Row]) -> None:
    """After a save: what was made behind a gate is submitted by whoever made it."""
    made: dict[tuple[str, str], str] = unit.memory.pop(gates.CREATED, {})
    if not made:
        return
    from dougong.workflows.approvals import service

    for row in rows:
        name = made.get((row.plan.name, row.id))
        if name is not None:
            with _told_at(row):
                service.start(unit, name, row.id, initiator=unit.actor.user_id or _owner(row))


def _owner(row: Row) -> str:
    """Whose record it is: who has submitted what an automation made."""
    owner = row.values.get("owner")
    return owner.id if isinstance(owner, Reference) else ""
