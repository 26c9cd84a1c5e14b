"""The access of a unit's actor: what roles grant, narrowed by what plugins say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.engine.access import EVERYTHING, Access, Combined, Configured, Derived, Scoped
from dougong.engine.rights.grants import Granted
from dougong.engine.rights.holder import find
from dougong.engine.tables import people

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MOST_PEOPLE = 5000
"""Of how many people a process remembers what they may do, per revision; past it, those it has known the longest go."""


def access_for(unit: Unit) -> Access:
    """What the unit's actor may do."""
    if unit.actor.is_system:
        return EVERYTHING
    parts: list[Access] = []
    if unit.runtime.model.rows:
        parts.append(Configured())
    granted = granted_to(unit)
    if granted is not None:
        parts.append(granted)
    scope = unit.actor.scope
    if scope.objects is not None or not scope.write:
        parts.append(Scoped(scope))
    found = unit.company.hooks.access(actor=unit.actor, model=unit.runtime.model)
    parts += [each for each in found if each is not None]
    if not parts:
        return EVERYTHING
    if granted is not None and len(parts) == 1 and parts[0] is granted:
        return granted.derived
    return Derived(parts[0] if len(parts) == 1 else Combined(parts), unit.runtime.model)


def granted_to(unit: Unit, user_id: str | None = None) -> Granted | None:
    """What roles and permission sets grant to the actor, or to another user; None where that is everything."""
    return _held(unit, user_id or unit.actor.user_id or "")[0]


def roles_of(unit: Unit) -> frozenset[str]:
    """The names of the roles that the actor holds: layouts are chosen by them."""
    return frozenset() if unit.actor.is_system else _held(unit, unit.actor.user_id or "")[1]


def _held(unit: Unit, user: str) -> tuple[Granted | None, frozenset[str]]:
    """What a user's roles and permission sets grant, and the names of the roles."""
    if not unit.runtime.model.rights.roles:
        return None, frozenset()
    memory: dict[Any, tuple[Granted | None, frozenset[str]]] = unit.runtime.prepared.setdefault("rights", {})
    if unit.people is None:
        unit.people = int(unit.connection.scalar(select(people.c.version)) or 0)
    key = (user, unit.people, unit.reading.today, str(unit.actor.zone))
    if key in memory:
        return memory[key]
    holder = find(unit, user)
    granted = None if any(each.everything for each in holder.sets) else Granted(unit, holder)
    found = granted, frozenset(each.name for each in holder.roles)
    if not unit.memory.get("people changed"):  # what is not committed is nobody else's
        if len(memory) >= MOST_PEOPLE:
            for each in list(memory)[: MOST_PEOPLE // 10]:
                memory.pop(each, None)
        memory[key] = found
    return found
