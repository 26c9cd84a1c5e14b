"""Typed formulas drawn from the definitions of functions: whatever is registered with a meaning in SQL gets called.

Parameters say which types fit, so calls nest as the checker allows. Texts that mean something to a function, such as
units, patterns, paths and values of picklists, are taken from its examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dougong.formulas import Type
from dougong.formulas.definition import FUNCTIONS, Function, Parameter, Signature
from dougong.formulas.formatting import formatted
from dougong.formulas.matching import GROUPS, allowed_types
from dougong.formulas.parser import parse
from dougong.formulas.tree import Call, Literal, Node
from dougong.formulas.types import Marker

Choose = Callable[[Sequence[Any]], Any]
"""Takes one of several."""

_MOST_REPEATED = 3


@dataclass(frozen=True, slots=True)
class Form:
    """One signature of a function, which yields `result`; the parameters marked as its group share that type."""

    function: Function
    signature: Signature
    result: Type


@cache
def forms() -> Mapping[Type, Sequence[Form]]:
    """The ways to compute each type in SQL."""
    found: dict[Type, list[Form]] = {each: [] for each in Type}
    for name in sorted(FUNCTIONS):
        function = FUNCTIONS[name]
        for signature in filter(lambda each: _is_translated(function, each), function.signatures):
            for type in _results(signature):
                found[type].append(Form(function, signature, type))
    return found


def _is_translated(function: Function, signature: Signature) -> bool:
    """What has no parameter is computed beforehand."""
    is_fixed = not (signature.leading or signature.repeated or function.save_only)
    return is_fixed or signature.sql is not None


def _results(signature: Signature) -> Iterator[Type]:
    if isinstance(signature.result, Type):
        yield signature.result
        return
    sharing = next(each for each in signature.parameters if signature.result in each.markers)
    yield from sorted(allowed_types(sharing) - {Type.NULL, Type.UNKNOWN})


class Writer:
    """Writes formulas over `leaves`: fields and literals by type. `texts` are more texts by function and parameter."""

    def __init__(
        self, choose: Choose, leaves: Mapping[Type, Sequence[str]], texts: Mapping[tuple[str, str], Sequence[str]]
    ) -> None:
        self._choose, self._leaves, self._texts = choose, leaves, texts

    def written(self, type: Type, levels: int) -> str:
        """A formula of `type` that calls something, at most so many levels deep."""
        ways = [each for each in forms()[type] if self._is_possible(each)]
        if levels == 0 or not ways:
            return str(self._choose(self._leaves[type]))
        return self._call(self._choose(ways), levels - 1)

    def _part(self, type: Type, levels: int) -> str:
        """An argument: a leaf as often as a call."""
        return self.written(type, 0 if self._choose((False, True)) else levels)

    def _is_possible(self, form: Form) -> bool:
        return all(each.optional or self._fitting(each) for each in form.signature.parameters)

    def _fitting(self, parameter: Parameter) -> list[Type]:
        return sorted(allowed_types(parameter) & self._leaves.keys())

    def _call(self, form: Form, levels: int) -> str:
        name, parameters = form.function.name, self._parameters(form.signature)
        types = self._types(form, parameters)
        # A check of the arguments asks for literal texts beside a picklist.
        is_literal = form.signature.check is not None and types[0] is Type.PICKLIST
        given = [
            self._argument(name, parameter, type, is_literal, levels)
            for parameter, type in zip(parameters, types, strict=True)
        ]
        if name[0].isalpha():
            return f"{name}({', '.join(given)})"
        return f"({name}{given[0]})" if len(given) == 1 else f"({given[0]} {name} {given[1]})"

    def _parameters(self, signature: Signature) -> list[Parameter]:
        """Those of one call: some of the optional ones, the repeated ones so often."""
        optional = sum(each.optional for each in signature.leading)
        leading = signature.leading[: len(signature.leading) - self._choose(range(optional + 1))]
        times = self._choose(range(1, _MOST_REPEATED + 1)) if signature.repeated else 0
        return [*leading, *signature.repeated * times, *signature.trailing]

    def _types(self, form: Form, parameters: Sequence[Parameter]) -> list[Type]:
        """The type of each argument; those that must share one do."""
        shared = {form.signature.result: form.result}
        found = []
        for each in parameters:
            group = next((marker for marker in GROUPS if marker in each.markers), None)
            type = self._choose(self._fitting(each)) if group not in shared else shared[group]
            if group is not None:
                shared.setdefault(group, type)
            found.append(type)
        return found

    def _argument(self, name: str, parameter: Parameter, type: Type, is_literal: bool, levels: int) -> str:
        if type is Type.TEXT:
            known = (*example_texts(name, parameter.name), *self._texts.get((name, parameter.name), ()))
            is_value = Marker.CHOSEN not in parameter.markers
            must = Marker.LITERAL in parameter.markers or (is_literal and is_value)
            if known and (must or self._choose((True, False))):
                return str(self._choose(known))
        if Marker.NOT_NULL not in parameter.markers and self._choose(range(20)) == 7:
            return "NULL"
        return self._part(type, levels)


@cache
def example_texts(name: str, parameter: str) -> Sequence[str]:
    """The literal texts that the examples of a function give for a parameter."""
    function = FUNCTIONS[name]
    found: dict[str, None] = {}
    for text, _ in function.examples:
        for call in filter(lambda each: each.name == name, _calls(parse(text))):
            for signature in function.signatures:
                for each, given in zip(signature.expand(len(call.arguments)) or (), call.arguments, strict=False):
                    if each.name == parameter and isinstance(given, Literal) and isinstance(given.value, str):
                        found[formatted(given)] = None
    return tuple(found)


def parts(root: Node) -> Iterator[Node]:
    """The formula and every part of it."""
    yield root
    if isinstance(root, Call):
        for each in root.arguments:
            yield from parts(each)


def _calls(root: Node) -> Iterator[Call]:
    if isinstance(root, Call):
        yield root
        for each in root.arguments:
            yield from _calls(each)
