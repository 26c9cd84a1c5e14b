"""Seeing one masked value whole, for a reason, which the audit log keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from dougong.base.errors import Forbidden, NotFound, Place, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.access import Access
from dougong.engine.audit import Event, record
from dougong.engine.fields.masked import MaskedType
from dougong.metadata.masks import Mask
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

LONGEST_REASON = 500


def mask_for(access: Access, obj: Object, field: Field) -> Mask | None:
    """The mask through which the actor sees the field; None where they see it whole, or not at all."""
    seen = access.seen(obj, field)
    return seen.type.mask if seen is not None and isinstance(seen.type, MaskedType) else None


def may_reveal(access: Access, obj: Object, field: Field) -> bool:
    """Whether the actor, who sees the field masked, may see its values whole one at a time."""
    mask = mask_for(access, obj, field)
    return mask is not None and access.has(mask.reveal_right)


def reveal(unit: Unit, object_name: str, record_id: str, name: str, why: str) -> str:
    """The value of a masked field as text; that it was looked at is recorded, with `why`, in the unit's transaction.

    Raises:
        NotFound: there is no such record or field, or the actor sees no mask there.
        Forbidden: they lack the right to reveal it.
        Rejected: no reason is given, where the field asks for one, or a very long one.
    """
    found = unit.records.get(object_name, record_id)
    obj = unit.runtime.model.objects[found.object]
    field = obj.fields.get(name)
    mask = mask_for(unit.access, obj, field) if field is not None else None
    if field is None or mask is None:
        raise NotFound(Problem(code="field-unknown", thing=name, reason=msg("There is no such page.")))
    if not unit.access.has(mask.reveal_right):
        reason = msg("You see {label} masked, and may not reveal it.", label=field.label)
        raise Forbidden(Problem(code="reveal-not-allowed", thing=field.address, reason=reason))
    _need_reason(mask, why.strip())
    record(unit, Event("revealed", f"record:{obj.name}/{found.id}", {"field": field.name}, why=why.strip()))
    return _whole(unit, obj, field, found.id)


def _need_reason(mask: Mask, why: str) -> None:
    if mask.reason and not why:
        reason = msg("Say why you look at it.")
        raise Rejected(Problem(code="reveal-reason", place=Place(field="why"), reason=reason))
    if len(why) > LONGEST_REASON:
        reason = msg("The reason has more than {count} characters.", count=LONGEST_REASON)
        raise Rejected(Problem(code="reveal-reason", place=Place(field="why"), reason=reason))


def _whole(unit: Unit, obj: Object, field: Field, record_id: str) -> str:
    records = unit.runtime.storage.tables[obj.name]
    columns = [records.table.c[part.key] for part in records.parts[field.name]]
    row = unit.connection.execute(select(*columns).where(records.table.c.id == record_id)).one()
    value = field.type.from_row(field, row)
    return "" if value is None else field.type.display(field, value, unit.reading)
