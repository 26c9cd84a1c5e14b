"""How databases learn the routines: registered with each connection of SQLite, created once on PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any, Protocol

from dougong.formulas.decimals import WIDE, whole
from dougong.formulas.definition import FUNCTIONS, Parameter, Signature
from dougong.formulas.evaluation import UNDEFINED, EvaluationError, Failure
from dougong.formulas.sql.moments import local_day
from dougong.formulas.sql.rounding import CLIP, CLIPPED
from dougong.formulas.sql.routines import Routine
from dougong.formulas.sql.sortable import decoded, encoded
from dougong.formulas.types import Geolocation, Type, Value


class LearningConnection(Protocol):
    """A connection of Python's own driver for SQLite, as far as it learns functions."""

    def create_function(
        self, name: str, narg: int, func: Callable[..., Any] | None, *, deterministic: bool = False
    ) -> None:
        """Know `func` by `name` in SQL."""
        ...


_Read = Callable[..., Value]
_Registered = tuple[str, int, Callable[..., Any]]


# -- PostgreSQL -------------------------------------------------------------------------------------------
@cache
def _definitions() -> str:
    """Each function once, whoever needs it."""
    texts = [CLIPPED]
    for routine, _ in _routines():
        made = routine.postgresql
        texts += [*routine.needs, made if isinstance(made, str) else made()]
    return "\n\n".join(dict.fromkeys(each.strip() for each in texts))


@cache
def version() -> str:
    """What `dg_formulas_version()` answers in a database that has the functions as they are now."""
    return hashlib.blake2b(_definitions().encode(), digest_size=8).hexdigest()


def postgresql() -> str:
    """The statements that create every function in the first schema of the search path, or replace an older form.

    To be executed within a transaction, as often as one likes.
    """
    return (
        "SET LOCAL check_function_bodies = off;\n"  # so that their order does not matter
        f"{_definitions()}\n\n"
        "CREATE OR REPLACE FUNCTION dg_formulas_version() RETURNS text LANGUAGE sql IMMUTABLE "
        f"AS $$ SELECT '{version()}' $$;\n"
    )


# -- SQLite -----------------------------------------------------------------------------------------------
def register(connection: LearningConnection) -> None:
    """Teach `connection` every routine."""
    for name, count, function in _functions():
        connection.create_function(name, count, function, deterministic=True)


@cache
def _functions() -> tuple[_Registered, ...]:
    found: list[_Registered] = [("dg_exact", 2, _exact), ("dg_clipped", 2, _clipped), ("dg_local_day", 2, local_day)]
    for routine, signature in _routines():
        found += _forms(routine, signature)
    return tuple(found)


def _exact(value: Any, scale: int) -> str | None:
    return None if value is None else encoded(_number(value, scale))


def _clipped(value: Any, scale: int) -> int | None:
    if value is None:
        return None
    return max(-CLIP, min(CLIP, whole(_number(value, scale))))


def _routines() -> Iterator[tuple[Routine, Signature]]:
    """Each routine once, with a signature that means it."""
    seen: set[str] = set()
    for name in sorted(FUNCTIONS):
        for signature in FUNCTIONS[name].signatures:
            routine = signature.sql
            if isinstance(routine, Routine) and routine.name not in seen:
                seen.add(routine.name)
                yield routine, signature


def _forms(routine: Routine, signature: Signature) -> Iterator[_Registered]:
    """The routine for each number of arguments that it may get, and its error twin."""
    required = sum(not each.optional for each in signature.leading)
    python = routine.python or signature.python
    for count in range(required, len(signature.leading) + 1):
        parameters = (*_circumstance(routine), *signature.leading[:count])
        readers = [_reader(each) for each in parameters]
        width = sum(each for each, _ in readers)
        takes_null = [each.takes_null for each in parameters]
        arguments = _arguments([each for _, each in readers], [each for each, _ in readers], takes_null)
        make = None if any(takes_null) else _quickest(readers)
        form = _value(arguments) if make is None else make
        yield routine.name, width, form(python, _writer(routine))
        if routine.result is Type.NUMBER and not routine.is_short:
            yield f"{routine.name}_rounded", width + 1, _rounded(form, python)
        if routine.fails is True:
            yield f"{routine.name}_error", width, _failure(python, arguments)


def _circumstance(routine: Routine) -> tuple[Parameter, ...]:
    """The parameter that a routine has before those of its signature."""
    return () if routine.circumstance is None else (Parameter("circumstance", frozenset({Type.TEXT}), frozenset()),)


_FAILURES = (*UNDEFINED, ValueError)
"""What a function raises; the last, for an argument that is not what it seems because computing it has failed."""
_Arguments = Callable[[tuple[Any, ...]], list[Value] | None]


def _arguments(readers: list[_Read], widths: list[int], takes_null: list[bool]) -> _Arguments:
    """From what SQLite gives to the arguments; None where a blank makes the result blank."""
    steps, start = [], 0
    for read, width, takes in zip(readers, widths, takes_null, strict=True):
        steps.append((read, slice(start, start + width), takes))
        start += width

    def arguments(raw: tuple[Any, ...]) -> list[Value] | None:
        values = []
        for read, places, takes in steps:
            given = raw[places]
            if given[0] is not None:
                values.append(read(*given))
            elif takes:
                values.append(None)
            else:
                return None
        return values

    return arguments


_Write = Callable[[Value], Any]
_Form = Callable[[Callable[..., Any], _Write], Callable[..., Any]]
"""From a meaning in Python, and how its values are written, to what SQLite calls."""


def _quickest(readers: list[tuple[int, _Read]]) -> _Form | None:
    """The quickest ways, for what is called most: functions of one number, of two, and of one text."""
    numbers = [_READ[Type.NUMBER]]
    return next(
        (
            form
            for known, form in ((numbers, _of_one), (2 * numbers, _of_two), ([_READ[Type.TEXT]], _of_text))
            if known == readers
        ),
        None,
    )


def _of_text(python: Callable[..., Any], write: _Write) -> Callable[..., Any]:
    def run(text: Any) -> Any:
        if text is None:
            return None
        try:
            found = python(text)
        except _FAILURES:
            return None
        return None if found is None else write(found)

    return run


def _of_one(python: Callable[..., Any], write: _Write) -> Callable[..., Any]:
    def run(value: Any, scale: int) -> Any:
        if value is None:
            return None
        try:
            return write(python(_number(value, scale)))
        except _FAILURES:
            return None

    return run


def _of_two(python: Callable[..., Any], write: _Write) -> Callable[..., Any]:
    def run(left: Any, left_scale: int, right: Any, right_scale: int) -> Any:
        if left is None or right is None:
            return None
        try:
            return write(python(_number(left, left_scale), _number(right, right_scale)))
        except _FAILURES:
            return None

    return run


def _value(arguments: _Arguments) -> _Form:
    """Any other way."""

    def form(python: Callable[..., Any], write: _Write) -> Callable[..., Any]:
        def run(*raw: Any) -> Any:
            values = arguments(raw)
            if values is None:
                return None
            try:
                found = python(*values)
            except _FAILURES:
                return None
            return None if found is None else write(found)

        return _remembering(run)

    return form


class _Rounded(dict[int, Callable[..., Any]]):
    """A function of numbers that rounds what it gives, by places."""

    def __init__(self, form: _Form, python: Callable[..., Any]) -> None:
        self._form, self._python = form, python

    def __missing__(self, places: int) -> Callable[..., Any]:
        unit = Decimal((0, (1,), -places))
        found = self[places] = self._form(
            self._python, lambda value: encoded(value.quantize(unit, ROUND_HALF_UP, WIDE))
        )
        return found


def _rounded(form: _Form, python: Callable[..., Any]) -> Callable[..., Any]:
    """The same with the places to round to behind its arguments: what is rounded is not written and read before."""
    by_places = _Rounded(form, python)
    return lambda *raw: by_places[raw[-1]](*raw[:-1])


def _remembering(run: Callable[..., Any]) -> Callable[..., Any]:
    """A value is often asked for more than once in a row: by the condition of its failure, and by itself."""
    return lru_cache(maxsize=64)(run)


def _failure(python: Callable[..., Any], arguments: _Arguments) -> Callable[..., Any]:
    def run(*raw: Any) -> Any:
        values = arguments(raw)
        if values is not None:
            try:
                python(*values)
            except EvaluationError as error:
                return str(error.kind)
            except ArithmeticError:
                return str(Failure.NOT_FINITE)
            except ValueError:
                return str(Failure.INTERNAL)
        return None

    return _remembering(run)


# -- values on SQLite -------------------------------------------------------------------------------------
class _Units(dict[int, Decimal]):
    """The last place of numbers of a scale."""

    def __missing__(self, scale: int) -> Decimal:
        found = self[scale] = Decimal((0, (1,), -scale))
        return found


_UNITS = _Units()


def _number(value: Any, scale: int) -> Decimal:
    # Multiplying is the quickest way to move the point, and exact: 64 bits are fewer digits than any context has.
    return Decimal(value) * _UNITS[scale] if type(value) is int else decoded(value)


def _place(latitude: Any, latitude_scale: int, longitude: Any, longitude_scale: int) -> Geolocation:
    return Geolocation(_number(latitude, latitude_scale), _number(longitude, longitude_scale))


def _same(value: Any) -> Any:
    return value


_READ: dict[Type, tuple[int, _Read]] = {
    Type.NUMBER: (2, _number),
    Type.GEOLOCATION: (4, _place),
    Type.TEXT: (1, _same),
    Type.ID: (1, _same),
    Type.PICKLIST: (1, _same),
    Type.MULTI_PICKLIST: (1, lambda text: frozenset(text.strip(";").split(";"))),
    Type.BOOLEAN: (1, bool),
    Type.DATE: (1, date.fromisoformat),
    Type.DATETIME: (1, datetime.fromisoformat),
    Type.TIME: (1, time.fromisoformat),
}
"""How many arguments of SQLite make one value of a type, and how."""


def _reader(parameter: Parameter) -> tuple[int, _Read]:
    found = {_READ[each] for each in parameter.types}
    if len(found) != 1:
        raise TypeError(f"a routine cannot tell what its parameter {parameter.name} is")
    return found.pop()


def _writer(routine: Routine) -> Callable[[Value], Any]:
    if routine.result is not Type.NUMBER:
        return _WRITE[routine.result]
    places = routine.digits[1]
    return (lambda value: int(value.scaleb(places))) if routine.is_short else encoded


_WRITE: dict[Type, Callable[[Value], Any]] = {
    Type.TEXT: lambda value: value or None,
    Type.BOOLEAN: int,
    Type.DATE: date.isoformat,
    Type.DATETIME: lambda value: value.astimezone(UTC).isoformat(" ", "microseconds"),
    Type.TIME: lambda value: value.isoformat("microseconds"),
}
