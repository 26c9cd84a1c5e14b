"""Queues as the rights know them: which may own records of an object, and which ones somebody takes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from dougong.engine.entering import KIND
from dougong.engine.rights.access import granted_to
from dougong.engine.tables import memberships
from dougong.metadata.model import Field, Model, Object

if TYPE_CHECKING:
    from dougong.engine.runtime import Runtime
    from dougong.engine.unit import Unit


def owning(model: Model, obj: Object) -> frozenset[str]:
    """The ids of the queues that may own records of an object."""
    if obj.owner != "user_or_queue":
        return frozenset()
    return frozenset(each.record for each in model.rights.queues_of(obj.name))


def queues_named(runtime: Runtime, field: Field) -> frozenset[str] | None:
    """The ids of the queues that a field may name beside people; None for a field that names no people."""
    users = runtime.model.objects.get("user")
    if "user" not in field.targets or users is None or KIND not in users.fields:
        return None
    obj = runtime.model.objects[field.object]
    return owning(runtime.model, obj) if field.system and field.name == "owner" else frozenset()


def taken_from(unit: Unit) -> frozenset[str]:
    """The ids of the queues that the unit's actor takes records from."""
    queues = frozenset(each.record for each in unit.runtime.model.rights.queues.values())
    user = unit.actor.user_id
    if not queues or not user:
        return frozenset()
    granted = granted_to(unit)
    if granted is not None:
        return queues & frozenset(granted.holder.named("queue"))
    mine = memberships.c.user_id == user, memberships.c.grp.in_([f"queue:{each}" for each in sorted(queues)])
    found = unit.connection.scalars(select(memberships.c.grp).where(*mine))
    return frozenset(each.partition(":")[2] for each in found)


def claimed_from(unit: Unit) -> frozenset[str]:
    """The accounts of the pools that the unit's actor sees and claims from; all of them for who may do everything."""
    accounts = frozenset(each.record for each in unit.runtime.model.rights.queues.values() if each.pool)
    if not accounts:
        return frozenset()
    granted = None if unit.actor.is_system else granted_to(unit)
    return accounts if granted is None else accounts & frozenset(granted.holder.named("pool"))
