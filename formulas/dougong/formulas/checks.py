"""Checks of typed arguments that a signature cannot express. Each yields a `Finding` per mistake."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dougong.base.language import Message, msg
from dougong.formulas.problems import Severity
from dougong.formulas.typed import Apply, Constant, Field, Inlined, TypedNode
from dougong.formulas.types import Type


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the argument at position `index`, counted from 0."""

    index: int
    code: str
    reason: Message
    fix: Message | None = None
    severity: Severity = "error"


def literal_values(arguments: Sequence[TypedNode]) -> Iterator[Finding]:
    """CASE on a picklist compares with texts in quotes only, and better with values that it has."""
    yield from _strange_values(arguments[0], list(enumerate(arguments))[1:-1:2])
    if arguments[0].type is not Type.PICKLIST:
        return
    for index in range(1, len(arguments) - 1, 2):
        if not isinstance(arguments[index], Constant):
            reason = msg("A picklist is compared with texts in quotes.")
            yield Finding(index, "formula-wrong-argument", reason, msg("Write the value in quotes."))


def known_values(arguments: Sequence[TypedNode]) -> Iterator[Finding]:
    """ISPICKVAL, INCLUDES and IN ask for values that the picklist has."""
    return _strange_values(arguments[0], list(enumerate(arguments))[1:])


def known_on_either_side(arguments: Sequence[TypedNode]) -> Iterator[Finding]:
    """A picklist's value as text is equal to a value that it has, whichever stands first."""
    for index, other in ((0, 1), (1, 0)):
        yield from _strange_values(arguments[index], [(other, arguments[other])])


def _strange_values(asked: TypedNode, given: list[tuple[int, TypedNode]]) -> Iterator[Finding]:
    """Warnings: a picklist may have had the value once, so asking for another is no error."""
    field = _picklist(asked)
    if field is None:
        return
    values, name = field.info.values, ".".join(field.path)
    for index, node in given:
        value = node.value if isinstance(node, Constant) else None
        if not isinstance(value, str) or value in values:
            continue
        near = _nearest(value, field)
        reason = msg("{field} has no value {value}.", field=name, value=value)
        fix = msg("Did you mean {name}?", name=near) if near else None
        yield Finding(index, "formula-unknown-value", reason, fix, "warning")


def _picklist(node: TypedNode) -> Field | None:
    """The picklist field whose very value `node` is, now or before the save; None for what is computed of it."""
    while isinstance(node, Inlined) or (isinstance(node, Apply) and node.function.name in ("TEXT", "PRIORVALUE")):
        is_text = isinstance(node, Apply) and node.function.name == "TEXT"
        node = node.inner if isinstance(node, Inlined) else node.arguments[0]
        if is_text and node.type is Type.MULTI_PICKLIST:
            return None  # all that is selected, in one text
    return node if isinstance(node, Field) and node.info.values else None


def _nearest(value: str, field: Field) -> str | None:
    """The value that people call so, or else the one written most like it."""
    folded = {each.casefold(): each for each in field.info.values}
    called = field.info.called.get(value.casefold())
    near = difflib.get_close_matches(value.casefold(), folded, n=1)
    return called or (folded[near[0]] if near else None)


def on_earth(arguments: Sequence[TypedNode]) -> Iterator[Finding]:
    """Literal degrees of GEOLOCATION are in range."""
    for index, limit in enumerate((90, 180)):
        node = arguments[index]
        degrees = _literal_number(node)
        if degrees is not None and abs(degrees) > limit:
            reason = msg("Degrees here go from -{limit} to {limit}.", limit=limit)
            yield Finding(index, "formula-wrong-argument", reason)


def _literal_number(node: TypedNode) -> Decimal | None:
    if isinstance(node, Constant) and isinstance(node.value, Decimal):
        return node.value
    if isinstance(node, Apply) and node.function.name == "-" and len(node.arguments) == 1:
        inner = _literal_number(node.arguments[0])
        return None if inner is None else -inner
    return None
