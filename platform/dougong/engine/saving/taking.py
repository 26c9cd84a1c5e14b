"""Taking a record out of a queue: the row that was read and locked still waits there, or somebody else has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.entering import USER, is_queue
from dougong.engine.rights.queues import taken_from

if TYPE_CHECKING:
    from dougong.engine.saving.related import Related
    from dougong.engine.saving.row import Row
    from dougong.engine.unit import Unit

LOOKED_AT = 20
"""How many of a record's last changes are looked through for who owned it before."""


def begin(unit: Unit, related: Related, row: Row, stored: Mapping[str, Any]) -> None:
    """Give the row to the actor, or note at it why it cannot be taken.

    Nobody else writes the row until this transaction ends, so what was read of its owner holds. Who took it is told to
    those who see the record, and to those who took from the queue in which it was.
    """
    owner = stored.get("owner")
    if not row.before:  # out of sight, perhaps since somebody took it
        if isinstance(owner, Reference) and stored.get("deleted_at") is None and _was_theirs(unit, row):
            row.problems.clear()
            _refuse_taken(unit, related, row, owner)
    elif not isinstance(owner, Reference):
        row.refuse("not-in-queue", msg("This record has no owner, so it waits in no queue."))
    elif owner.id in taken_from(unit):
        row.given = {"owner": unit.actor.user_id}
    elif owner.id == unit.actor.user_id:
        row.refuse("not-in-queue", msg("You have this record already."))
    else:
        _refuse_taken(unit, related, row, owner)


def _refuse_taken(unit: Unit, related: Related, row: Row, owner: Reference) -> None:
    values = _values(unit, related, owner)
    if values is None:
        row.refuse("taken", msg("Somebody else has this record."))
    elif is_queue(values):
        reason = msg("You do not take from the queue {name}.", name=str(values.get("name") or ""))
        row.refuse("not-allowed", reason, msg("Ask to be made a member of it."))
    else:
        row.refuse("taken", msg("{name} has this record.", name=str(values.get("name") or "")))


def _values(unit: Unit, related: Related, owner: Reference) -> Mapping[str, Any] | None:
    """The owner's name and kind, as far as the actor may see who it is."""
    obj = unit.runtime.model.objects[USER]
    if not unit.access.may("read", obj) or not unit.access.may_field("read", obj, obj.fields["name"]):
        return None
    related.fetch(USER, [owner.id], ["name", "kind"])
    seen = related.seen(owner)
    return seen.values if seen is not None and seen.visible else None


def _was_theirs(unit: Unit, row: Row) -> bool:
    """Whether the last owner before this one was a queue that the actor takes from."""
    entries, owner = tables.history, row.plan.object.fields["owner"].id
    mine = entries.c.record_id == row.id, entries.c.object == row.plan.object.id
    asked = select(entries.c.changes).where(*mine).order_by(entries.c.id.desc()).limit(LOOKED_AT)
    pairs = (changes[owner] for changes in unit.connection.scalars(asked) if owner in changes)
    before = next(pairs, (None, None))[0]
    return before in taken_from(unit)
