"""Evaluates formulas in a database, one row at a time: for suites that ask whether SQL means what Python means."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Numeric, Select, bindparam, cast, null, select
from sqlalchemy.types import TypeEngine

from dougong.formulas.evaluation import Context, EvaluationError, Failure
from dougong.formulas.formula import Formula
from dougong.formulas.sql.types import TYPES, LongNumber, ScaledInteger
from dougong.formulas.typed import Field, walk
from dougong.formulas.types import FieldInfo, Path, Type, Value

DIGITS: Mapping[str, int] = {"sqlite": 18, "postgresql": 39}
"""How many digits each database computes exactly with."""

_WHOLE, _SCALE = 12, 6
"""Digits of a number field that does not say how many it has."""
_LONG = LongNumber(100, 100)
"""The column for numbers that do not fit their field."""


class SqlEvaluation:
    """A back end for `conformance.run`: selects each formula from parameters that stand for columns.

    A number that fits its field comes as a column of that field would give it; one that does not, as a long number.
    """

    def __init__(self, connection: Connection) -> None:
        """Evaluate over `connection`, whose database has been taught the routines (see `installation`)."""
        self._connection, self._digits = connection, DIGITS[connection.dialect.name]
        self._statements: dict[tuple[int, frozenset[Path]], tuple[Formula, Select[Any]]] = {}

    def __call__(self, formula: Formula, values: Mapping[Path, Value], context: Context) -> Value:
        """The value of `formula` for a row.

        Raises:
            EvaluationError: it has none.
            FormulaError: it has no SQL.
        """
        infos = {each.path: each.info for each in walk(formula.node) if isinstance(each, Field)}
        stored = {path: info for path, info in infos.items() if path in formula.references}
        long = frozenset(path for path, info in stored.items() if not _fits(info, values.get(path)))
        key = (id(formula), long)
        if key not in self._statements:
            self._statements[key] = (formula, self._statement(formula, stored, long, context))
        given = {_name(path): _kept(info, values.get(path)) for path, info in stored.items()}
        found = self._connection.execute(self._statements[key][1], given).one()
        if found.error is not None:
            raise EvaluationError(Failure(found.error))
        return found.value

    def _statement(
        self, formula: Formula, infos: Mapping[Path, FieldInfo], long: frozenset[Path], context: Context
    ) -> Select[Any]:
        columns: dict[Path, ColumnElement[Any]] = {}
        for path, info in infos.items():
            kind = _LONG if path in long else _column(info)
            columns[path] = cast(bindparam(_name(path), type_=kind), kind)
        value = formula.sql(columns, context, digits=self._digits)
        error = formula.sql_error(columns, context, digits=self._digits)
        return select(value.label("value"), (null() if error is None else error).label("error"))


def _name(path: Path) -> str:
    return "field_" + "_".join(path)


def _digits(info: FieldInfo) -> tuple[int, int]:
    """Digits before and after the point."""
    if info.precision is None or info.scale is None:
        return _WHOLE, _SCALE
    return max(info.precision - info.scale, 0), info.scale


def _fits(info: FieldInfo, value: Value) -> bool:
    if info.type is not Type.NUMBER:
        return True
    whole, scale = _digits(info)
    if whole + scale > DIGITS["sqlite"]:
        return False
    if not value:
        return True
    number = Decimal(value).normalize()
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= scale and number.adjusted() < whole


def _column(info: FieldInfo) -> TypeEngine[Any]:
    if info.type is not Type.NUMBER:
        return TYPES[info.type]
    whole, scale = _digits(info)
    return Numeric(whole + scale, scale).with_variant(ScaledInteger(scale), "sqlite")


def _kept(info: FieldInfo, value: Value) -> Value:
    """What the column holds: several selected values stand between semicolons."""
    if info.type is Type.MULTI_PICKLIST:
        return f";{';'.join(value)};" if value else None
    return value or None if info.type in (Type.TEXT, Type.PICKLIST, Type.ID) else value
