"""Permission set, role, sharing rule, team role, queue and partition documents to their part of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from dougong.base.ids import named_id
from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import labels
from dougong.metadata.building.pools import build_accounts
from dougong.metadata.component import Component
from dougong.metadata.index import Index, texts
from dougong.metadata.rights import (
    DataScope,
    Partition,
    PermissionSet,
    Queue,
    Rights,
    Role,
    SharingRule,
    TeamRole,
    rights_said,
    system_said,
)
from dougong.metadata.scope import FieldScope
from dougong.metadata.territories import build_territory

Body = Mapping[str, Any]


def build_rights(index: Index) -> Rights:
    """Everything about access."""
    rules: dict[str, list[SharingRule]] = {}
    for each in index.named("sharing_rule").values():
        name = each.object or ""
        if name in index.fields and each.body.get("active", True):
            rules.setdefault(name, []).append(_sharing_rule(index, name, each.own_name, each.body))
    return Rights(
        permission_sets=_frozen(
            {name: _permission_set(name, each.body) for name, each in index.named("permission_set").items()}
        ),
        roles=_frozen({name: _role(index, name, each.body) for name, each in index.named("role").items()}),
        sharing_rules=_frozen({name: tuple(found) for name, found in rules.items()}),
        team_roles=_frozen({name: _team_role(name, each.body) for name, each in index.named("team_role").items()}),
        queues=_frozen(
            {**{name: _queue(name, each) for name, each in index.named("queue").items()}, **build_accounts(index)}
        ),
        territories=_frozen(
            {name: build_territory(name, each.body) for name, each in index.named("territory").items()}
        ),
        partitions=_frozen({name: _partition(name, each.body) for name, each in index.named("partition").items()}),
    )


def _frozen(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(found))


def _true(body: Body) -> frozenset[str]:
    return frozenset(name for name, granted in body.items() if granted)


def _permission_set(name: str, body: Body) -> PermissionSet:
    objects = {each: rights_said(said) for each, said in body.get("objects", {}).items()}
    return PermissionSet(
        name=name,
        label=labels(body.get("label")),
        objects=_frozen(objects),
        fields=_frozen(body.get("fields", {})),
        record_types=_frozen(body.get("record_types", {})),
        apps=_true(body.get("apps", {})),
        tabs=_frozen(body.get("tabs", {})),
        actions=_frozen(body.get("actions", {})),
        system=system_said(body.get("system", {}), any(objects.values())),
        requires=texts(body.get("requires")),
        excludes=texts(body.get("excludes")),
    )


def _role(index: Index, name: str, body: Body) -> Role:
    scopes = {
        each: _frozen({right: _scope(index, each, said) for right, said in rights.items()})
        for each, rights in body.get("scope", {}).items()
    }
    return Role(
        name=name,
        label=labels(body.get("label")),
        parent=body.get("parent"),
        user_kind=body.get("user_kind", "internal"),
        permission_sets=texts(body.get("permission_sets")),
        scopes=_frozen(scopes),
        second_step=bool(body.get("second_step", False)),
        app=body.get("app"),
    )


def _scope(index: Index, object_name: str, said: Any) -> DataScope:
    if isinstance(said, Mapping):
        return DataScope(when=_condition(index, object_name, said["when"]))
    return DataScope(reach=said)


def _condition(index: Index, object_name: str, text: str) -> Formula:
    return compile_formula(text, FieldScope(index, object_name), "boolean")


def _sharing_rule(index: Index, object_name: str, name: str, body: Body) -> SharingRule:
    when, until = body.get("when"), body.get("until")
    return SharingRule(
        object=object_name,
        name=name,
        label=labels(body.get("label")),
        to=texts(body.get("to")),
        when=_condition(index, object_name, when) if when else None,
        owned_by=texts(body.get("owned_by")),
        level=body.get("level", "read"),
        also=tuple(
            (each, found[0]) for each in texts(body.get("with")) if (found := lookups_to(index, each, object_name))
        ),
        until=date.fromisoformat(until) if until else None,
    )


def lookups_to(index: Index, object_name: str, target: str) -> list[str]:
    """The lookups of an object that lead to `target` alone, its master before others, the rest as they stand."""
    found = [facts for facts in index.fields.get(object_name, {}).values() if facts.leads_to == target]
    parent = index.body("object", object_name).get("access", {}).get("parent")
    ordered = sorted(found, key=lambda facts: (facts.name != parent, facts.body.get("type") != "master_detail"))
    return [facts.name for facts in ordered]


def _team_role(name: str, body: Body) -> TeamRole:
    return TeamRole(name=name, label=labels(body.get("label")), level=body.get("level", "read"))


def _queue(name: str, component: Component) -> Queue:
    body = component.body
    former = texts(body.get("formerly"))
    return Queue(
        name=name,
        label=labels(body.get("label")),
        record=named_id(f"queue/{body.get('id') or (former[0] if former else name)}"),
        objects=frozenset(texts(body.get("objects"))),
        members=texts(body.get("members")),
        level=body.get("level", "read"),
    )


def _partition(name: str, body: Body) -> Partition:
    return Partition(
        name=name,
        label=labels(body.get("label")),
        user_field=body["user_field"],
        fields=_frozen(body.get("objects", {})),
        across=frozenset(_names(body.get("across"))),
        may_move=frozenset(_names(body.get("may_move"))),
    )


def _names(addresses: Any) -> Iterator[str]:
    return (each.partition(":")[2] for each in texts(addresses))
