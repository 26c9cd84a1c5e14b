"""What people are told of approvals. Everything goes through `tell`, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dougong.base.language import Labels, Message, msg
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.running import Running
from dougong.workflows.approvals.seeing import RESCUERS
from dougong.workflows.approvals.state import CopySent, Effect, Ended, Opened, Reminded, Stranded
from dougong.workflows.notices import templates
from dougong.workflows.notices.telling import Notice, tell

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

_ENDS: dict[str, Message] = {
    "approved": msg("Approved"),
    "rejected": msg("Rejected"),
    "recalled": msg("Recalled"),
    "cancelled": msg("Ended by an administrator, or overtaken by a change"),
    "returned": msg("Sent back to you"),
}


def of_effect(unit: Unit, held: Running, label: Labels | str, effect: Effect) -> None:
    """Tell whom an effect concerns; nothing for what is nobody's news."""
    names = {"approval": label, "record": held.title}
    match effect:
        case Opened(entry=entry):
            said = msg("{approval}: {record} waits for your decision", **names)
            _tell(unit, held, entry.person, "approval.task", said, f"open:{entry.id}:{held.number}")
        case Reminded(entry=entry):
            said = msg("{approval}: {record} still waits for your decision", **names)
            _tell(unit, held, entry.person, "approval.reminder", said, f"remind:{entry.id}:{held.number}", urgent=True)
        case CopySent(copied=copied):
            said = msg("{approval}: you were sent a copy of {record}", **names)
            _tell(unit, held, copied.person, "approval.copy", said, f"copy:{copied.node}:{held.number}")
        case Stranded(entry=entry):
            said = msg("{approval}: {record} waits for somebody who can no longer decide", **names)
            for person in administrators(unit):
                _tell(unit, held, person, "approval.stranded", said, f"stranded:{entry.id}:{held.number}", urgent=True)
        case Ended(status=status) if status in _ENDS:
            said = msg("{approval}: {record}: {outcome}", **names, outcome=_ENDS[status])
            _tell(unit, held, held.initiator, "approval.ended", said, f"ended:{held.number}")


def administrators(unit: Unit) -> list[str]:
    """Those whose roles let them rescue approvals."""
    rights = unit.runtime.model.rights
    sets = {name for name, each in rights.permission_sets.items() if RESCUERS in each.system}
    roles = [name for name, role in rights.roles.items() if sets & set(role.permission_sets)]
    groups = [*(f"role:{name}" for name in roles), *(f"set:{name}" for name in sorted(sets))]
    people = People(unit)
    return list(dict.fromkeys(person for group in groups for person in people.in_group(group)))


def _tell(unit: Unit, held: Running, person: str, kind: str, said: Message, key: str, urgent: bool = False) -> None:
    if person == unit.actor.user_id and kind != "approval.task":
        return  # who did it knows
    obj = held.of(unit)
    notice = Notice(
        kind=kind, title=said, url=f"/approvals/{held.id}", object=obj.name if obj else None, record=held.record_id,
        key=f"approval:{held.id}:{key}", urgent=urgent,
    )  # fmt: skip
    template = _template(unit, held, kind)
    if template is not None:
        templates.tell(unit, [person], template, notice)
    else:
        tell(unit, [person], notice)


def _template(unit: Unit, held: Running, kind: str) -> str | None:
    """The template that the definition names for a kind of notice, as long as there is one."""
    definition = unit.runtime.model.workflows.approvals.get(held.approval)
    name = definition.body.get("messages", {}).get(kind.partition(".")[2]) if definition is not None else None
    return name if name in unit.runtime.model.workflows.templates else None


def lapsed(unit: Unit, held: Running, label: Labels | str) -> None:
    """Tell the initiator that what was approved was changed since."""
    said = msg(
        "{approval}: {record} was changed after its approval, which no longer holds", approval=label, record=held.title
    )
    _tell(unit, held, held.initiator, "approval.ended", said, f"lapsed:{unit.now.isoformat()}")


def commented(unit: Unit, held: Running, people: Iterable[str], text: str) -> None:
    """Tell those in an approval that somebody said something about it."""
    said = msg("{name} on {record}: {text}", name=unit.actor.name, record=held.title, text=text[:200])
    for person in sorted(people):
        _tell(unit, held, person, "approval.comment", said, f"comment:{unit.now.isoformat()}")
