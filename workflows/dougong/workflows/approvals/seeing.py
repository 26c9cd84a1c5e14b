"""Who may know of an approval: those in it, those who may read its record, and administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.base.errors import DougongError
from dougong.workflows.approvals import running
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.state import State

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

RESCUERS = "manage_users"
"""The system right by which somebody may rescue approvals, and see them for that."""


def involved(state: State) -> frozenset[str]:
    """Everybody who has, or had, a part in it."""
    found = {state.initiator} | {each.person for each in state.copies}
    for visit in state.visits:
        for entry in visit.entries:
            if entry.status != "waiting":
                found |= {entry.person} | ({entry.stands_for} if entry.stands_for else set())
    return frozenset(found)


def may_rescue(unit: Unit) -> bool:
    """Whether the actor may end approvals that nobody can end, and name other people in them."""
    return unit.actor.is_system or unit.access.has(RESCUERS)


def require(unit: Unit, held: Running) -> None:
    """Stop who may not know of it.

    Raises:
        NotFound: as where there is none.
    """
    if may_rescue(unit) or unit.actor.user_id in involved(held.state) or may_read_record(unit, held):
        return
    raise running.unknown(held.id)


def may_read_record(unit: Unit, held: Running) -> bool:
    """Whether the actor may read the record itself."""
    obj = held.of(unit)
    if obj is None:
        return False
    try:
        unit.records.get(obj.name, held.record_id)
    except DougongError:
        return False
    return True
