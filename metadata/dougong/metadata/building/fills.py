"""Fill documents to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import compile as compile_formula
from dougong.metadata.building.constraints import build_constraints
from dougong.metadata.building.fields import labels, yields
from dougong.metadata.building.rules import is_copied
from dougong.metadata.fill import Fill
from dougong.metadata.index import Index, texts
from dougong.metadata.model import EFFECTIVE_DATES
from dougong.metadata.scope import FieldScope

Document = Mapping[str, Any]


def build_fills(index: Index, object_name: str) -> Mapping[str, Fill]:
    """The fills of an object by name."""
    found = index.of_object("fill", object_name)
    return MappingProxyType({name: _fill(index, object_name, name, each.body) for name, each in found.items()})


def _fill(index: Index, object_name: str, name: str, body: Document) -> Fill:
    source = index.fill_source(object_name, body)
    record, chosen = FieldScope(index, object_name), FieldScope(index, source, record=object_name)
    where, day = body.get("where"), body.get("on")
    dates = build_constraints(index, source, index.body("object", source)).get(EFFECTIVE_DATES)
    taken = body["set"]
    copy = {field: text.strip() for field, text in taken.items() if is_copied(index, source, text)}
    return Fill(
        object=object_name,
        name=name,
        label=labels(body.get("label")),
        source=source,
        lookup=body.get("lookup"),
        match=_formulas(index, record, source, body.get("match", {})),
        where=compile_formula(where, chosen, "boolean") if where is not None else None,
        day=compile_formula(day, record, "date") if day is not None else None,
        dates=dates.range if dates is not None and day is not None else None,
        order=tuple((tuple(each["field"].split(".")), each.get("dir") == "desc") for each in body.get("order", ())),
        set=_formulas(index, chosen, object_name, {field: taken[field] for field in taken if field not in copy}),
        copy=MappingProxyType(copy),
        again=body.get("again", "until_edited"),
        watch=texts(body.get("watch")),
        none=body.get("none", "leave"),
        message=labels(body.get("message")),
        otherwise=body.get("otherwise"),
        reason=labels(body.get("reason")),
    )


def _formulas(index: Index, scope: FieldScope, object_name: str, said: Document) -> Mapping[str, Any]:
    """Formulas of `scope` by the field of `object_name` whose value they give."""
    found = {}
    for field, text in said.items():
        facts = index.field(object_name, field)
        found[field] = compile_formula(text, scope, yields(index, facts) if facts else None)
    return MappingProxyType(found)
