"""Typed tree to SQL expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Integer, and_, cast, false, func, literal_column, or_, type_coerce

from dougong.base.errors import FormulaError, Problem
from dougong.base.language import msg
from dougong.formulas import lengths
from dougong.formulas.decimals import RESULT_SCALE
from dougong.formulas.definition import Parameter
from dougong.formulas.evaluation import Context, EvaluationError, Failure, row
from dougong.formulas.problems import problem
from dougong.formulas.python_backend import compiled, grouped
from dougong.formulas.sql.choices import choose
from dougong.formulas.sql.logic import joined, or_substitute
from dougong.formulas.sql.numbers import multiply
from dougong.formulas.sql.rounding import round_half_up
from dougong.formulas.sql.steps import Steps
from dougong.formulas.sql.types import LongNumber, WholeNumber
from dougong.formulas.sql.values import (
    SQLITE_DIGITS,
    Sql,
    Unsupported,
    blank,
    boolean,
    bounded,
    constant,
    kind,
    number,
    of_integer,
    result,
    truth,
    where,
)
from dougong.formulas.typed import Apply, Field, Inlined, TypedNode, children, walk
from dougong.formulas.types import Path, Type

if TYPE_CHECKING:
    from dougong.formulas.formula import Formula


@dataclass(frozen=True, slots=True)
class Fallible:
    """A column of values that a formula gave, and whether it failed: then a formula that reads the value fails too."""

    value: ColumnElement[Any]
    failed: ColumnElement[bool]


SqlColumns = Mapping[Path, ColumnElement[Any] | Fallible]
"""The column for each of `Formula.references`, joined by the caller.

Blank is NULL; text columns never hold "". Numbers are NUMERIC, on SQLite integers of their last place, and the
column's type says how many (`precision`, `scale`; integer types have no places); or their type is
`types.LongNumber`. On SQLite dates are ISO text, moments ``2026-11-22 02:15:49.123456+00:00`` in UTC and times
``02:15:49.123456``. A multi-select picklist is a text with every value between semicolons: ``;red;blue;``.
"""

_JOINS: Mapping[str, Callable[..., ColumnElement[bool]]] = {"AND": and_, "&&": and_, "OR": or_, "||": or_}
_FIX = msg("Leave it out of conditions that the database must decide.")


def translated(formula: Formula, columns: SqlColumns, context: Context, digits: int) -> Sql:
    """The whole formula.

    Raises:
        FormulaError: parts have no SQL; each is named.
    """
    translator = _Translator(formula, columns, context, digits)
    found = translator.translate(formula.node)
    if not translator.problems:
        found = translator.steps.finished(translator.finished(formula, found))
    if translator.problems:
        raise FormulaError(translator.problems)
    return found


def condition(formula: Formula, columns: SqlColumns, context: Context, digits: int) -> ColumnElement[bool]:
    """True exactly where the formula is true: blank and error rows are left out. In a form that indexes serve.

    Raises:
        FormulaError: parts have no SQL; each is named.
    """
    translator = _Translator(formula, columns, context, digits)
    found = translator.condition(formula.node)
    if translator.problems:
        raise FormulaError(translator.problems)
    return found


def _fixed_nodes(root: TypedNode) -> set[int]:
    """The nodes, by identity, whose value is the same for every row."""
    found: set[int] = set()
    for node in reversed(list(walk(root))):
        varies = (isinstance(node, Field) and not node.is_variable) or (
            isinstance(node, Apply) and node.function.save_only
        )
        if not varies and all(id(each) in found for each in children(node)):
            found.add(id(node))
    return found


def _operands(node: TypedNode) -> list[TypedNode]:
    """What AND or OR joins; where operators do, those of the whole chain."""
    found: list[TypedNode] = []
    first = node
    while isinstance(first, Apply) and isinstance(node, Apply) and first.function is node.function:
        left, *rest = first.arguments
        found += reversed(rest)
        first = left
        if not node.function.is_operator:
            break
    return [first, *reversed(found)]


def _given(columns: SqlColumns) -> Iterator[ColumnElement[Any]]:
    for each in columns.values():
        yield from (each.value, each.failed) if isinstance(each, Fallible) else (each,)


class _Translator:
    def __init__(self, formula: Formula, columns: SqlColumns, context: Context, digits: int) -> None:
        self._source, self._columns, self._context, self._digits = formula.source, columns, context, digits
        self._fixed_nodes = _fixed_nodes(formula.node)
        self._done: dict[int, Sql] = {}
        self.steps = Steps(_given(columns))
        self.problems: list[Problem] = []

    def translate(self, root: TypedNode) -> Sql:
        """Works without recursion: a long chain of operators is a deep tree."""
        waiting = [root]
        while waiting:
            node = waiting[-1]
            below = (
                [] if id(node) in self._fixed_nodes else [each for each in children(node) if id(each) not in self._done]
            )
            if below:
                waiting += below
            else:
                waiting.pop()
                if id(node) not in self._done:
                    self._done[id(node)] = self._short(node)
        return self._done[id(root)]

    def _short(self, node: TypedNode) -> Sql:
        try:
            return self.steps.kept(self._translated(node))
        except Unsupported as refusal:
            return self._refuse(node, node.function.name if isinstance(node, Apply) else str(node.type), refusal)

    def _translated(self, node: TypedNode) -> Sql:
        if id(node) in self._fixed_nodes:
            return self._fixed(node)
        if isinstance(node, Field):
            return self._field(node)
        if isinstance(node, Inlined):
            return self._inlined(node)
        assert isinstance(node, Apply)
        return self._call(node)

    def condition(self, node: TypedNode) -> ColumnElement[bool]:
        """AND and OR stay AND and OR, so that the database sees the comparisons."""
        joins = _JOINS.get(node.function.name) if isinstance(node, Apply) else None
        if joins is not None and id(node) not in self._fixed_nodes:
            operands = _operands(node)
            parts = [self.translate(each) for each in operands]
            if not self.problems and all(each.error is None for each in parts):
                return joined(joins, (self.condition(each) for each in operands))
        if isinstance(node, Inlined):
            return self.condition(node.inner)
        if self.problems:
            return false()
        found = self.translate(node)
        return truth(found) if found.is_constant else self.steps.behind(result(found))

    def finished(self, formula: Formula, found: Sql) -> Sql:
        """A number as `Formula.evaluate` gives it: in percent points where asked, rounded to the scale."""
        if found.type is Type.GEOLOCATION:
            return self._refuse(formula.node, str(found.type), Unsupported(msg("A column holds one value.")))
        if found.type is not Type.NUMBER:
            return found
        try:
            places = RESULT_SCALE if formula.scale is None else formula.scale
            if formula.result_type == "percent":
                points = multiply(found, constant(Type.NUMBER, Decimal(100), self._digits))
                found = points.after(found.error)
            if found.scale > places:
                rounded = round_half_up(found, constant(Type.NUMBER, Decimal(places), self._digits))
                found = rounded.after(found.error)
            return found
        except Unsupported as refusal:
            return self._refuse(formula.node, formula.result_type, refusal)

    def _fixed(self, node: TypedNode) -> Sql:
        """What does not depend on the row is computed in Python and bound."""
        try:
            value = compiled(node)(row({}, self._context))
        except EvaluationError as error:
            return blank(node.type, self._digits).failing(kind(error.kind))
        except ArithmeticError:
            return blank(node.type, self._digits).failing(kind(Failure.NOT_FINITE))
        try:
            return constant(node.type, value, self._digits)
        except Unsupported as refusal:
            return self._refuse(node, str(node.type), refusal)

    def _field(self, node: Field) -> Sql:
        column = self._columns[node.path]
        if isinstance(column, Fallible):
            return self._column(node, column.value).failing(where(column.failed, Failure.INTERNAL))
        return self._column(node, column)

    def _column(self, node: Field, column: ColumnElement[Any]) -> Sql:
        if node.type is Type.BOOLEAN:
            return boolean(func.coalesce(column, false()), False)
        try:
            if node.type is Type.GEOLOCATION:
                raise Unsupported(msg("A column holds one value."))
            if node.type is not Type.NUMBER:
                return Sql(node.type, column, limit=self._digits)
            return self._number(node, column)
        except Unsupported as refusal:
            return self._refuse(node, ".".join(node.path), refusal)

    def _number(self, node: Field, column: ColumnElement[Any]) -> Sql:
        found = self._stored(column)
        if node.blanks == "zero":
            zero = constant(Type.NUMBER, Decimal(0), self._digits)
            found = replace(or_substitute(found, zero), nullable=False)
        if node.info.percent:
            found = multiply(found, constant(Type.NUMBER, Decimal("0.01"), self._digits))
        return found

    def _stored(self, column: ColumnElement[Any]) -> Sql:
        if isinstance(column.type, LongNumber):
            return bounded(column, column.type.whole, column.type.scale, self._digits, exact=True)
        if isinstance(column.type, WholeNumber):
            return of_integer(type_coerce(column, BigInteger()), self._digits, column.type.most)
        is_integer = isinstance(column.type, Integer)
        scale = 0 if is_integer else getattr(column.type, "scale", None)
        if scale is None:
            raise Unsupported(msg("Its column does not say how many decimal places it keeps."))
        precision = getattr(column.type, "precision", None) or SQLITE_DIGITS
        if is_integer and self._digits > SQLITE_DIGITS:
            wide = column if isinstance(column.type, BigInteger) else cast(column, BigInteger())
            return of_integer(wide, self._digits, 10**precision - 1)
        return number(column, max(precision - scale, 1), scale, self._digits, 10**precision - 1)

    def _inlined(self, node: Inlined) -> Sql:
        inner = self.translate(node.inner)
        if node.blank is None or self.problems:
            return inner
        whole = constant(node.type, node.blank, self._digits)
        chosen = choose([(inner.value.is_not(None), replace(inner, error=None))], whole)
        return replace(chosen, nullable=False).after(inner.error)

    def _call(self, node: Apply) -> Sql:
        signature, arguments = node.signature, [self.translate(each) for each in node.arguments]
        if signature.sql is None:
            return self._refuse(node, node.function.name, Unsupported(node.function.why_no_sql))
        if self.problems:
            return blank(node.type, self._digits)
        errors = [] if signature.lazy else [each.error for each in arguments]
        parameters = signature.expand(len(arguments)) or ()
        if not signature.lazy and any(
            each.is_constant and each.constant is None and not parameter.takes_null
            for each, parameter in zip(arguments, parameters, strict=True)
        ):
            return blank(node.type, self._digits).failing(*errors)
        arguments = [_fitted(each, parameter) for each, parameter in zip(arguments, parameters, strict=True)]
        try:
            known = [self._context] if signature.wants_row else []
            found: Sql = signature.sql(*known, *grouped(signature, arguments))
        except Unsupported as refusal:
            return self._refuse(node, node.function.name, refusal)
        return _limited(found).after(*errors)

    def _refuse(self, node: TypedNode, name: str, refusal: Unsupported) -> Sql:
        reason = msg("{name} is not yet supported in SQL.", name=name)
        if refusal.why:
            reason = msg("{name} is not yet supported in SQL here. {why}", name=name, why=refusal.why)
        self.problems.append(problem(self._source, node.span, "formula-no-sql", reason, _FIX))
        return blank(node.type, self._digits)


def _limited(item: Sql) -> Sql:
    """A text that may be longer than any may become fails where it is."""
    if item.type is not Type.TEXT or item.longest <= lengths.MOST:
        return item
    is_long = func.length(item.value) > literal_column(str(lengths.MOST))
    return replace(item, longest=lengths.MOST).failing(where(is_long, Failure.OUT_OF_RANGE))


def _fitted(item: Sql, parameter: Parameter) -> Sql:
    """The literal NULL as a blank of the type that its parameter has."""
    if item.type is not Type.NULL or len(parameter.types) != 1:
        return item
    return replace(item, type=next(iter(parameter.types)))
