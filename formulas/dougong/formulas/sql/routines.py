"""Functions that the databases are taught, where SQL has no expression for the meaning of a function.

On SQLite a routine is the function's own Python meaning, registered with every connection. On PostgreSQL it is the
small immutable function whose text stands in its definition, made when a company is created (see `installation`).

A routine never raises: where the function fails it gives NULL, and `Routine.fails` says how the kind of failure is
known. Empty text is NULL on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, literal_column, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas.evaluation import Failure
from dougong.formulas.lengths import FIELD
from dougong.formulas.sql.types import TYPES
from dougong.formulas.sql.values import SQLITE_DIGITS, Sql, Unsupported, as_text, bounded, constant, text, where
from dougong.formulas.types import Type

Bounds = Callable[..., tuple[int, int]]
"""From the arguments to the most digits before the point and after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """The SQL meaning of one signature: a call of a routine, or what `native` makes of it where that can.

    `name` is the routine's name in the databases. `postgresql` is its CREATE FUNCTION there, or what makes it, and
    `needs` further ones that it calls; where it is empty, what `native` refuses is refused. A number has at most
    `digits` before and after the point; `bounds` finds them from the arguments instead.

    `fails` is the kind of failure where the routine gives NULL for arguments that are not blank, the one kind it
    has. True says that there are several: then a second routine, ``<name>_error`` with the same parameters, gives
    the kind as text or NULL; on SQLite it is there by itself, on PostgreSQL the text makes it. `error` is the
    condition of failure as an expression, where that is cheaper.
    """

    name: str
    result: Type
    postgresql: str | Callable[[], str]
    needs: tuple[str, ...] = ()
    digits: tuple[int, int] = (0, 0)
    bounds: Bounds | None = None
    fails: Failure | bool = False
    error: Callable[..., ColumnElement[str] | None] | None = None
    grows: int = 1
    """How many characters a text that it yields may have for each of those given to it."""
    longest: int = 0
    """How many it has at most, whatever is given to it; 0 where that is not limited."""
    native: Callable[..., Sql] | None = None
    python: Callable[..., Any] | None = field(default=None, compare=False)
    """The Python meaning, where it is not that of the signature."""
    circumstance: Callable[[Any], str] | None = field(default=None, compare=False)
    """What of the `Context` the result depends on: a text that the routine, `python` too, gets before its arguments."""

    def __call__(self, *arguments: Sql) -> Sql:
        """The call.

        Raises:
            Unsupported: the result may have more digits than any number here.
        """
        if self.circumstance is not None:
            context, *arguments = arguments  # type: ignore[assignment]
            known = constant(Type.TEXT, self.circumstance(context), arguments[0].limit)
            return self.call(known, *arguments)
        if self.native is not None:
            try:
                return self.native(*arguments)
            except Unsupported:
                if not self.postgresql:
                    raise
        return self.call(*arguments)

    def call(self, *arguments: Sql) -> Sql:
        """The call of the routine itself."""
        arguments = tuple(as_text(each) for each in arguments)
        value = Call(self.name, arguments)
        return self._typed(value, arguments).failing(self._error(value, arguments))

    def _typed(self, value: ColumnElement[Any], arguments: tuple[Sql, ...]) -> Sql:
        if self.result is Type.NUMBER:
            whole, scale = self.bounds(*arguments) if self.bounds else self.digits
            limit = max(each.limit for each in arguments)
            # Where there is one form of numbers alone, more digits are allowed than 64 bits hold.
            fits = limit > SQLITE_DIGITS and whole + scale <= limit
            return bounded(value, whole, scale, limit, exact=not (self.is_short or fits))
        if self.result is Type.TEXT:
            given = sum(each.longest for each in arguments if each.type is not Type.NUMBER)
            return text(value, longest=self.longest or max(self.grows * given, FIELD))
        return Sql(self.result, type_coerce(value, TYPES[self.result]))

    def _error(self, value: ColumnElement[Any], arguments: tuple[Sql, ...]) -> ColumnElement[str] | None:
        if self.error is not None:
            return self.error(*arguments)
        if self.fails is True:
            return type_coerce(Call(f"{self.name}_error", arguments), TYPES[Type.TEXT])
        if self.fails is False:
            return None
        return undefined(value, arguments, self.fails)

    @property
    def is_short(self) -> bool:
        """Whether a number from it fits 64 bits whatever the arguments: then it is a scaled integer on SQLite."""
        return self.bounds is None and sum(self.digits) <= SQLITE_DIGITS


def undefined(value: ColumnElement[Any], arguments: tuple[Sql, ...], failure: Failure) -> ColumnElement[str]:
    """The kind of failure where there is no value though no argument is blank."""
    given = (each.value.is_not(None) for each in arguments if each.nullable)
    return where(and_(*given, value.is_(None)), failure)


class Call(FunctionElement[Any]):
    """A call of a routine. On SQLite every number comes with its scale, because it may be a scaled integer."""

    name = "routine_call"
    inherit_cache = True

    def __init__(self, routine: str, arguments: tuple[Sql, ...]) -> None:
        clauses: list[ColumnElement[Any]] = [literal_column(routine)]
        for each in arguments:
            for part in each.parts or (each,):
                clauses += [part.value, literal_column(_scale(part))]
        super().__init__(*clauses)


def _scale(item: Sql) -> str:
    return str(item.scale) if item.type is Type.NUMBER else ""


class RoundedCall(FunctionElement[Any]):
    """A number of any length rounded half up: on SQLite by the routine that makes it, where one does."""

    name = "rounded_call"
    inherit_cache = True

    def __init__(self, item: Sql, places: int) -> None:
        super().__init__(item.value, literal_column(str(item.scale)), literal_column(str(places)))


@compiles(RoundedCall)
def _rounded(element: RoundedCall, compiler: Any, **options: Any) -> str:
    value, _, places = (compiler.process(each, **options) for each in element.clauses)
    return f"round({value}, {places})"


@compiles(RoundedCall, "sqlite")
def _rounded_by_routine(element: RoundedCall, compiler: Any, **options: Any) -> str:
    value, scale, places = element.clauses
    if not isinstance(value, Call):
        shown = (compiler.process(each, **options) for each in (value, scale, places))
        return f"dg_round({', '.join(shown)}, 0)"
    called = str(compiler.process(value, **options))
    name, _, arguments = called.partition("(")
    return f"{name}_rounded({arguments[:-1]}, {compiler.process(places, **options)})"


@compiles(Call)
def _call(element: Call, compiler: Any, **options: Any) -> str:
    name, *clauses = list(element.clauses)
    arguments = (compiler.process(each, **options) for each in clauses[::2])
    return f"{compiler.process(name)}({', '.join(arguments)})"


@compiles(Call, "sqlite")
def _call_with_scales(element: Call, compiler: Any, **options: Any) -> str:
    name, *clauses = list(element.clauses)
    arguments = (compiler.process(each, **options) for each in clauses)
    return f"{compiler.process(name)}({', '.join(each for each in arguments if each)})"
