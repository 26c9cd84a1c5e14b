"""Which record type a new record has that nobody chose one for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dougong.metadata.model import Object, RecordType

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def is_usual(unit: Unit, each: RecordType) -> bool:
    """Whether the type is the usual one for a role that the actor holds."""
    return not unit.roles.isdisjoint(each.default_for)


def offered_types(unit: Unit, obj: Object) -> list[RecordType]:
    """The types that the actor may choose for a new record, the usual one for a role of theirs first."""
    active = [each for each in obj.record_types.values() if each.active]
    allowed = [each for each in active if unit.access.may_choose(obj, each.name)]
    return sorted(allowed, key=lambda each: not is_usual(unit, each))


def usual_type(unit: Unit, obj: Object) -> str | None:
    """The first of those that the actor may choose; where they may choose none, the first that may be chosen at all."""
    active = (each.name for each in obj.record_types.values() if each.active)
    return next((each.name for each in offered_types(unit, obj)), next(active, None))
