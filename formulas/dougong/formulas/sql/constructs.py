"""The few expressions that the two databases spell differently."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Integer, Numeric, Text, bindparam, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from dougong.formulas.decimals import WIDE
from dougong.formulas.sql.sortable import encoded


class ExactLiteral(FunctionElement[Any]):
    """A number with `scale` digits after the point: a NUMERIC, or an integer of its last place."""

    name = "exact_literal"
    inherit_cache = True
    type = Numeric()

    def __init__(self, value: Decimal, scale: int) -> None:
        scaled = int(value.scaleb(scale, WIDE))
        super().__init__(
            bindparam(None, value, Numeric(), unique=True), bindparam(None, scaled, BigInteger(), unique=True)
        )


@compiles(ExactLiteral)
def _numeric_literal(element: ExactLiteral, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(_parts(element)[0], **options)} AS NUMERIC)"


@compiles(ExactLiteral, "sqlite")
def _integer_literal(element: ExactLiteral, compiler: Any, **options: Any) -> str:
    return str(compiler.process(_parts(element)[1], **options))


class SortableLiteral(FunctionElement[Any]):
    """A number of any length: a NUMERIC, or a text that sorts as the number does."""

    name = "sortable_literal"
    inherit_cache = True
    type = Numeric()

    def __init__(self, value: Decimal) -> None:
        super().__init__(
            bindparam(None, value, Numeric(), unique=True), bindparam(None, encoded(value), Text(), unique=True)
        )


@compiles(SortableLiteral)
def _long_numeric_literal(element: SortableLiteral, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(_parts(element)[0], **options)} AS NUMERIC)"


@compiles(SortableLiteral, "sqlite")
def _sortable_literal(element: SortableLiteral, compiler: Any, **options: Any) -> str:
    return str(compiler.process(_parts(element)[1], **options))


class Lengthened(FunctionElement[Any]):
    """A short number of `scale` in the form that numbers of any length have."""

    name = "lengthened"
    inherit_cache = True
    type = Numeric()

    def __init__(self, value: ColumnElement[Any], scale: int) -> None:
        super().__init__(value, literal_column(str(scale), Integer()))


@compiles(Lengthened)
def _as_it_is(element: Lengthened, compiler: Any, **options: Any) -> str:
    return str(compiler.process(_parts(element)[0].self_group(), **options))


@compiles(Lengthened, "sqlite")
def _encoded(element: Lengthened, compiler: Any, **options: Any) -> str:
    value, scale = (compiler.process(each, **options) for each in _parts(element))
    return f"dg_exact({value}, {scale})"


class Rescaled(FunctionElement[Any]):
    """A number with `more` further digits after the point."""

    name = "rescaled"
    inherit_cache = True
    type = Numeric()

    def __init__(self, value: ColumnElement[Any], more: int) -> None:
        super().__init__(value, literal_column(str(10**more), BigInteger()))


@compiles(Rescaled)
def _same(element: Rescaled, compiler: Any, **options: Any) -> str:
    return str(compiler.process(_parts(element)[0].self_group(), **options))


@compiles(Rescaled, "sqlite")
def _multiplied(element: Rescaled, compiler: Any, **options: Any) -> str:
    value, factor = (compiler.process(each, **options) for each in _parts(element))
    return f"(({value}) * {factor})"


class Rounded(FunctionElement[Any]):
    """A number cut from `scale` to `places` digits after the point; `mode` is one of `MODES`."""

    name = "rounded"
    inherit_cache = True
    type = Numeric()

    MODES = ("half_up", "down", "up", "ceiling", "floor")

    def __init__(self, value: ColumnElement[Any], scale: int, places: int, mode: str) -> None:
        super().__init__(
            value,
            literal_column(str(10 ** (scale - places)), BigInteger()),
            literal_column(str(places), Integer()),
            literal_column(f"'{mode}'", Text()),
        )


@compiles(Rounded)
def _numeric_rounded(element: Rounded, compiler: Any, **options: Any) -> str:
    value, _, places, mode = (compiler.process(each, **options) for each in _parts(element))
    shift = f"10::numeric ^ {places}" if places != "0" else "1"
    return {
        "'half_up'": f"round({value}, {places})",
        "'down'": f"trunc({value}, {places})",
        "'up'": f"(sign({value}) * ceil(abs({value}) * {shift}) / {shift})",
        "'ceiling'": f"(ceil({value} * {shift}) / {shift})",
        "'floor'": f"(floor({value} * {shift}) / {shift})",
    }[mode]


@compiles(Rounded, "sqlite")
def _integer_rounded(element: Rounded, compiler: Any, **options: Any) -> str:
    raw, unit, _, mode = (compiler.process(each, **options) for each in _parts(element))
    # Integer division of SQLite cuts toward zero.
    value = f"({raw})"
    up, half = f"({unit} - 1)", f"({unit} / 2)"
    away = f"CASE WHEN {value} < 0 THEN -{{0}} ELSE {{0}} END"
    return {
        "'half_up'": f"(({value} + {away.format(half)}) / {unit})",
        "'down'": f"({value} / {unit})",
        "'up'": f"(({value} + {away.format(up)}) / {unit})",
        "'ceiling'": f"(({value} + CASE WHEN {value} > 0 THEN {up} ELSE 0 END) / {unit})",
        "'floor'": f"(({value} - CASE WHEN {value} < 0 THEN {up} ELSE 0 END) / {unit})",
    }[mode]


class Extreme(FunctionElement[Any]):
    """The largest or smallest of several numbers of one form; NULL where one is."""

    name = "extreme"
    inherit_cache = True
    type = Numeric()

    def __init__(self, largest: bool, values: Sequence[ColumnElement[Any]]) -> None:
        super().__init__(literal_column("1" if largest else "0", Integer()), *values)


@compiles(Extreme)
def _greatest(element: Extreme, compiler: Any, **options: Any) -> str:
    largest, *values = (compiler.process(each, **options) for each in _parts(element))
    name = "greatest" if largest == "1" else "least"
    gone = " OR ".join(f"({each}) IS NULL" for each in values)
    return f"CASE WHEN NOT ({gone}) THEN {name}({', '.join(values)}) END"


_MOST_ARGUMENTS = 100
"""Of a function of SQLite, where it has been built so."""


@compiles(Extreme, "sqlite")
def _maximum(element: Extreme, compiler: Any, **options: Any) -> str:
    largest, *values = (compiler.process(each, **options) for each in _parts(element))
    name = "max" if largest == "1" else "min"
    while len(values) > _MOST_ARGUMENTS:
        values = [f"{name}({', '.join(values[:_MOST_ARGUMENTS])})", *values[_MOST_ARGUMENTS:]]
    return f"{name}({', '.join(values)})"


class CodePointOrder(FunctionElement[Any]):
    """A text that compares by code point, whatever the database's collation."""

    name = "code_point_order"
    inherit_cache = True
    type = Text()


@compiles(CodePointOrder)
def _collated(element: CodePointOrder, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(_parts(element)[0], **options)}) COLLATE "C"'


@compiles(CodePointOrder, "sqlite")
def _binary(element: CodePointOrder, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(_parts(element)[0], **options)}) COLLATE BINARY"


class Holds(FunctionElement[bool]):
    """True where the first text contains the second, capitals counted."""

    name = "holds"
    inherit_cache = True
    type = Boolean()


@compiles(Holds)
def _strpos(element: Holds, compiler: Any, **options: Any) -> str:
    text, part = (compiler.process(each, **options) for each in _parts(element))
    return f"(strpos({text}, {part}) > 0)"


@compiles(Holds, "sqlite")
def _instr(element: Holds, compiler: Any, **options: Any) -> str:
    text, part = (compiler.process(each, **options) for each in _parts(element))
    return f"(instr({text}, {part}) > 0)"


class Bracketed(FunctionElement[bool]):
    """A condition in brackets, which stay: SQLAlchemy leaves out those that mean nothing."""

    name = "bracketed"
    inherit_cache = True
    type = Boolean()


@compiles(Bracketed)
def _in_brackets(element: Bracketed, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(_parts(element)[0], **options)})"


class DayNumber(FunctionElement[Any]):
    """Whole days from 0001-01-01 to a date."""

    name = "day_number"
    inherit_cache = True
    type = Numeric()


@compiles(DayNumber)
def _date_difference(element: DayNumber, compiler: Any, **options: Any) -> str:
    return f"CAST(({compiler.process(_parts(element)[0], **options)}) - DATE '0001-01-01' AS NUMERIC)"


@compiles(DayNumber, "sqlite")
def _julian_difference(element: DayNumber, compiler: Any, **options: Any) -> str:
    return f"CAST(julianday({compiler.process(_parts(element)[0], **options)}) - 1721425.5 AS INTEGER)"


class DayOf(FunctionElement[Any]):
    """The date some whole days after 0001-01-01, NULL outside the years 1 to 9999."""

    name = "day_of"
    inherit_cache = True
    type = Date()


@compiles(DayOf)
def _date_from_number(element: DayOf, compiler: Any, **options: Any) -> str:
    days = compiler.process(_parts(element)[0], **options)
    return f"CASE WHEN {days} BETWEEN 0 AND 3652058 THEN DATE '0001-01-01' + CAST({days} AS INTEGER) END"


@compiles(DayOf, "sqlite")
def _julian_date(element: DayOf, compiler: Any, **options: Any) -> str:
    days = compiler.process(_parts(element)[0], **options)
    return f"CASE WHEN {days} BETWEEN 0 AND 3652058 THEN date({days} + 1721425.5) END"


class DatePart(FunctionElement[Any]):
    """Year, quarter, month, day, weekday (0 is Sunday) or day of the year of a date."""

    name = "date_part"
    inherit_cache = True
    type = Numeric()

    def __init__(self, day: ColumnElement[Any], part: str) -> None:
        super().__init__(day, literal_column(f"'{part}'", Text()))


@compiles(DatePart)
def _extract(element: DatePart, compiler: Any, **options: Any) -> str:
    day, part = (compiler.process(each, **options) for each in _parts(element))
    return f"CAST(EXTRACT({part.strip(chr(39))} FROM {day}) AS NUMERIC)"


_STRFTIME = {"'year'": "'%Y'", "'month'": "'%m'", "'day'": "'%d'", "'dow'": "'%w'", "'doy'": "'%j'"}


@compiles(DatePart, "sqlite")
def _strftime(element: DatePart, compiler: Any, **options: Any) -> str:
    day, part = (compiler.process(each, **options) for each in _parts(element))
    if part == "'quarter'":
        return f"((CAST(strftime('%m', {day}) AS INTEGER) + 2) / 3)"
    # A percent sign would be taken for a parameter by drivers that format.
    return f"CAST(strftime({_STRFTIME[part]}, {day}) AS INTEGER)"


def _parts(element: FunctionElement[Any]) -> list[ColumnElement[Any]]:
    return list(element.clauses)
