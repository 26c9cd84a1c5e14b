"""The syntax tree: what was written, with positions, before any meaning is known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dougong.formulas.types import Path


@dataclass(frozen=True, slots=True)
class Span:
    """Where a node stands in the text: offsets in characters, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, TRUE, FALSE or NULL. `value` None is NULL; empty text is "" here."""

    value: Decimal | str | bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class Reference:
    """A field, by the path as written."""

    path: Path
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator applied. `name` is upper case for functions; `is_operator` tells ``-`` from a name.

    `name_span` covers the name or the operator sign alone, where an error about it points.
    """

    name: str
    arguments: tuple[Node, ...]
    span: Span
    name_span: Span
    is_operator: bool = False
    written: str = ""
    """The name as written."""


Node = Literal | Reference | Call


def references(root: Node) -> set[Path]:
    """The paths that are named below and including `root`, as they are written."""
    found: set[Path] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Reference):
            found.add(node.path)
        elif isinstance(node, Call):
            waiting.extend(node.arguments)
    return found


def to_prefix(node: Node) -> str:
    """The shape of the tree in prefix form, ``( + 1 ( abs x ) )``, as conformance suites state it."""
    if isinstance(node, Reference):
        return ".".join(node.path)
    if isinstance(node, Call):
        head = node.written or node.name
        if not node.arguments:
            return head
        return f"( {head} {' '.join(to_prefix(each) for each in node.arguments)} )"
    if isinstance(node.value, str):
        escaped = node.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(node.value, bool) or node.value is None:
        return {True: "true", False: "false", None: "null"}[node.value]
    return format(node.value, "f")


_RANKS = {
    "||": 1,
    "&&": 2,
    "=": 3,
    "<>": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "&": 5,
    "^": 6,
    "*": 7,
    "/": 7,
}
RANK_OF_VALUES = 8
"""The rank of everything that is no operator between two values."""


def rank(node: Node) -> int:
    """How strongly the operator at the top of `node` binds; weaker ones need brackets beneath stronger ones."""
    is_binary = isinstance(node, Call) and node.is_operator and len(node.arguments) == 2
    return _RANKS[node.name] if isinstance(node, Call) and is_binary else RANK_OF_VALUES
