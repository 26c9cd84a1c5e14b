"""What an author of a formula may write at an object: its fields and those of its parents, variables, functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dougong.base.language import label
from dougong.engine.formula_scope import ReadableScope, scope_of
from dougong.formulas import FUNCTIONS, EvaluationError, Function
from dougong.formulas.evaluation import Failure
from dougong.metadata.model import Object
from dougong.web.formula_check import path_label, shown
from dougong.web.visit import Visit

EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Name:
    """A field or variable: how it is written, what it is called, its type."""

    path: str
    label: str
    type: str


@dataclass(frozen=True, slots=True)
class Known:
    """A function: how it is called, what it means, examples with their values."""

    name: str
    forms: tuple[str, ...]
    help: str
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Names:
    """All that may be written."""

    fields: tuple[Name, ...]
    functions: tuple[Known, ...]


def names(visit: Visit, obj: Object) -> Names:
    """What may be written in a formula over `obj`, in the reader's language."""
    functions = sorted((each for each in FUNCTIONS.values() if not each.is_operator), key=lambda each: each.name)
    return Names(tuple(_fields(visit, obj)), tuple(_known(visit, each) for each in functions))


def _fields(visit: Visit, obj: Object) -> Iterator[Name]:
    scope = scope_of(visit.unit, obj.name)
    for name in (*sorted(scope.names(), key=lambda each: ("." in each, each)), *_variables(scope)):
        path = tuple(name.split("."))
        info = scope.resolve(path)
        if info is not None:
            yield Name(name, _label(visit, obj, path) or name, info.type.label.to(visit.language))


def _variables(scope: ReadableScope) -> Iterator[str]:
    yield from (f"$User.{name}" for name in scope.index.fields.get("user", {}))
    yield from (f"$Setup.{name}" for name in scope.index.named("setting"))
    yield from (f"$Label.{name}" for name in scope.index.named("label"))


def _label(visit: Visit, obj: Object, path: tuple[str, ...]) -> str:
    if path[0] == "$Label":
        return label(visit.model.labels.get(".".join(path[1:])), visit.language)
    return path_label(visit, obj, path)


def _known(visit: Visit, function: Function) -> Known:
    forms = tuple(dict.fromkeys(f"{function.name}({each})" for each in function.signatures))
    examples = tuple((text, _example(visit, value)) for text, value in function.examples[:EXAMPLES])
    return Known(function.name, forms, function.help.to(visit.language), examples)


def _example(visit: Visit, value: object) -> str:
    if isinstance(value, Failure | EvaluationError):
        return "#Error!"
    return f'"{value}"' if isinstance(value, str) else shown(visit, value)
