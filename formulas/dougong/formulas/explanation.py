"""A formula taken apart for one row: each part of it with its value, so that people see where a result comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from dougong.formulas.decimals import RESULT_SCALE, quantized
from dougong.formulas.evaluation import UNDEFINED, Context, EvaluationError, Failure, Row, Values, row
from dougong.formulas.python_backend import compiled
from dougong.formulas.tree import Span
from dougong.formulas.typed import Apply, Constant, Inlined, TypedNode
from dougong.formulas.types import Marker, Type, Value

if TYPE_CHECKING:
    from dougong.formulas.formula import Formula


_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)

_LONGEST_CHAIN = 30
"""Operators in a row that are shown one by one, each with what it makes of those before it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a formula: its `text` as written, its `type`, and its value, or why it has none.

    `steps` are the parts that it is made of, in the order of the text; literals have none and are none. Every part is
    computed for itself: of an IF both branches have a value here, whichever is taken.
    """

    text: str
    type: Type
    value: Value = None
    failure: Failure | None = None
    steps: tuple[Step, ...] = ()

    def lines(self, depth: int = 0) -> Iterator[tuple[int, Step]]:
        """This step and all below it, each with how deep it stands."""
        yield depth, self
        for each in self.steps:
            yield from each.lines(depth + 1)


def explained(formula: Formula, values: Values, context: Context) -> Step:
    """`formula` for one row, part by part. Formula fields are followed into their own text."""
    return _step(formula.node, formula.source, row(values, context))


def _step(node: TypedNode, source: str, given: Row) -> Step:
    text = " ".join(_written(source, node.span).split())
    steps: tuple[Step, ...] = ()
    if isinstance(node, Inlined):
        steps = (_step(node.inner, node.source, given),)
    elif isinstance(node, Apply):
        steps = tuple(_step(each, source, given) for each in _operands(node) or _computed(node))
    given.handled = 0
    try:
        return Step(text, node.type, _shown(compiled(node)(given)), steps=steps)
    except UNDEFINED as error:
        failure = error.kind if isinstance(error, EvaluationError) else Failure.NOT_FINITE
        return Step(text, node.type, failure=failure, steps=steps)


def _operands(node: Apply) -> list[TypedNode]:
    """What a long chain of operators is made of; nothing for a short one, whose every operator is a step."""
    found: list[TypedNode] = []
    left: TypedNode = node
    while isinstance(left, Apply) and left.function.is_operator and len(left.arguments) == 2:
        left, right = left.arguments
        found.append(right)
    return [] if len(found) <= _LONGEST_CHAIN else [left, *reversed(found)]


def _written(source: str, span: Span) -> str:
    """The text of a node. Brackets belong to no node, so those that end or begin inside it are taken along."""
    start, end = span.start, span.end
    before, after = _unmatched(source[start:end])
    while before and start > 0:
        start -= 1
        before -= source[start] == "("
    while after and end < len(source):
        after -= source[end] == ")"
        end += 1
    return source[start:end]


def _unmatched(text: str) -> tuple[int, int]:
    """How many brackets are closed that were opened before, and opened that are closed after; quoted ones left out."""
    closed = opened = 0
    for sign in _QUOTED.sub("", text):
        if sign == "(":
            opened += 1
        elif sign == ")" and opened:
            opened -= 1
        elif sign == ")":
            closed += 1
    return closed, opened


def _computed(node: Apply) -> Iterator[TypedNode]:
    """The arguments that have a value of their own: no literal, and no field that is meant as such."""
    parameters = node.signature.expand(len(node.arguments)) or ()
    for parameter, each in zip(parameters, node.arguments, strict=True):
        if not isinstance(each, Constant) and not parameter.markers & {Marker.FIELD, Marker.OBJECT_FIELD}:
            yield each


def _shown(value: Value) -> Value:
    """The value as a result is given."""
    return quantized(value, RESULT_SCALE) if isinstance(value, Decimal) else value
