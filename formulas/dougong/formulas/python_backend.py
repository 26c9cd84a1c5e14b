"""Typed tree to a Python function, by composing closures."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dougong.formulas.decimals import EXACT, ZERO
from dougong.formulas.definition import Parameter, Signature
from dougong.formulas.evaluation import Code, FieldCode, Row
from dougong.formulas.lengths import limited
from dougong.formulas.typed import Apply, Constant, Field, Inlined, TypedNode
from dougong.formulas.types import Marker, Type, Value

_PERCENT = Decimal("0.01")


def compiled(node: TypedNode) -> Code:
    """The function that computes `node` for a row.

    What it returns is a value or None; it raises `EvaluationError` where the row has no value.
    """
    if isinstance(node, Constant):
        value = node.value
        return lambda row: value
    if isinstance(node, Field):
        return _field(node)
    if isinstance(node, Inlined):
        return _inlined(node)
    assert isinstance(node, Apply), "checked formulas contain no Wrong"
    return _chain(node)


# -- fields -----------------------------------------------------------------------------------------------
def _field(node: Field) -> Code:
    path = node.path
    tidy = tidier(node)
    if node.is_variable:
        return lambda row: tidy(row.read_variable(path))
    return lambda row: tidy(row.read(path))


def tidier(node: Field) -> Callable[[Value], Value]:
    """The function that brings a stored value to the form that the language computes with."""
    if node.type is Type.NUMBER:
        blank = ZERO if node.blanks == "zero" else None
        return _percent(blank) if node.info.percent else _number(blank)
    return _TIDY.get(node.type, _unchanged)


def _number(blank: Decimal | None) -> Callable[[Value], Value]:
    def tidy(value: Value) -> Value:
        if value is None:
            return blank
        return value if type(value) is Decimal else _decimal(value)

    return tidy


def _percent(blank: Decimal | None) -> Callable[[Value], Value]:
    def tidy(value: Value) -> Value:
        return blank if value is None else EXACT.multiply(_decimal(value), _PERCENT)

    return tidy


def _decimal(value: Value) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise TypeError(f"a number field gave {value!r}; formulas compute with Decimal or int")
    return Decimal(value)


def _unchanged(value: Value) -> Value:
    return value


_TIDY: dict[Type, Callable[[Value], Value]] = {
    Type.TEXT: lambda value: value or None,
    Type.ID: lambda value: value or None,
    Type.PICKLIST: lambda value: value or None,
    Type.BOOLEAN: bool,
    Type.MULTI_PICKLIST: lambda value: frozenset(value) if value else None,
}


def _inlined(node: Inlined) -> Code:
    inner, blank = compiled(node.inner), node.blank
    if blank is None:
        return inner

    def or_default(row: Row) -> Value:
        value = inner(row)
        return blank if value is None else value

    return or_default


def field_code(node: Field) -> FieldCode:
    """What a function gets for a parameter that must be a field."""
    path, tidy = node.path, tidier(node)

    def prior(row: Row) -> Value:
        return None if row.read_prior is None else tidy(row.read_prior(path))

    return FieldCode(path, _field(node), prior)


# -- calls ------------------------------------------------------------------------------------------------
def _chain(node: Apply) -> Code:
    """A call. A chain of binary operators over its left operand becomes one loop, so that depth costs nothing."""
    spine: list[Apply] = []
    first: TypedNode = node
    while isinstance(first, Apply) and first.function.is_operator and len(first.arguments) == 2:
        spine.append(first)
        first = first.arguments[0]
    if len(spine) < 2:
        return _call(node)
    spine.reverse()
    if any(each.signature.lazy for each in spine):
        return _decided(compiled(first), [_decision(each) for each in spine])
    return _computed(compiled(first), [_step(each) for each in spine])


_Step = tuple[Callable[[Value, Value], Value], Code, bool]
_Decision = Callable[[Value, Row], Value]


def _computed(start: Code, steps: list[_Step]) -> Code:
    def run(row: Row) -> Value:
        value = start(row)
        for operate, right, is_strict in steps:
            other = right(row)
            value = None if is_strict and (value is None or other is None) else operate(value, other)
        return value

    return run


def _step(node: Apply) -> _Step:
    is_strict = not any(each.takes_null for each in node.signature.leading)
    other = compiled(node.arguments[1])
    if node.type is Type.TEXT:
        other = _counted(node.arguments[1], other, 1)
    return _blank_text(node.type, node.signature.python), other, is_strict


def _decided(start: Code, decisions: list[_Decision]) -> Code:
    def run(row: Row) -> Value:
        value = start(row)
        for decide in decisions:
            value = decide(value, row)
        return value

    return run


def _decision(node: Apply) -> _Decision:
    """One operator of a chain in which some stop at what decides them."""
    if node.signature.lazy:
        right, combine = compiled(node.arguments[1]), node.signature.python
        return lambda value, row: combine(lambda _: value, right)(row)
    operate, other, is_strict = _step(node)

    def run(value: Value, row: Row) -> Value:
        found = other(row)
        return None if is_strict and (value is None or found is None) else operate(value, found)

    return run


def _blank_text(result: Type, python: Callable[..., Any]) -> Callable[..., Any]:
    """`python` with empty text turned to blank and text of limited length; only operators on text need it."""
    return python if result is not Type.TEXT else lambda left, right: limited(python(left, right))


def _call(node: Apply) -> Code:
    signature = node.signature
    parameters = signature.expand(len(node.arguments))
    assert parameters is not None
    codes = [_argument(parameter, each, signature) for parameter, each in zip(parameters, node.arguments, strict=True)]
    if signature.lazy:
        made: Code = signature.python(*grouped(signature, codes))
        return made
    run = _eager(signature, parameters, codes)
    return _made(run, signature.per_character) if node.type in (Type.TEXT, Type.PICKLIST) else run


def _made(run: Code, per_character: int) -> Code:
    """`run` with empty text turned to blank, and text of limited length that counts as work done."""

    def made(row: Row) -> Value:
        text = limited(run(row))
        if text is not None:
            row.handle(len(text) * per_character)
        return text

    return made


def _counted(node: TypedNode, code: Code, per_character: int) -> Code:
    """`code` of an argument; where it gives text that the formula does not spell out, that counts as work."""
    if node.type is not Type.TEXT or isinstance(node, Constant):
        return code

    def counted(row: Row) -> Value:
        text = code(row)
        if text is not None:
            row.handle(len(text) * per_character)
        return text

    return counted


def _argument(parameter: Parameter, node: TypedNode, signature: Signature) -> Any:
    if parameter.markers & {Marker.FIELD, Marker.OBJECT_FIELD}:
        assert isinstance(node, Field)
        return field_code(node)
    return compiled(node) if signature.lazy else _counted(node, compiled(node), signature.per_character)


def grouped(signature: Signature, items: list[Any]) -> list[Any]:
    """`items` as the body takes them: repeated ones gathered into tuples where it asks for that."""
    if not signature.is_grouped:
        return items
    start, end = len(signature.leading), len(items) - len(signature.trailing)
    step = len(signature.repeated)
    groups: list[Any] = [tuple(items[start + offset : end : step]) for offset in range(step)]
    return [*items[:start], *groups, *items[end:]]


def _eager(signature: Signature, parameters: tuple[Parameter, ...], codes: list[Code]) -> Code:
    python = signature.python
    takes_null = [each.takes_null for each in parameters]
    if signature.wants_row or signature.is_grouped or any(takes_null):
        return _general(signature, takes_null, codes)
    if not codes:
        return lambda row: python()
    if len(codes) == 1:
        return _one(python, codes[0])
    if len(codes) == 2:
        return _two(python, *codes)
    return _many(python, codes)


def _one(python: Callable[..., Any], argument: Code) -> Code:
    def run(row: Row) -> Value:
        value = argument(row)
        return None if value is None else python(value)

    return run


def _two(python: Callable[..., Any], first: Code, second: Code) -> Code:
    def run(row: Row) -> Value:
        left, right = first(row), second(row)
        return None if left is None or right is None else python(left, right)

    return run


def _many(python: Callable[..., Any], codes: list[Code]) -> Code:
    def run(row: Row) -> Value:
        values = [code(row) for code in codes]
        return None if None in values else python(*values)

    return run


def _general(signature: Signature, takes_null: list[bool], codes: list[Code]) -> Code:
    strict = [index for index, takes in enumerate(takes_null) if not takes]
    wants_row, python = signature.wants_row, signature.python

    def run(row: Row) -> Value:
        values = [code(row) for code in codes]
        for index in strict:
            if values[index] is None:
                return None
        arguments = grouped(signature, values)
        return python(row, *arguments) if wants_row else python(*arguments)

    return run
