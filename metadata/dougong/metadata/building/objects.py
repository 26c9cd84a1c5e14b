"""Object documents, with everything that stands below them, to `Object`s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import compile as compile_formula
from dougong.metadata.building.constraints import build_constraints
from dougong.metadata.building.fields import build_field, labels
from dougong.metadata.building.fills import build_fills
from dougong.metadata.building.layouts import build_layout, build_list_view, reverse_label
from dougong.metadata.building.retention import build_retention
from dougong.metadata.building.rules import (
    build_action,
    build_conversion,
    build_path,
    build_record_type,
)
from dougong.metadata.building.validation import build_validation_rules
from dougong.metadata.component import Component
from dougong.metadata.index import Index, texts
from dougong.metadata.layers import system_fields
from dougong.metadata.model import Child, Currency, Field, Object, SearchField
from dougong.metadata.scope import FieldScope

FEATURES: Mapping[str, bool] = MappingProxyType(
    {"activities": False, "files": False, "comments": False, "history": True, "import": True, "export": True}
)
"""What an object that says nothing has."""


def build_objects(index: Index) -> Mapping[str, Object]:
    """Every object of the model, by name."""
    fields = {name: _fields(index, name) for name in index.named("object")}
    children = _children(index, fields)
    rollups = _rollups(fields)
    return MappingProxyType(
        {
            name: _object(index, component, fields[name], children.get(name, ()), rollups.get(name, ()))
            for name, component in index.named("object").items()
        }
    )


def _fields(index: Index, object_name: str) -> Mapping[str, Field]:
    """The fields of an object: its own in the order of the documents, then the system's."""
    facts = index.fields[object_name]
    own = [each for name, each in facts.items() if name not in system_fields()]
    system = [facts[name] for name in system_fields() if name in facts]
    return MappingProxyType({each.name: build_field(index, each) for each in (*own, *system)})


def _object(
    index: Index,
    component: Component,
    fields: Mapping[str, Field],
    children: tuple[Child, ...],
    rollups: tuple[Field, ...],
) -> Object:
    name, body = component.name, component.body
    lifecycle, title = body.get("lifecycle", {}), body.get("title", {})
    return Object(
        name=name,
        id=body.get("id") or name,
        label=labels(body.get("label")),
        plural=labels({**body.get("label", {}), **body.get("plural", {})}),
        icon=body.get("icon", "box"),
        colour=body.get("colour"),
        help=labels(body.get("help")),
        title=title.get("field", ""),
        subtitle=texts(title.get("subtitle")),
        highlights=tuple(each["field"] for each in body.get("highlights", ())),
        search=_search(body),
        owner=body.get("owner", "user"),
        access=MappingProxyType(dict(body.get("access", {}))),
        rows=body.get("rows", "data"),
        effective=lifecycle.get("effective", False),
        begins=lifecycle.get("begins", "draft"),
        void=lifecycle.get("void", False),
        delete=lifecycle.get("delete", "bin"),
        append_only=body.get("append_only", False),
        hierarchy=body.get("hierarchy", {}).get("parent"),
        constraints=build_constraints(index, name, body),
        currency=_currency(index, name, body),
        retention=build_retention(index, name, body),
        lines=tuple(each["field"] for each in body.get("lines", ())),
        features=MappingProxyType({**FEATURES, **body.get("features", {})}),
        formerly=texts(body.get("formerly")),
        layer=component.layer,
        fields=fields,
        children=children,
        rollups_from=rollups,
        raw=body,
        **_below(index, name),
    )


def _below(index: Index, name: str) -> dict[str, Any]:
    """What stands below the object in documents of its own."""

    def each_of(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((own, component.body) for own, component in index.of_object(kind, name).items())

    actions = {own: component.body for own, component in index.named("action").items() if component.object is None}
    return {
        "record_types": _frozen(
            (own, build_record_type(index, name, own, body)) for own, body in each_of("record_type")
        ),
        "validation_rules": build_validation_rules(index, name),
        "fills": build_fills(index, name),
        "paths": _frozen((own, build_path(index, name, own, body)) for own, body in each_of("path")),
        "layouts": _frozen((own, build_layout(index, name, own, body)) for own, body in each_of("layout")),
        "list_views": _frozen((own, build_list_view(index, name, own, body)) for own, body in each_of("list_view")),
        "conversions": _frozen((own, build_conversion(index, name, own, body)) for own, body in each_of("conversion")),
        "actions": _frozen(
            (own, build_action(index, name, body)) for own, body in (*actions.items(), *each_of("action"))
        ),
    }


def _frozen(pairs: Iterator[tuple[str, Any]]) -> Mapping[str, Any]:
    return MappingProxyType(dict(pairs))


def _search(body: Mapping[str, Any]) -> tuple[SearchField, ...]:
    """What search reads: what the object says, else its title alone."""
    listed = body.get("search") or [{"field": body.get("title", {}).get("field", ""), "pinyin": True}]
    return tuple(
        SearchField(field=each["field"], weight=each.get("weight", 1), pinyin=each.get("pinyin", False))
        for each in listed
    )


def _currency(index: Index, object_name: str, body: Mapping[str, Any]) -> Currency:
    said = body.get("currency", {})
    freeze = said.get("freeze_when")
    return Currency(
        mode=said.get("mode", "company"),
        rate_date=said.get("rate_date"),
        freeze_when=compile_formula(freeze, FieldScope(index, object_name), "boolean") if freeze else None,
    )


def _children(index: Index, fields: Mapping[str, Mapping[str, Field]]) -> Mapping[str, tuple[Child, ...]]:
    """By parent, the relations that point at it; system fields are none."""
    found: dict[str, tuple[Child, ...]] = {}
    for object_name, its in fields.items():
        for each in its.values():
            if each.system or not each.type.refers or not each.type.stored:
                continue
            for target in each.targets:
                found[target] = (*found.get(target, ()), _child(index, object_name, each))
    return found


def _child(index: Index, object_name: str, field: Field) -> Child:
    cascade = field.type.name == "master_detail"
    fallback = "cascade" if cascade else "restrict" if field.required else "set_null"
    facts = index.fields[object_name][field.name]
    reverse = facts.body.get("reverse", {})
    return Child(
        object=object_name,
        field=field.name,
        name=reverse.get("name", object_name),
        label=reverse_label(index, object_name, field.name),
        cascade=cascade,
        on_delete=facts.body.get("on_delete", fallback),
    )


def _rollups(fields: Mapping[str, Mapping[str, Field]]) -> Mapping[str, tuple[Field, ...]]:
    """By child object, the roll-up fields of other objects that read its records."""
    found: dict[str, tuple[Field, ...]] = {}
    for its in fields.values():
        for each in its.values():
            if each.type.name == "rollup":
                child = str(each.options.get("from", "")).partition(".")[0]
                found[child] = (*found.get(child, ()), each)
    return found
