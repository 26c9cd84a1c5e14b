"""What a record's menu offers about whom it belongs to: a new owner, its team; of a person, to hand over their work."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.handover import sharing
from dougong.engine.handover.carrying import RIGHT
from dougong.engine.query import Record
from dougong.metadata.model import Object
from dougong.web import queues
from dougong.web.buttons import Action
from dougong.web.visit import Visit


def on_record(visit: Visit, obj: Object, record: Record, rights: set[Right]) -> tuple[Action, ...]:
    """The entries for a record on which the reader has `rights`: none where it is deleted, void, or of the past."""
    return tuple(_offered(visit, obj, record, rights))


def _offered(visit: Visit, obj: Object, record: Record, rights: set[Right]) -> Iterator[Action]:
    access, owner = visit.unit.access, obj.fields.get("owner")
    if owner is not None and {"edit", "transfer"} <= rights and access.may_field("edit", obj, owner):
        said = visit.say(msg("Change owner"))
        yield Action(said, "switch-horizontal", f"/o/{obj.name}/{record.id}/owner", primary=False, sheet=False)
    if rights and sharing.shareable(visit.unit, obj):
        said = visit.say(msg("Team and shares"))
        yield Action(said, "share", f"/o/{obj.name}/{record.id}/sharing", primary=False, sheet=False)
    yield from queues.giving_back(visit, obj, record) if "edit" in rights else ()
    if queues.is_person(obj, record) and access.has(RIGHT):
        said = visit.say(msg("Hand over their work"))
        yield Action(said, "transfer", f"/handover/{record.id}", primary=False, sheet=False)
