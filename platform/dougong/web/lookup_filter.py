"""Which records a lookup may choose, given what the form holds so far: the field's filter, asked of the engine."""

from __future__ import annotations

from typing import Any

from dougong.base.field_types import ValueRefused
from dougong.engine.query import Condition, Filter, Query, Sort
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.initial import initial
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Row
from dougong.metadata.model import Field, Object
from dougong.web.pages.search import Hit, hits_of
from dougong.web.prefill import GIVEN
from dougong.web.visit import Visit

LOOKED_AT = 200
"""How many records are tried against a filter: more than anyone scrolls through."""


def candidates(
    visit: Visit, obj: Object, field: Field, other: Object, text: str, most: int
) -> tuple[tuple[Hit, ...], bool]:
    """The records of `other` that `field` may choose and `text` finds, at most `most`, and whether there are more."""
    where = _in_force(other)
    if field.filter is None:
        return hits_of(visit, other, text, most, where) if text else _latest(visit, other, most, where)
    allowed = _allowed(visit, obj, field, other, text, where)
    if not allowed:
        return (), False
    chosen = Condition("id", "in", tuple(allowed[:most]))
    hits, _ = hits_of(visit, other, "", most, chosen)
    return hits, len(allowed) > most


def _in_force(other: Object) -> Filter | None:
    """Documents that count: lookups take those in effect."""
    return Condition("life_status", "in", ("effective", "in_change")) if other.effective else None


def _latest(visit: Visit, other: Object, most: int, where: Filter | None) -> tuple[tuple[Hit, ...], bool]:
    return hits_of(visit, other, "", most, where)


def _allowed(visit: Visit, obj: Object, field: Field, other: Object, text: str, where: Filter | None) -> list[str]:
    """Ids of records that the filter admits for the record being edited, as far as it is filled in."""
    unit = visit.unit
    plan = plan_of(unit.runtime, other.name)
    names = tuple(name for name, each in other.fields.items() if each.type.stored and name not in ("id", "version"))
    query = Query(object=other.name, columns=names, search=text, where=where, limit=LOOKED_AT, sort=(Sort("id", True),))
    related = Related(unit)
    expressions = Expressions(unit, related)
    row = Row(
        1, "create", plan_of(unit.runtime, obj.name), "", {}, values=dict(initial(unit, obj.name, _so_far(visit, obj)))
    )
    found = []
    assert field.filter is not None
    for each in unit.records.query(query).rows:
        values = {**dict(zip(names, each.values, strict=True)), "id": each.id}
        if expressions.admits(field.filter, plan, values, row):
            found.append(each.id)
    return found


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
