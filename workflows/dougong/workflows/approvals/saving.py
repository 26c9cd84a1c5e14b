"""What approvals have to do with saving: the two hooks of the room, for objects that have approvals."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

from dougong.engine.entering import USER
from dougong.engine.saving.row import Row, grouped
from dougong.workflows.approvals import gates, handover, later_edits, locks

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.metadata.approval import Approval
    from dougong.metadata.model import Model


def before(unit: Unit, rows: Sequence[Row]) -> bool:
    """Note what gates hold back and what was approved as it is; True where values were set."""
    concerned = _concerned(unit, rows)
    if not concerned:
        return False
    later_edits.check(unit, concerned)
    return gates.check(unit, concerned)


def after(unit: Unit, rows: Sequence[Row]) -> None:
    """Submit what was made behind a gate, end what was overtaken, and reroute what waited for people who left."""
    concerned = _concerned(unit, rows)
    if concerned or _has_lines(unit, rows):
        later_edits.follow(unit, rows)
        later_edits.start_made(unit, rows)
    people = [row for row in rows if row.plan.name == USER and row.doing in ("update", "delete")]
    if people:
        handover.follow(unit, people)


def indifferent(model: Model, object_name: str, fields: Set[str]) -> bool:
    """Whether the hooks do nothing with records of which `fields` alone change.

    So it is where no approval of the object is bound to one of them, and none is for what the object is a line of.
    """
    obj = model.objects.get(object_name)
    above = obj.master.targets if obj is not None and obj.master is not None else ()
    return object_name != USER and not any(
        each.object in above or (each.object == object_name and _is_bound(each, fields))
        for each in model.workflows.approvals.values()
    )


def _is_bound(approval: Approval, fields: Set[str]) -> bool:
    bound = approval.binds.fields
    return not bound or not bound.isdisjoint(fields)


def _has_lines(unit: Unit, rows: Sequence[Row]) -> bool:
    """Whether there are lines of documents that are approved."""
    masters = [plan.object.master for plan, _ in grouped(rows)]
    return any(each is not None and locks.may_be_approved(unit, each.targets[0]) for each in masters)


def _concerned(unit: Unit, rows: Sequence[Row]) -> list[Row]:
    names = {row.plan.name for row in rows}
    wanted = {name for name in names if locks.may_be_approved(unit, name)}
    return [row for row in rows if row.plan.name in wanted] if wanted else []
