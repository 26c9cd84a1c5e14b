"""Functions and operators: one definition each, which everything else reads.

A definition is a decorated Python function. Its annotations are the signature, its docstring is the manual
entry, its examples are its tests, `sql` is its meaning in SQL.

- A parameter is blank-proof: where a blank argument arrives, the result is blank and the body is not run.
  Annotating it ``X | None`` says that the body wants to see blanks.
- ``*values: X`` takes one or more. Parameters annotated ``tuple[X, ...]`` repeat together (CASE, IFS) and
  arrive as tuples of equal length.
- ``X | Y`` accepts either type. The same name decorated again is a further signature of the same function.
- `lazy=True`: the body runs once, when the formula is compiled; it receives `Code` and returns `Code`.
- A first parameter annotated `Row` receives the row (clock, user, stored values); the SQL meaning, the `Context`.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from dougong.base.language import Message
from dougong.base.registry import Registry
from dougong.formulas.evaluation import Row
from dougong.formulas.types import Marker, Type

Example = tuple[str, Any]
"""A formula and its value; a `Failure` where it has none."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: the types that fit (none listed: any) and what else must hold."""

    name: str
    types: frozenset[Type]
    markers: frozenset[Marker]
    takes_null: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function. The order is `leading`, then `repeated` one or more times, then `trailing`."""

    leading: tuple[Parameter, ...]
    repeated: tuple[Parameter, ...]
    trailing: tuple[Parameter, ...]
    result: Type | Marker
    python: Callable[..., Any]
    sql: Callable[..., Any] | None
    lazy: bool
    wants_row: bool
    is_grouped: bool
    """True where repeated parameters arrive as tuples, false where as ``*values``."""
    check: Callable[..., Any] | None
    """A further check of the typed arguments: yields a `Finding` per mistake."""
    per_character: int
    """What a character that it is given or makes counts for, where one that is copied counts for 1."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every parameter once, in order."""
        return self.leading + self.repeated + self.trailing

    def expand(self, count: int) -> tuple[Parameter, ...] | None:
        """The parameter for each of `count` arguments; None where the count does not fit."""
        if not self.repeated:
            required = sum(not each.optional for each in self.leading)
            return self.leading[:count] if required <= count <= len(self.leading) else None
        rest = count - len(self.leading) - len(self.trailing)
        times, over = divmod(rest, len(self.repeated))
        if rest < 1 or over:
            return None
        return self.leading + self.repeated * times + self.trailing

    def __str__(self) -> str:
        parts = [f"[{each.name}]" if each.optional else each.name for each in self.leading]
        if self.repeated:
            parts += [each.name for each in self.repeated] + ["…"] + [each.name for each in self.trailing]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Function:
    """A function or operator. `save_only` ones mean something only while a record is saved."""

    name: str
    group: str
    help: Message
    signatures: tuple[Signature, ...]
    examples: tuple[Example, ...]
    uses_clock: bool
    uses_user: bool
    save_only: bool
    why_no_sql: Message | None
    uses_calendar: bool = False

    @property
    def is_operator(self) -> bool:
        """True for signs such as ``+`` and for NOT, which is written before its operand."""
        return not self.name[0].isalpha()


class FunctionRegistry(Registry[Function]):
    """Functions by name; one may be registered in several steps, a signature each."""

    def extend(self, name: str, more: Function) -> None:
        """Add the signatures and examples of `more` to the function registered under `name`."""
        known = self[name]
        self._entries[name] = replace(
            known,
            signatures=known.signatures + more.signatures,
            examples=known.examples + more.examples,
            uses_clock=known.uses_clock or more.uses_clock,
            uses_user=known.uses_user or more.uses_user,
            uses_calendar=known.uses_calendar or more.uses_calendar,
            why_no_sql=known.why_no_sql or more.why_no_sql,
        )


FUNCTIONS = FunctionRegistry("formula function")
"""Every function and operator by upper-case name; filled by `dougong.formulas.functions` and by plugins."""


def function(
    name: str,
    *,
    examples: tuple[Example, ...],
    sql: Callable[..., Any] | None = None,
    why_no_sql: Message | None = None,
    lazy: bool = False,
    uses_clock: bool = False,
    uses_user: bool = False,
    save_only: bool = False,
    uses_calendar: bool = False,
    check: Callable[..., Any] | None = None,
    per_character: int = 1,
) -> Callable[[F], F]:
    """Register the decorated function under `name`, or add a signature to what is registered there.

    Raises:
        TypeError: no docstring or no example on the first signature, or an annotation that names no type.
    """

    def register(python: F) -> F:
        manual = Message(" ".join((inspect.getdoc(python) or "").split()))
        group = python.__module__.rpartition(".")[2]
        signatures = (replace(_signature(python, sql, lazy, check), per_character=per_character),)
        made = Function(
            name,
            group,
            manual,
            signatures,
            examples,
            uses_clock,
            uses_user,
            save_only,
            why_no_sql,
            uses_calendar,
        )
        if name in FUNCTIONS:
            FUNCTIONS.extend(name, made)
            return python
        if not manual.text or not examples:
            raise TypeError(f"formula function {name} needs a docstring and an example")
        FUNCTIONS.add(made)
        return python

    return register


def _signature(
    python: Callable[..., Any], sql: Callable[..., Any] | None, lazy: bool, check: Callable[..., Any] | None
) -> Signature:
    hints = typing.get_type_hints(python, include_extras=True)
    result_types, result_markers, _ = _parts(hints.pop("return"))
    leading: list[Parameter] = []
    repeated: list[Parameter] = []
    trailing: list[Parameter] = []
    wants_row = grouped = False
    for parameter in inspect.signature(python).parameters.values():
        annotation = hints[parameter.name]
        if annotation is Row:
            wants_row = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            repeated.append(_parameter(parameter.name, annotation))
        elif get_origin(annotation) is tuple:
            grouped = True
            repeated.append(_parameter(parameter.name, get_args(annotation)[0]))
        else:
            optional = parameter.default is not parameter.empty
            (trailing if repeated else leading).append(_parameter(parameter.name, annotation, optional))
    notes: list[Type | Marker] = [*result_markers, *result_types]
    result = notes[0]
    return Signature(
        tuple(leading), tuple(repeated), tuple(trailing), result, python, sql, lazy, wants_row, grouped, check, 1
    )


def _parameter(name: str, annotation: Any, optional: bool = False) -> Parameter:
    found, markers, takes_null = _parts(annotation)
    if not found and not markers:
        raise TypeError(f"parameter {name}: {annotation!r} names no type of the formula language")
    return Parameter(name, found, markers, takes_null, optional)


def _parts(annotation: Any) -> tuple[frozenset[Type], frozenset[Marker], bool]:
    """The types and markers that an annotation names, and whether it admits None."""
    found: set[Type] = set()
    markers: set[Marker] = set()
    takes_null = False
    alternatives = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    for each in alternatives:
        if each is type(None):
            takes_null = True
        elif get_origin(each) is Annotated:
            notes = get_args(each)[1:]
            found.update(note for note in notes if isinstance(note, Type))
            markers.update(note for note in notes if isinstance(note, Marker))
    return frozenset(found), frozenset(markers), takes_null
