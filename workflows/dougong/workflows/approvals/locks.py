"""What open approvals hold: derived from their state at every question, so that no lock can be left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from dougong.base.language import Labels, msg
from dougong.engine.record_locks import RecordLock
from dougong.metadata.approval import Approval
from dougong.workflows.approvals import attached, running
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.tables import instances

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

_KEY = "approvals.objects"


def may_be_approved(unit: Unit, object_name: str) -> bool:
    """Whether records of an object can be in an approval: one is defined, or one that is defined no more still runs.

    The latter is asked once a revision: under it, only what it defines is started.
    """
    found: frozenset[str] | None = unit.runtime.prepared.get(_KEY)
    if found is None:
        model = unit.runtime.model
        defined = {each.object for each in model.workflows.approvals.values()}
        left = set(unit.connection.scalars(select(instances.c.object).distinct().where(instances.c.ended_at.is_(None))))
        found = frozenset(defined | {name for name, each in model.objects.items() if each.id in left})
        unit.runtime.prepared[_KEY] = found
    return object_name in found


def locks(unit: Unit, object_name: str, ids: Sequence[str]) -> Mapping[str, RecordLock]:
    """The hook `locks`: one statement; none for objects that are never approved, nor have files of opinions."""
    found = dict(attached.locks(unit, ids)) if object_name == attached.FILE and ids else {}
    if not ids or not may_be_approved(unit, object_name):
        return found
    held = [each for each in running.of_records(unit, ids, open_only=True) if each.status == "open"]
    people = People(unit)
    people.fetch(person for each in held for person in waiting_for(each))
    for each in held:
        lock = _lock(unit, each, people)
        known = found.get(each.record_id)
        if known is not None:
            lock = RecordLock(lock.reason, lock.except_fields & known.except_fields)
        found[each.record_id] = lock
    return found


def _lock(unit: Unit, held: Running, people: People) -> RecordLock:
    approval = held.pinned(unit)
    names = ", ".join(people.name(each) for each in waiting_for(held)) or "–"
    label: Labels | str = approval.label if approval is not None else held.approval
    due = due_of(held)
    if due is None:
        reason = msg("This record is being approved ({approval}) and waits for {people}.", approval=label, people=names)
    else:
        until = due.astimezone(unit.company.zone).strftime("%Y-%m-%d %H:%M")
        reason = msg(
            "This record is being approved ({approval}) and waits for {people}, until {until}.",
            approval=label, people=names, until=until,
        )  # fmt: skip
    return RecordLock(reason, frozenset() if approval is None else open_fields(unit, approval, held))


def due_of(held: Running) -> datetime | None:
    """When the first of those who are waited for runs out of time."""
    return min((visit.due_at for visit in held.state.visits if visit.status == "open" and visit.due_at), default=None)


def open_fields(unit: Unit, approval: Approval, held: Running) -> frozenset[str]:
    """What may be changed all the same: the approval's free fields, and what its node lets the actor edit now.

    Who owns a record is part of what is approved only where the approval says so.
    """
    names = set(approval.lock_except) | (set() if "owner" in approval.binds.fields else {"owner"})
    return frozenset(names | edited_by(unit.actor.user_id, approval, held))


def edited_by(person: str | None, approval: Approval, held: Running) -> frozenset[str]:
    """The fields that the node at which it is somebody's turn lets them change."""
    found: set[str] = set()
    for visit in held.state.visits:
        if visit.status == "open" and any(each.status == "open" and each.person == person for each in visit.entries):
            node = approval.nodes.get(visit.node)
            if node is not None:
                found |= {name for name, mode in node.fields.items() if mode in ("edit", "require")}
    return frozenset(found)


def waiting_for(held: Running) -> list[str]:
    """Whose turn it is, each once."""
    open_visits = (visit for visit in held.state.visits if visit.status == "open")
    return list(dict.fromkeys(each.person for visit in open_visits for each in visit.entries if each.status == "open"))
