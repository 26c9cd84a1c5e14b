"""Which arguments fit which parameters."""

from __future__ import annotations

from collections.abc import Sequence

from dougong.base.language import Message, msg
from dougong.formulas.definition import Parameter
from dougong.formulas.typed import Constant, Field, TypedNode
from dougong.formulas.types import SCALAR, Marker, Type

_TEXTS = frozenset({Type.TEXT, Type.ID})
_ALLOWED = {
    Marker.BLANKABLE: frozenset(Type) - {Type.BOOLEAN},
    Marker.COMMON: frozenset(Type),
    Marker.CHOSEN: frozenset(Type) - {Type.BOOLEAN},
    Marker.MATCHED: (SCALAR | {Type.PICKLIST}) - {Type.BOOLEAN},
    Marker.ORDERED: SCALAR - {Type.BOOLEAN},
    Marker.MEASURED: SCALAR - {Type.BOOLEAN, Type.TEXT, Type.ID},
}
GROUPS = (Marker.COMMON, Marker.CHOSEN, Marker.MATCHED, Marker.ORDERED, Marker.MEASURED)
"""The markers of parameters that share one type."""


def fits(parameters: Sequence[Parameter], arguments: Sequence[TypedNode]) -> bool:
    """True where every argument fits its parameter and those that must share a type do."""
    return not mismatch(parameters, arguments)


def mismatch(parameters: Sequence[Parameter], arguments: Sequence[TypedNode]) -> list[tuple[int, Message]]:
    """The arguments that do not fit: position from 0, and what is expected there."""
    found = [
        (index, _expected(parameter))
        for index, (parameter, argument) in enumerate(zip(parameters, arguments, strict=True))
        if not accepts(parameter, argument)
    ]
    if not found:
        for group in GROUPS:
            found += _odd_ones(group, parameters, arguments)
    return found


def common_type(parameters: Sequence[Parameter], arguments: Sequence[TypedNode], group: Marker) -> Type | None:
    """The type that the arguments of `group` share; NULL where all are NULL; None where they share none."""
    given = [each.type for each, parameter in zip(arguments, parameters, strict=True) if group in parameter.markers]
    known = {each for each in given if each not in (Type.NULL, Type.UNKNOWN)}
    if not known:
        return Type.UNKNOWN if Type.UNKNOWN in given else Type.NULL
    if len(known) == 1:
        return known.pop()
    if known <= _TEXTS:
        return Type.TEXT
    if group is Marker.MATCHED and known <= _TEXTS | {Type.PICKLIST}:
        return Type.PICKLIST
    return None


def accepts(parameter: Parameter, argument: TypedNode) -> bool:
    """True where `argument` alone fits `parameter`."""
    given = argument.type
    if given is Type.UNKNOWN:
        return True
    if Marker.FIELD in parameter.markers:
        return isinstance(argument, Field) and len(argument.path) == 1
    if Marker.OBJECT_FIELD in parameter.markers:
        return isinstance(argument, Field) and argument.path[0].casefold() == "$objecttype"
    if Marker.LITERAL in parameter.markers:
        return isinstance(argument, Constant) and given is Type.TEXT
    if given is Type.NULL:
        return Marker.NOT_NULL not in parameter.markers
    allowed = allowed_types(parameter)
    return given in allowed or (given is Type.ID and Type.TEXT in allowed)


def allowed_types(parameter: Parameter) -> frozenset[Type]:
    """The types that fit `parameter`; where it is marked to share its type with others, those that they may share."""
    return parameter.types.union(*(_ALLOWED.get(each, frozenset()) for each in parameter.markers))


def _odd_ones(
    group: Marker, parameters: Sequence[Parameter], arguments: Sequence[TypedNode]
) -> list[tuple[int, Message]]:
    """The arguments of `group` that differ in type from the first one that has a type."""
    if common_type(parameters, arguments, group) is not None:
        return []
    positions = [
        index
        for index, parameter in enumerate(parameters)
        if group in parameter.markers and arguments[index].type not in (Type.NULL, Type.UNKNOWN)
    ]
    first = arguments[positions[0]].type
    return [(index, first.label) for index in positions if arguments[index].type is not first]


def _expected(parameter: Parameter) -> Message:
    if Marker.FIELD in parameter.markers:
        return msg("a field of the record itself")
    if Marker.OBJECT_FIELD in parameter.markers:
        return msg("a field of an object, as $ObjectType.object.fields.field")
    if Marker.LITERAL in parameter.markers:
        return msg("a text in quotes")
    if parameter.types:
        return one_of(sorted(parameter.types))
    if not parameter.markers.isdisjoint({Marker.BLANKABLE, Marker.CHOSEN}):
        return msg("anything but true/false")
    return msg("a value that can be compared")


def one_of(types: Sequence[Type]) -> Message:
    """Several types, of which one is needed."""
    *others, last = (each.label for each in types)
    if not others:
        return last
    first = others[0]
    for each in others[1:]:
        first = msg("{first}, {second}", first=first, second=each)
    return msg("{first} or {second}", first=first, second=last)
