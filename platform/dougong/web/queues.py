"""Queues in the pages: what the reader may take, and where it may go back to; views of queues; who is a person."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.language import msg
from dougong.engine.entering import USER, is_queue
from dougong.engine.query import Condition, Either, Filter, Record
from dougong.engine.rights.queues import owning, taken_from
from dougong.engine.unit import Unit
from dougong.metadata.model import Field, Object
from dougong.metadata.rights import QUEUE_KIND, Queue
from dougong.web.buttons import Action
from dougong.web.visit import Visit, with_query

VIEW = "queue."
"""How the names of views of queues begin."""


def mine(unit: Unit, obj: Object) -> tuple[Queue, ...]:
    """The queues with records of `obj` that the actor takes from."""
    queues = unit.runtime.model.rights.queues_of(obj.name) if obj.owner == "user_or_queue" else ()
    theirs = taken_from(unit) if queues else frozenset()
    return tuple(each for each in queues if each.record in theirs)


def may_take(unit: Unit, obj: Object) -> bool:
    """Whether the actor may take records of `obj` out of some queue."""
    if obj.owner != "user_or_queue" or obj.append_only or not unit.access.may("edit", obj):
        return False
    return unit.access.may_field("edit", obj, obj.fields["owner"]) and bool(mine(unit, obj))


def taking(visit: Visit, obj: Object, record: Record) -> Action | None:
    """The button for a record that waits in a queue of the reader."""
    owner = record.values.get("owner")
    if owner is None or owner.id not in owning(visit.model, obj) or not may_take(visit.unit, obj):
        return None
    if owner.id not in taken_from(visit.unit):
        return None
    url = f"/o/{obj.name}/{record.id}/take"
    return Action(visit.say(msg("Take")), "user-plus", url, primary=True, sheet=False, post=True)


def giving_back(visit: Visit, obj: Object, record: Record) -> Iterator[Action]:
    """The entries for a record that the reader owns: a queue of theirs each."""
    owner = record.values.get("owner")
    if owner is not None and owner.id == visit.actor.user_id and may_take(visit.unit, obj):
        for each in mine(visit.unit, obj):
            said = visit.say(msg("Give back to {queue}", queue=each.label))
            url = with_query(f"/o/{obj.name}/{record.id}/give-back", [("queue", each.name)])
            yield Action(said, "inbox", url, primary=False, sheet=False, post=True)


def choosable(unit: Unit, obj: Object | None, field: Field | None, other: Object) -> Filter | None:
    """Which records of `other` a field may name, as far as they are queues; None for all."""
    if other.name != USER or "kind" not in other.fields:
        return None
    known = tuple(sorted(each.record for each in unit.runtime.model.rights.queues.values()))
    people = Condition("id", "not_in", known) if known else None
    if unit.access.may_field("read", other, other.fields["kind"]):
        people = Condition("kind", "is_not", QUEUE_KIND)
    named = obj is not None and field is not None and field.system and field.name == "owner"
    queues = owning(unit.runtime.model, obj) if named and obj is not None else frozenset()
    return Either((people, Condition("id", "in", tuple(sorted(queues))))) if queues and people else people


def is_person(obj: Object, record: Record) -> bool:
    """Whether a record is that of somebody."""
    return obj.name == USER and not is_queue(record.values)
