"""Which records a lookup may choose, given what the form holds so far: the field's filter, asked of the engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
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

AT_ONCE = 200
"""How many records are read for one statement."""

LOOKED_AT = 5000
"""How many records are tried against a filter before the list says that it holds what was found so far."""


def candidates(
    visit: Visit, obj: Object, field: Field, other: Object, text: str, most: int
) -> tuple[tuple[Hit, ...], bool]:
    """The records of `other` that `field` may choose and `text` finds, at most `most`, and whether there are more."""
    where = in_force(other)
    if field.filter is None:
        return hits_of(visit, other, text, most, where) if text else _latest(visit, other, most, where)
    allowed = list(itertools.islice(_allowed(visit, obj, field, other, text, where), most + 1))
    if not allowed:
        return (), False
    chosen = Condition("id", "in", tuple(allowed[:most]))
    hits, _ = hits_of(visit, other, "", most, chosen)
    return hits, len(allowed) > most


def in_force(other: Object) -> Filter | None:
    """Documents that count: lookups take those in effect."""
    return Condition("life_status", "in", ("effective", "in_change")) if other.effective else None


def _latest(visit: Visit, other: Object, most: int, where: Filter | None) -> tuple[tuple[Hit, ...], bool]:
    return hits_of(visit, other, "", most, where)


def _allowed(visit: Visit, obj: Object, field: Field, other: Object, text: str, where: Filter | None) -> Iterator[str]:
    """Ids of records that the filter admits for the record being edited, as far as it is filled in; newest first."""
    unit = visit.unit
    plan = plan_of(unit.runtime, other.name)
    names = tuple(name for name, each in other.fields.items() if each.type.stored and name not in ("id", "version"))
    query = Query(object=other.name, columns=names, search=text, where=where, limit=AT_ONCE, sort=(Sort("id", True),))
    related = Related(unit)
    expressions = Expressions(unit, related)
    row = Row(
        1, "create", plan_of(unit.runtime, obj.name), "", {}, values=dict(initial(unit, obj.name, _so_far(visit, obj)))
    )
    assert field.filter is not None
    for _ in range(LOOKED_AT // AT_ONCE):
        page = unit.records.query(query)
        for each in page.rows:
            values = {**dict(zip(names, each.values, strict=True)), "id": each.id}
            if expressions.admits(field.filter, plan, values, row):
                yield each.id
        if page.next is None:
            return
        query = replace(query, cursor=page.next)


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
