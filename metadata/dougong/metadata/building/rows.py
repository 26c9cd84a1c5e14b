"""Row documents to the records that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.base.ids import named_id
from dougong.metadata.component import Component
from dougong.metadata.index import FieldFacts, Index, texts
from dougong.metadata.row_record import RowRecord

ADDRESS = "row:"
"""How the name of a row begins where a field refers to several objects."""


def build_rows(index: Index) -> Mapping[str, Mapping[str, RowRecord]]:
    """By object whose records are metadata, its rows by record id."""
    found: dict[str, Mapping[str, RowRecord]] = {}
    for name, component in index.named("object").items():
        if component.body.get("rows") == "metadata":
            rows = (_row(index, name, each) for each in index.of_object("row", name).values())
            found[name] = MappingProxyType({each.id: each for each in rows})
    return MappingProxyType(found)


def _row(index: Index, object_name: str, component: Component) -> RowRecord:
    values = {
        facts.name: _value(index, facts, value)
        for name, value in component.body.get("values", {}).items()
        if (facts := index.field(object_name, name)) is not None
    }
    return RowRecord(
        object=object_name,
        name=component.own_name,
        id=record_of(index, object_name, component),
        values=MappingProxyType(values),
    )


def record_of(index: Index, object_name: str, component: Component) -> str:
    """The id of the record that a row stands for: always the same, whatever the row and its object are called now.

    Identity is the ids of both; where one has none, the name that it had first.
    """
    above = index.named("object")[object_name]
    return named_id(f"{_key(above)}/{_key(component)}")


def _key(component: Component) -> str:
    former = texts(component.body.get("formerly"))
    return str(component.body.get("id") or (former[0] if former else component.own_name))


def _value(index: Index, facts: FieldFacts, value: Any) -> Any:
    """A value as the API takes it: names of rows become the ids of their records."""
    if not facts.targets:
        return value
    if isinstance(value, list):
        return [_value(index, facts, each) for each in value]
    found = row_named(index, facts, value)
    if found is None:
        return None
    target, component = found
    record = record_of(index, target, component)
    return record if len(facts.targets) == 1 else {"object": target, "id": record}


def row_named(index: Index, facts: FieldFacts, name: Any) -> tuple[str, Component] | None:
    """The row, with its object, that a value of the field `facts` names; None where there is none."""
    if not isinstance(name, str):
        return None
    target, own = facts.targets[0], name
    if name.startswith(ADDRESS):
        target, _, own = name.removeprefix(ADDRESS).rpartition(".")
    elif len(facts.targets) > 1:
        return None
    component = index.of_object("row", target).get(own) if target in facts.targets else None
    return None if component is None else (target, component)
