"""The pieces that documents with one fault are made of; the cases stand in `bad_access` and its neighbours."""

from __future__ import annotations

from typing import Any

from tests.metadata.workshop import label, text


def package(name: str = "tools", **keys: Any) -> dict[str, Any]:
    body = {"kind": "package", "name": name, "label": label(name, "模板"), "version": "1.0.0", "namespace": "tools"}
    return {key: value for key, value in {**body, **keys}.items() if value is not None}


def overlay(**keys: Any) -> dict[str, Any]:
    return {"kind": "overlay", "name": "change", "target": "layout:deal.default", **keys}


def clash(**keys: Any) -> dict[str, Any]:
    return {"object/deal.json#constraints": {"clash": keys}}


def formula(text: str, returns: str = "decimal", **keys: Any) -> dict[str, Any]:
    return {"type": "formula", "label": label("Worth", "价值"), "returns": returns, "formula": text, **keys}


FILL = "fill/line/name.json"


def fill(**keys: Any) -> dict[str, Any]:
    """A sound fill of the name of lines with that of a customer, changed; None takes a key out."""
    sound = {
        "kind": "fill", "name": "line.name", "object": "line", "from": "customer",
        "match": {"id": "deal.customer"}, "set": {"name": "city"}, "label": label("Name", "名称"),
    }  # fmt: skip
    return {key: each for key, each in {**sound, **keys}.items() if each is not None}


def calendar(**keys: Any) -> dict[str, Any]:
    return {"kind": "calendar", "name": "ours", "label": label("Ours", "本公司"), **keys}


def nested(depth: int) -> dict[str, Any]:
    return {"not": nested(depth - 1)} if depth else {"all": []}


SECTION = "layout/deal/default.json#tabs/0/sections"
FILTER = "list_view/deal/mine.json#filter"
DEAL = "object/deal.json#fields"
INTO = "conversion/deal/to_customer.json#into"


def tiers(*, keys: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """An object whose rows are metadata, and one row of it with `values`."""
    return {
        "object/tier.json": {
            "kind": "object",
            "name": "tier",
            "label": label("Tier", "等级"),
            "title": {"field": "name"},
            "rows": "metadata",
            "fields": {
                "name": text("Name", "名称", required=True, unique=True),
                "rate": {"type": "percent", "label": label("Rate", "折扣")},
                "since": {"type": "date", "label": label("Since", "起始日")},
                "stage": {"type": "picklist", "label": label("Stage", "阶段"), "picklist": "stage"},
                "above": {"type": "lookup", "label": label("Above", "上级"), "target": "tier"},
                "customer": {"type": "lookup", "label": label("Customer", "客户"), "target": "customer"},
                "count": {"type": "rollup", "label": label("Count", "数量"), "from": "tier.above", "op": "count"},
            },
            **(keys or {}),
        },
        "row/tier/gold.json": {"kind": "row", "name": "tier.gold", "values": {"name": "Gold", **values}},
    }


def permission_set(name: str = "sell", **keys: Any) -> dict[str, Any]:
    body = {"kind": "permission_set", "name": name, "label": label(name, "权限集"), **keys}
    return {f"permission_set/{name}.json": body}


def role(name: str = "head", **keys: Any) -> dict[str, Any]:
    return {f"role/{name}.json": {"kind": "role", "name": name, "label": label(name, "角色"), **keys}}


def sharing(**keys: Any) -> dict[str, Any]:
    body = {"kind": "sharing_rule", "name": "deal.open", "object": "deal", "to": ["role:head"], **keys}
    return {**role(), "sharing_rule/deal/open.json": body}


def queue(**keys: Any) -> dict[str, Any]:
    return {"queue/desk.json": {"kind": "queue", "name": "desk", "label": label("Desk", "前台"), **keys}}


def territory(name: str = "north", **keys: Any) -> dict[str, Any]:
    return {f"territory/{name}.json": {"kind": "territory", "name": name, "label": label(name, "区域"), **keys}}


def partition(**keys: Any) -> dict[str, Any]:
    body = {
        "kind": "partition",
        "name": "region",
        "label": label("Region", "区域"),
        "user_field": "region",
        "objects": {"deal": "stage"},
        **keys,
    }
    return {"partition/region.json": body}
