"""The typed tree: names resolved, a signature chosen for each call. Both back ends read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from dougong.formulas.definition import Function, Signature
from dougong.formulas.tree import Span
from dougong.formulas.types import Blanks, FieldInfo, Path, Type


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal. Empty text is None."""

    value: Decimal | str | bool | datetime | None
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Field:
    """A stored field or a ``$`` variable."""

    path: Path
    info: FieldInfo
    blanks: Blanks
    span: Span

    @property
    def type(self) -> Type:
        """The field's type."""
        return self.info.type

    @property
    def is_variable(self) -> bool:
        """True for ``$User.name`` and the like, which the context answers."""
        return self.path[0].startswith("$")


@dataclass(frozen=True, slots=True)
class Inlined:
    """A formula field: its tree stands in for it. `blank` is what it yields where its tree yields nothing.

    `source` is the field's own text, which the places of its tree count in.
    """

    inner: TypedNode
    blank: Decimal | bool | None
    span: Span
    source: str = ""

    @property
    def type(self) -> Type:
        """The type of the formula field."""
        return self.inner.type


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or operator with the signature that fits its arguments."""

    function: Function
    signature: Signature
    arguments: tuple[TypedNode, ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Wrong:
    """Stands where a problem was reported."""

    span: Span
    type: Type = Type.UNKNOWN


TypedNode = Constant | Field | Inlined | Apply | Wrong


def walk(root: TypedNode) -> Iterator[TypedNode]:
    """Every node below and including `root`."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def children(node: TypedNode) -> tuple[TypedNode, ...]:
    """The nodes directly below `node`."""
    if isinstance(node, Apply):
        return node.arguments
    return (node.inner,) if isinstance(node, Inlined) else ()


def rebase(root: TypedNode, prefix: Path) -> TypedNode:
    """`root` as seen from a record that reaches the root's own record over `prefix`."""
    return with_fields(root, lambda field: replace(field, path=prefix + field.path)) if prefix else root


def with_fields(root: TypedNode, change: Callable[[Field], Field]) -> TypedNode:
    """`root` with every field that is no ``$`` variable as `change` makes it.

    Works without recursion: a long chain of operators is a deep tree.
    """
    done: dict[int, TypedNode] = {}
    waiting = [(root, False)]
    while waiting:
        node, is_ready = waiting.pop()
        below = children(node)
        if below and not is_ready:
            waiting.append((node, True))
            waiting.extend((each, False) for each in below)
        else:
            done[id(node)] = _changed(node, change, tuple(done[id(each)] for each in below))
    return done[id(root)]


def _changed(node: TypedNode, change: Callable[[Field], Field], below: tuple[TypedNode, ...]) -> TypedNode:
    if isinstance(node, Field) and not node.is_variable:
        return change(node)
    if isinstance(node, Inlined):
        return replace(node, inner=below[0])
    return replace(node, arguments=below) if isinstance(node, Apply) else node
