"""Rules of list views: the fields that they name are there, and the database can decide their conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.building.fields import plain_field
from dougong.metadata.checking.formula_fields import sql_refusals
from dougong.metadata.checking.formulas import placed, tried
from dougong.metadata.checking.layouts import need_filter
from dougong.metadata.checking.people import need_people
from dougong.metadata.checking.report import Spot, enumerated, field_at, need_object, need_path, repeated, spots
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope


def list_views(index: Index) -> Iterator[Problem]:
    """Everything that list views name."""
    for spot, body in spots(index, "list_view"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        yield from repeated(spot, "columns", body)
        for below, each in enumerated(spot, "columns", body):
            yield from need_path(below / "field", name, each.get("field"))
            yield from _total(below, name, each)
        for below, each in enumerated(spot, "sort", body):
            yield from need_path(below / "field", name, each.get("field"))
        if body.get("filter"):
            yield from need_filter(spot / "filter", name, body["filter"])
        yield from _when(spot / "when", name, body.get("when"))
        yield from need_people(spot, "shared_with", body)


def _total(spot: Spot, object_name: str, column: Mapping[str, Any]) -> Iterator[Problem]:
    facts = field_at(spot.index, object_name, str(column.get("field", "")))
    if "total" not in column or facts is None or facts.type is None:
        return
    if column["total"] in ("sum", "avg") and not plain_field(spot.index, facts).type.numeric:
        label = facts.body.get("label") or facts.name
        yield (spot / "total").problem("field-type-wrong", msg("{field} has no numbers to total.", field=label))


def _when(spot: Spot, object_name: str, text: Any) -> Iterator[Problem]:
    """The formula of a list view is a condition that becomes SQL."""
    for found in tried(spot, text, FieldScope(spot.index, object_name), "boolean"):
        if isinstance(found, Problem):
            yield found
        elif found.save_only:
            reason = msg("This condition is not asked while a record is saved, so it cannot look at what changed.")
            yield spot.problem("formula-save-only", reason)
        else:
            yield from placed(spot, text, sql_refusals(spot.index, object_name, found))
