"""Layout, list view and app documents to their parts of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.base.language import Labels
from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.app import App, AppItem
from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index, texts
from dougong.metadata.model import (
    Layout,
    LayoutItem,
    LayoutTab,
    LineColumn,
    ListColumn,
    ListView,
    RelatedList,
    Section,
)
from dougong.metadata.scope import FieldScope

PURPOSES = ("view", "edit")
"""What a layout serves that does not say."""

ITEM_KINDS = ("object", "pool", "link", "separator")
"""The keys of an app's item that say what it is."""


def build_layout(index: Index, object_name: str, name: str, body: Mapping[str, Any]) -> Layout:
    """The layout of the model."""
    for_ = body.get("for", {})
    header = body.get("highlights", index.body("object", object_name).get("highlights", ()))
    return Layout(
        object=object_name,
        name=name,
        purposes=texts(for_.get("purpose")) or PURPOSES,
        record_types=texts(for_.get("record_types")),
        roles=frozenset(texts(for_.get("roles"))),
        chosen_by=_chosen_by(index, object_name, f"{object_name}.{name}"),
        highlights=tuple(each["field"] for each in header),
        actions=tuple(MappingProxyType(dict(each)) for each in body.get("actions", ())),
        tabs=tuple(_tab(FieldScope(index, object_name), each) for each in body.get("tabs", ())),
        related=tuple(_related(index, each) for each in body.get("related", ())),
    )


def _chosen_by(index: Index, object_name: str, layout: str) -> frozenset[str]:
    """The roles that name the layout for the object."""
    roles = index.named("role").items()
    return frozenset(name for name, role in roles if role.body.get("layouts", {}).get(object_name) == layout)


def _tab(scope: FieldScope, body: Mapping[str, Any]) -> LayoutTab:
    sections = tuple(_section(scope, each) for each in body.get("sections", ()))
    visible = _when(scope, body, "visible_when")
    return LayoutTab(key=body["key"], label=labels(body.get("label")), sections=sections, visible_when=visible)


def _when(scope: FieldScope, body: Mapping[str, Any], key: str) -> Formula | None:
    return compile_formula(body[key], scope, "boolean") if key in body else None


def _item_of_layout(scope: FieldScope, body: Mapping[str, Any]) -> LayoutItem:
    return LayoutItem(
        field=body["field"],
        wide=body.get("wide", False),
        visible_when=_when(scope, body, "visible_when") or _wanted(scope, body["field"]),
        required_when=_when(scope, body, "required_when"),
        read_only_when=_when(scope, body, "read_only_when"),
    )


def _wanted(scope: FieldScope, field: str) -> Formula | None:
    """A text that puts a picklist's value into words is shown while that value is chosen."""
    said = scope.index.wanted_when(scope.object, field)
    return compile_formula(said, scope, "boolean") if said is not None else None


def _section(scope: FieldScope, body: Mapping[str, Any]) -> Section:
    lines = body.get("lines")
    columns = body.get("columns", 2)
    return Section(
        key=body["key"],
        label=labels(body.get("label")),
        columns=columns if isinstance(columns, int) else 2,
        collapsed=body.get("collapsed", False),
        items=tuple(_item_of_layout(scope, each) for each in body.get("items", ())),
        lines=lines,
        line_columns=tuple(_column(FieldScope(scope.index, _child(lines)), each) for each in columns)
        if isinstance(columns, list)
        else (),
        visible_when=_when(scope, body, "visible_when"),
    )


def _child(lines: str | None) -> str:
    """The object of the lines ``child.field``."""
    return (lines or "").partition(".")[0]


def _column(scope: FieldScope, body: Mapping[str, Any]) -> LineColumn:
    return LineColumn(
        field=body["field"],
        total=body.get("total"),
        visible_when=_when(scope, body, "visible_when") or _wanted(scope, body["field"]),
        required_when=_when(scope, body, "required_when"),
        read_only_when=_when(scope, body, "read_only_when"),
    )


def _related(index: Index, body: Mapping[str, Any]) -> RelatedList:
    path = tuple(body["from"].split("."))
    return RelatedList(
        key=body["key"],
        label=labels(body.get("label")) or reverse_label(index, path[0], path[1]),
        path=path,
        columns=texts(body.get("columns")) or _own_columns(index, path[0]),
        sort=_sort(body),
        limit=body.get("limit", 5),
        filter=body.get("filter"),
    )


def reverse_label(index: Index, child: str, field: str) -> Labels:
    """What the parent calls the children that `field` of `child` relates to it."""
    facts = index.field(child, field)
    reverse = facts.body.get("reverse") if facts else None
    if isinstance(reverse, Mapping) and reverse.get("label"):
        return labels(reverse["label"])
    body = index.body("object", child)
    return labels({**body.get("label", {}), **body.get("plural", {})})


def _own_columns(index: Index, object_name: str) -> tuple[str, ...]:
    """The columns of a list that names none: title and what stands under it."""
    title = index.body("object", object_name).get("title", {})
    return (title.get("field", "id"), *texts(title.get("subtitle")))


def _sort(body: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    return tuple(
        MappingProxyType({"field": each["field"], "dir": each.get("dir", "asc")}) for each in body.get("sort", ())
    )


def build_list_view(index: Index, object_name: str, name: str, body: Mapping[str, Any]) -> ListView:
    """The list view of the model."""
    return ListView(
        object=object_name,
        name=name,
        label=labels(body.get("label")),
        columns=tuple(ListColumn(field=each["field"], total=each.get("total")) for each in body.get("columns", ())),
        filter=body.get("filter"),
        when=_when(FieldScope(index, object_name), body, "when"),
        sort=_sort(body),
        shared_with=texts(body.get("shared_with")),
        default=body.get("default", False),
        default_for=frozenset(texts(body.get("default_for"))),
    )


def build_app(name: str, body: Mapping[str, Any]) -> App:
    """The app of the model."""
    return App(
        name=name,
        label=labels(body.get("label")),
        icon=body.get("icon", "apps"),
        items=tuple(_item(each) for each in body.get("items", ())),
        roles=frozenset(each.partition(":")[2] for each in texts(body.get("for"))),
    )


def _item(body: Mapping[str, Any]) -> AppItem:
    kind = next(each for each in ITEM_KINDS if each in body)
    return AppItem(
        key=body["key"],
        kind=kind,
        target=body[kind] if isinstance(body[kind], str) else "",
        view=body.get("view"),
        label=labels(body.get("label")),
        icon=body.get("icon"),
    )
