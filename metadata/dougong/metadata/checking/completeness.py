"""Completeness: the fields that an object weighs, and the conditions under which they count."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.formulas import stored_condition
from dougong.metadata.checking.report import enumerated, missing_field, repeated, spots
from dougong.metadata.completeness import FIELD
from dougong.metadata.component import PLATFORM
from dougong.metadata.index import Index
from dougong.metadata.scope import FieldScope, formula_type


def completeness(index: Index) -> Iterator[Problem]:
    """What is wrong with the weights of any object."""
    for spot, body in spots(index, "object"):
        if FIELD not in body:
            continue
        name = spot.component.name
        yield from repeated(spot, FIELD, body)
        own = index.field(name, FIELD)
        if own is not None and own.component.layer != PLATFORM:
            reason = msg("The object has a field {name} of its own already.", name=FIELD)
            yield (spot / FIELD).problem("completeness-taken", reason, msg("Rename that field."))
        for below, item in enumerated(spot, FIELD, body):
            facts = index.field(name, str(item.get("field")))
            if facts is None and item.get("field") != FIELD:
                yield missing_field(below / "field", name, str(item.get("field")))
            elif facts is None or facts.name == FIELD or (facts.type and formula_type(index, facts) is None):
                reason = msg("Formulas cannot read {field}, so it cannot be weighed.", field=str(item.get("field")))
                yield (below / "field").problem("completeness-unread", reason, msg("Take the field out."))
            if isinstance(item.get("when"), str):
                yield from stored_condition(below / "when", item["when"], FieldScope(index, name))
