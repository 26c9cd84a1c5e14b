"""Which records a lookup may choose, given what the form holds so far: the field's filter, asked of the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from dougong.base.errors import FormulaError
from dougong.base.field_types import ValueRefused
from dougong.engine.entering import ACTIVE, FROZEN, USER
from dougong.engine.query import All, Condition, Filter, Holds, Query, Sort
from dougong.engine.reading.filters import both
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.initial import initial
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.references import chosen_freely
from dougong.engine.saving.related import Related, needs_of
from dougong.engine.saving.row import Row
from dougong.engine.unit import Unit
from dougong.formulas import Formula
from dougong.metadata.model import Field, Object
from dougong.web.pages.search import Hit, hits_of
from dougong.web.prefill import GIVEN
from dougong.web.queues import choosable
from dougong.web.visit import Visit

AT_ONCE = 200
"""How many records are read for one statement."""

LOOKED_AT = 5000
"""How many records are tried one by one against a filter that has no SQL, newest first."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Records that a field may choose; whether there are more; whether older ones were not even tried."""

    hits: tuple[Hit, ...]
    more: bool = False
    cut: bool = False


def candidates(visit: Visit, obj: Object, field: Field, other: Object, text: str, most: int) -> Candidates:
    """The records of `other` that `field` may choose and `text` finds, at most `most`.

    The field's filter becomes a part of the query. A filter that has no SQL is tried on one record after the other.
    """
    counting = None if chosen_freely(obj, field) else in_force(other)
    offered = both(counting, _who_may_enter(visit, other), choosable(visit.unit, obj, field, other))
    if field.filter is None:
        return Candidates(*hits_of(visit, other, text, most, offered))
    record = Row(1, "create", plan_of(visit.unit.runtime, obj.name), "", {}, values=_initial(visit, obj))
    expressions = Expressions(visit.unit, Related(visit.unit))
    paths = [path for path in field.filter.variables if path[0] == "$Record"]
    expressions.follow([record.values], needs_of(record.plan, (path[1:] for path in paths)))
    try:
        where = both(offered, _as_condition(visit, field.filter, expressions, record))
        return Candidates(*hits_of(visit, other, text, most, where))
    except FormulaError:
        return _one_by_one(visit, field.filter, other, text, most, expressions, record, offered)


def _who_may_enter(visit: Visit, other: Object) -> Filter | None:
    """Of people those who are neither switched off nor frozen: nobody gives these anything to do.

    Whoever may not read which these are is offered all; what a field holds already stays, whoever it is.
    """
    if other.name != USER:
        return None
    wanted = (Condition(ACTIVE, "is", True), Condition(FROZEN, "is_not", True))
    may = visit.unit.access.may_field
    known = [each for each in wanted if each.field in other.fields and may("read", other, other.fields[each.field])]
    return All(tuple(known)) if known else None


def in_force(other: Object) -> Filter | None:
    """Documents that count: lookups take those in effect."""
    return Condition("life_status", "in", ("effective", "in_change")) if other.effective else None


def _as_condition(visit: Visit, formula: Formula, expressions: Expressions, record: Row) -> Holds:
    known = tuple((path, expressions.variable(path, record)) for path in formula.variables)
    return Holds(formula.source, known, visit.unit.now, formula)


def _one_by_one(
    visit: Visit,
    formula: Formula,
    other: Object,
    text: str,
    most: int,
    expressions: Expressions,
    record: Row,
    offered: Filter | None,
) -> Candidates:
    unit = visit.unit
    plan = plan_of(unit.runtime, other.name)
    query = Query(object=other.name, columns=(), search=text, where=offered, limit=AT_ONCE, sort=(Sort("id", True),))
    needs = formula_needs(plan, [formula])
    allowed: list[str] = []
    page = None
    for _ in range(LOOKED_AT // AT_ONCE):
        page = unit.records.query(query)
        rows = _stored(unit, plan, [each.id for each in page.rows])
        expressions.follow(rows, needs)
        allowed += [row["id"] for row in rows if expressions.admits(formula, plan, row, record)]
        if page.next is None or len(allowed) > most:
            break
        query = replace(query, cursor=page.next)
    cut = page is not None and page.next is not None and len(allowed) <= most
    chosen = Condition("id", "in", tuple(allowed[:most]))
    hits, _ = hits_of(visit, other, "", most, chosen) if allowed else ((), False)
    return Candidates(hits, len(allowed) > most, cut)


def _stored(unit: Unit, plan: ObjectPlan, ids: list[str]) -> list[dict[str, Any]]:
    """Records that the reader sees, in this order and as they are stored: the filter judges what they may not read."""
    statement = select(*plan.columns).where(plan.table.c.id.in_(ids))
    found = {str(row["id"]): row for row in map(plan.read, unit.connection.execute(statement))}
    return [found[each] for each in ids]


def _initial(visit: Visit, obj: Object) -> dict[str, Any]:
    return dict(initial(visit.unit, obj.name, _so_far(visit, obj)))


def _so_far(visit: Visit, obj: Object) -> dict[str, Any]:
    """What the form holds: sent along as ``v.field``."""
    found: dict[str, Any] = {}
    for key, value in visit.request.query_params.multi_items():
        field = obj.fields.get(key.removeprefix(GIVEN)) if key.startswith(GIVEN) else None
        if field is not None and field.type.writable and value:
            try:
                found[field.name] = field.type.coerce(field, value, visit.reading)
            except ValueRefused:
                continue
    return found
