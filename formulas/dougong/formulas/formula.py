"""A compiled formula, and how text becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dougong.base.errors import Problem
from dougong.base.language import Message, msg
from dougong.formulas.checker import MAX_NODES, Checker, conversion, paths
from dougong.formulas.decimals import EXACT, RESULT_SCALE, quantized
from dougong.formulas.evaluation import Code, Context, EvaluationError, Failure, Values, row
from dougong.formulas.explanation import Step, explained
from dougong.formulas.formatting import formatted
from dougong.formulas.parser import parse
from dougong.formulas.python_backend import compiled
from dougong.formulas.sql.backend import condition, translated
from dougong.formulas.sql.values import result
from dougong.formulas.tree import Node, Span
from dougong.formulas.typed import Apply, Field, TypedNode, children, walk
from dougong.formulas.types import Blanks, Path, Scope, Type, Value

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from dougong.formulas.sql.backend import SqlColumns

SAVE_ONLY = msg("Means something only while a record is saved.")

_HUNDRED = Decimal(100)
_NO_CONTEXT = Context()

RESULT_TYPES: Mapping[str, frozenset[Type]] = {
    "text": frozenset({Type.TEXT, Type.ID, Type.PICKLIST}),
    "number": frozenset({Type.NUMBER}),
    "currency": frozenset({Type.NUMBER}),
    "percent": frozenset({Type.NUMBER}),
    "boolean": frozenset({Type.BOOLEAN}),
    "date": frozenset({Type.DATE}),
    "datetime": frozenset({Type.DATETIME}),
    "time": frozenset({Type.TIME}),
    "picklist": frozenset({Type.PICKLIST, Type.TEXT}),
    "multi_picklist": frozenset({Type.MULTI_PICKLIST, Type.TEXT}),
    "id": frozenset({Type.ID, Type.TEXT}),
}
"""What `compile` may be asked for, and the types of the language that satisfy each."""


@dataclass(frozen=True)
class Formula:
    """A formula that has been checked: evaluate it for a row, or translate it to SQL.

    `source` is the text as written. `result_type` is what was asked for, or the formula's own type.
    """

    source: str
    result_type: str
    scale: int | None
    blanks: Blanks
    tree: Node
    node: TypedNode
    warnings: tuple[Problem, ...] = ()
    """What is probably not meant: a value that a picklist does not have."""

    @property
    def type(self) -> Type:
        """The type of the language that the formula yields."""
        return self.node.type

    @cached_property
    def text(self) -> str:
        """The formula in canonical formatting, comments left out."""
        return formatted(self.tree)

    @cached_property
    def references(self) -> tuple[Path, ...]:
        """The stored fields that the formula reads, formula fields followed: ``(("account", "region"),)``."""
        return paths(self.node)

    @cached_property
    def variables(self) -> tuple[Path, ...]:
        """The ``$`` variables that the formula reads."""
        found = {each.path: None for each in walk(self.node) if isinstance(each, Field) and each.is_variable}
        return tuple(found)

    @cached_property
    def functions(self) -> frozenset[str]:
        """The names of the functions and operators used, formula fields followed."""
        return frozenset(each.function.name for each in walk(self.node) if isinstance(each, Apply))

    @cached_property
    def uses_clock(self) -> bool:
        """True where the value depends on the current moment: `Context.now` is needed and it cannot be stored."""
        return any(each.function.uses_clock for each in walk(self.node) if isinstance(each, Apply))

    @cached_property
    def uses_user(self) -> bool:
        """True where the value depends on who reads: a ``$`` variable, or the reader's time zone."""
        return bool(self.variables) or any(
            each.function.uses_user for each in walk(self.node) if isinstance(each, Apply)
        )

    @cached_property
    def uses_calendar(self) -> bool:
        """True where the value depends on the company's calendar, which may change without the record."""
        return any(each.function.uses_calendar for each in walk(self.node) if isinstance(each, Apply))

    @cached_property
    def save_only(self) -> bool:
        """True where the formula means something only while a record is saved (ISNEW, PRIORVALUE …)."""
        return any(each.function.save_only for each in walk(self.node) if isinstance(each, Apply))

    @property
    def remarks(self) -> tuple[Message, ...]:
        """What the value depends on beside the record, and so where the formula cannot stand; a sentence each."""
        said = (
            (self.uses_clock, msg("Depends on the moment: it cannot be stored.")),
            (self.uses_user, msg("Depends on who reads: it cannot be stored.")),
            (self.uses_calendar, msg("Depends on the company's calendar: it cannot be stored.")),
            (self.save_only, SAVE_ONLY),
        )
        return tuple(sentence for holds, sentence in said if holds)

    @cached_property
    def size(self) -> int:
        """Nodes of the tree, formula fields put in their place."""
        return sum(1 for _ in walk(self.node))

    @cached_property
    def depth(self) -> int:
        """Levels of the tree, formula fields put in their place; a chain of one rank counts once."""
        deepest, waiting = 0, [(self.node, 1)]
        while waiting:
            node, level = waiting.pop()
            deepest = max(deepest, level)
            for index, each in enumerate(children(node)):
                is_chained = isinstance(node, Apply) and node.function.is_operator and index == 0
                waiting.append((each, level if is_chained else level + 1))
        return deepest

    def evaluate(self, values: Values, context: Context = _NO_CONTEXT) -> Value:
        """The formula's value for one row; None where it is blank.

        Numbers come as Decimal, rounded half up to `scale` places where it is set and to 32 otherwise; a
        "percent" formula in percent points. `values` answers paths as in `references`.

        Raises:
            EvaluationError: the formula has no value for this row.
        """
        try:
            value = self._code(row(values, context))
            return self._rounded(value) if type(value) is Decimal else value
        except ArithmeticError:
            raise EvaluationError(Failure.NOT_FINITE) from None

    def _rounded(self, value: Decimal) -> Decimal:
        points = EXACT.multiply(value, _HUNDRED) if self.result_type == "percent" else value
        rounded = quantized(points, RESULT_SCALE if self.scale is None else self.scale, ROUND_HALF_UP)
        return rounded or rounded.copy_abs()

    @cached_property
    def _code(self) -> Code:
        return compiled(self.node)

    def explain(self, values: Values, context: Context = _NO_CONTEXT) -> Step:
        """The formula for one row, part by part, each with its value or why it has none."""
        return explained(self, values, context)

    def sql(self, columns: SqlColumns, context: Context = _NO_CONTEXT, *, digits: int = 18) -> ColumnElement[Any]:
        """The formula as an SQL expression over `columns`, equal to `evaluate`; NULL where that has no value.

        `context` answers what does not depend on the row (clock, ``$`` variables): it is bound as parameters.
        `digits` is how many the database computes exactly with: 18 on SQLite, 39 on PostgreSQL.

        Raises:
            FormulaError: part of it is not yet supported in SQL; every such part is named.
        """
        return result(translated(self, columns, context, digits))

    def sql_error(
        self, columns: SqlColumns, context: Context = _NO_CONTEXT, *, digits: int = 18
    ) -> ColumnElement[str] | None:
        """The kind of failure (a `Failure`) where `evaluate` fails, else NULL; None where it cannot fail.

        Raises:
            FormulaError: as `sql`.
        """
        return translated(self, columns, context, digits).error

    def condition(
        self, columns: SqlColumns, context: Context = _NO_CONTEXT, *, digits: int = 18
    ) -> ColumnElement[bool]:
        """What WHERE takes: true exactly where `evaluate` is true, in a form that indexes serve.

        Raises:
            FormulaError: as `sql`.
        """
        return condition(self, columns, context, digits)


def compile(
    text: str,
    scope: Scope,
    result_type: str | None = None,
    blanks: Blanks = "blank",
    *,
    scale: int | None = None,
) -> Formula:
    """Check `text` where names mean what `scope` says, and make it ready to run.

    `result_type` is one of `RESULT_TYPES`; None takes what the formula yields. `scale` rounds a number.

    Raises:
        FormulaError: every mistake found, each with line and column.
    """
    tree = parse(text)
    checker = Checker(text, scope, blanks)
    node = checker.check(tree)
    if sum(1 for _ in walk(node)) > MAX_NODES:
        checker.too_large(tree.span)
    _check_result(checker, node, text, result_type)
    checker.raise_problems()
    return Formula(text, result_type or str(node.type), scale, blanks, tree, node, tuple(checker.problems))


def _check_result(checker: Checker, node: TypedNode, text: str, result_type: str | None) -> None:
    if result_type is None or node.type in (Type.NULL, Type.UNKNOWN) or node.type in RESULT_TYPES[result_type]:
        return
    expected = next(iter(sorted(RESULT_TYPES[result_type], key=lambda each: each.value != result_type)))
    checker.report(
        Span(0, len(text)),
        "formula-result-type",
        msg(
            "The formula yields {given}, but {expected} is needed.",
            given=node.type.label,
            expected=expected.label,
        ),
        conversion(node.type, expected),
    )
