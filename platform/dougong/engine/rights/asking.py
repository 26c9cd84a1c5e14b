"""Formulas of rules and scopes as conditions on rows: with everything that there is, whoever they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, FromClause, exists, literal, select

from dougong.engine.access import EVERYTHING
from dougong.engine.reading.computed import condition_of
from dougong.engine.reading.scope import Scope
from dougong.formulas import Formula
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.rights.rows import Rows


def asks(rows: Rows, obj: Object, table: FromClause, formula: Formula) -> ColumnElement[bool]:
    """A formula over the rows of `table`; a look at each row's own parents where it reads these."""
    scope, condition = _asked(rows, obj, table, formula)
    if scope.table is table:
        return condition
    asked = select(literal(1)).select_from(scope.source).where(scope.table.c.id == table.c.id, condition)
    return exists(asked.correlate(table))


def searches(rows: Rows, obj: Object, table: FromClause, formula: Formula) -> ColumnElement[bool]:
    """The same as a search, which may begin with the parents."""
    scope, condition = _asked(rows, obj, table, formula)
    if scope.table is table:
        return condition
    return table.c.id.in_(select(scope.table.c.id).select_from(scope.source).where(condition))


def _asked(rows: Rows, obj: Object, table: FromClause, formula: Formula) -> tuple[Scope, ColumnElement[bool]]:
    """A formula over the rows of `table`, or over an alias with what it reads of parents joined to it."""
    here = Scope(rows.runtime, EVERYTHING, obj, rows.terms, table=table)
    condition = condition_of(here, formula, rows.terms)
    if here.source is table:
        return here, condition
    inner = rows.runtime.storage.tables[obj.name].table.alias()
    scope = Scope(rows.runtime, EVERYTHING, obj, rows.terms, table=inner)
    return scope, condition_of(scope, formula, rows.terms)
