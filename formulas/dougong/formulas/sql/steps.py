"""Long expressions in steps.

A formula's SQL may need a part in several places: its value, and whether it failed. Written out everywhere, nested
parts would double at every level, and SQLite's parser takes about thirty levels of calls. So what grows beyond
`MOST_PARTS` or `MOST_LEVELS` becomes a step, computed once a row and read by its name:

    (WITH step_1(v) AS MATERIALIZED (SELECT …), step_2(v) AS MATERIALIZED (SELECT … FROM step_1)
     SELECT … FROM step_1, step_2)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, literal_column, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dougong.base.language import msg
from dougong.formulas.sql.values import Sql, Unsupported, result

MOST_PARTS = 150
"""Parts of an expression that is written out."""
MOST_LEVELS = 24
"""Levels of an expression that is written out: each may be some brackets of SQL."""
MOST_STEPS = 500
"""Steps of one formula."""
_MOST_SOURCES = 60
"""Steps that one step may read: SQLite joins 64 tables."""


@dataclass(frozen=True, slots=True)
class _Weight:
    """How large an expression is written out, and which steps it reads."""

    parts: int
    levels: int
    reads: frozenset[int]


class StepValue(FunctionElement[Any]):
    """The value of an earlier step."""

    name = "step_value"
    inherit_cache = True

    def __init__(self, index: int) -> None:
        super().__init__(literal_column(f"step_{index}.v"))
        self.index = index


@compiles(StepValue)
def _step_value(element: StepValue, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


class Stepwise(FunctionElement[Any]):
    """An expression behind the steps that it reads."""

    name = "stepwise"
    inherit_cache = True

    def __init__(self, steps: Iterable[tuple[int, ColumnElement[Any], str]], last: ColumnElement[Any], source: str):
        clauses: list[ColumnElement[Any]] = []
        for index, expression, sources in steps:
            clauses += [literal_column(f"step_{index}"), expression, literal_column(sources)]
        super().__init__(*clauses, last, literal_column(source))


@compiles(Stepwise)
def _stepwise(element: Stepwise, compiler: Any, **options: Any) -> str:
    *steps, last, source = (compiler.process(each, **options) for each in element.clauses)
    named = ", ".join(
        f"{name}(v) AS MATERIALIZED (SELECT {expression}{sources})"
        for name, expression, sources in zip(steps[::3], steps[1::3], steps[2::3], strict=True)
    )
    return f"(WITH {named} SELECT {last}{source})"


class Steps:
    """The steps of one formula, in the order in which they are computed."""

    def __init__(self, columns: Iterable[ColumnElement[Any]]) -> None:
        """Begin over `columns`, which count as one part each however they are computed."""
        self._made: list[ColumnElement[Any]] = []
        self._weights: dict[int, tuple[ColumnElement[Any], _Weight]] = {
            id(each): (each, _Weight(1, 1, frozenset())) for each in columns
        }

    def kept(self, item: Sql) -> Sql:
        """`item`, or the same by the name of a step where it is large.

        Raises:
            Unsupported: more steps than a statement takes.
        """
        if item.is_constant:
            return item if item.error is None else replace(item, error=self._short(item.error))
        value = self._short(item.value)
        return replace(
            item,
            value=value,
            integer=item.integer if value is item.value else None,
            joined=item.joined if value is item.value else (),
            error=None if item.error is None else self._short(item.error),
            parts=tuple(self.kept(each) for each in item.parts),
        )

    def _short(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        weight = self._weigh(expression)
        if weight.parts <= MOST_PARTS and weight.levels <= MOST_LEVELS:
            return expression
        if len(self._made) == MOST_STEPS or len(weight.reads) > _MOST_SOURCES:
            raise Unsupported(msg("Its SQL would be too long."))
        self._made.append(expression)
        return type_coerce(StepValue(len(self._made)), expression.type)

    def _weigh(self, expression: Any) -> _Weight:
        known = self._weights.get(id(expression))
        if known is not None:
            return known[1]
        parts, levels, reads = 1, 0, frozenset[int]()
        if isinstance(expression, StepValue):
            reads = frozenset({expression.index})
        for each in expression.get_children():
            below = self._weigh(each)
            parts, levels, reads = parts + below.parts, max(levels, below.levels), reads | below.reads
        weight = _Weight(parts, levels + 1, reads)
        # The expression is kept, so that its identity stays its own.
        self._weights[id(expression)] = (expression, weight)
        return weight

    def finished(self, item: Sql) -> Sql:
        """`item` with the steps that it reads, its value NULL where it fails."""
        if not self._made:
            return item
        error = None if item.error is None else self.behind(item.error)
        whole = replace(item, integer=None)
        return replace(whole, value=self.behind(result(whole)), error=error, is_guarded=True)

    def behind(self, last: ColumnElement[Any]) -> ColumnElement[Any]:
        """`last` behind the steps that it reads."""
        reads = self._weigh(last).reads
        if not reads:
            return last
        needed, waiting = set(reads), list(reads)
        while waiting:
            further = self._weigh(self._made[waiting.pop() - 1]).reads - needed
            needed |= further
            waiting += further
        steps = [(each, self._made[each - 1], self._source(self._made[each - 1])) for each in sorted(needed)]
        return type_coerce(Stepwise(steps, last, self._source(last)), last.type)

    def _source(self, expression: ColumnElement[Any]) -> str:
        reads = sorted(self._weigh(expression).reads)
        return f" FROM {', '.join(f'step_{each}' for each in reads)}" if reads else ""
