"""Access that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from tests.metadata.unsound import DEAL, partition, permission_set, queue, role, sharing, territory, tiers
from tests.metadata.workshop import label

CASES: dict[str, dict[str, Any]] = {
    # access
    "rights on what is not there": permission_set(
        objects={"dael": {"read": True}},
        fields={"deal.amont": {"read": False}},
        record_types={"deal.big": True},
        apps={"salse": True},
        tabs={"*": "off", "daels": "on"},
        actions={"deal.print": False},
        requires=["sel"],
    ),
    "a right that there is not": permission_set(
        objects={"deal": {"see": True}}, system={"fly": True}, tabs={"deal": "shown"}
    ),
    "fields that cannot be masked": permission_set(
        fields={"deal.amount": {"read": "masked"}, "deal.name": {"read": "masked"}}
    ),
    "permission sets that cannot be held together": {
        **permission_set("one", excludes=["two"]),
        **permission_set("two", requires=["one"]),
        **permission_set("three", requires=["two"]),
        **role(permission_sets=["one", "three"]),
    },
    "roles in a circle": {**role("head", parent="boss"), **role("boss", parent="head")},
    "a scope of nothing": role(scope={"dael": {"read": "own"}}, parent="boss", permission_sets=["none"]),
    "a scope that is wider than seeing": role(scope={"deal": {"read": "own", "edit": "all"}}),
    "a scope by segment without a partition": role(scope={"deal": {"read": "segment"}}),
    "a scope by a wrong formula": role(scope={"deal": {"read": {"when": "amont > 5"}}}),
    "a scope by a formula for every object": role(scope={"*": {"read": {"when": "TRUE"}}}),
    "a scope by the moment": role(scope={"deal": {"read": {"when": "closes_on < DATEVALUE(NOW())"}}}),
    "a scope by what changed": role(scope={"deal": {"read": {"when": "ISCHANGED(name)"}}}),
    "an app and layouts of a role that are not there": role(
        app="salse", layouts={"deal": "deal.big", "dael": "dael.default"}
    ),
    "an app and a layout for other roles": {
        **role(app="sales", layouts={"deal": "deal.default"}),
        **role("boss"),
        "app/sales.json#for": ["role:boss"],
        "layout/deal/default.json#for/roles": ["boss"],
    },
    "a first list for roles that do not have it": {
        **role(),
        **role("boss"),
        "list_view/deal/mine.json#shared_with": ["role:boss"],
        "list_view/deal/mine.json#default_for": ["head", "chief"],
    },
    "a record type for a role that is not there": {"record_type/deal/tender.json#default_for": ["boss"]},
    "a sharing rule without records": sharing(),
    "a sharing rule to nobody": sharing(to=["role:boss", "friends:all"], when="TRUE"),
    "a sharing rule with strangers": sharing(when="TRUE", **{"with": ["stage", "customer"]}, until="2025-02-30"),
    "a queue of nothing": queue(objects=["dael", "deal"], members=["role:boss", "queue:other"]),
    "a queue without objects": queue(objects=[], level="all"),
    "a sharing rule to a queue that is not there": sharing(to=["queue:desk"], owned_by=["queue:desk"]),
    "a territory of nothing": territory(
        parent="china", members=["role:boss"], objects={"dael": {"when": "TRUE"}, "deal": {}}
    ),
    "territories in a circle": {**territory("north", parent="south"), **territory("south", parent="north")},
    "territories by what does not last": territory(
        objects={
            "deal": {"when": "closes_on > TODAY()"},
            "customer": {"when": "owner = $User.id"},
            "line": {"when": "ISCHANGED(name)"},
        }
    ),
    "a territory by a wrong formula": territory(objects={"deal": {"when": "amont > 5"}}),
    "a territory of records that have the field already": {
        **territory(objects={"deal": {"when": "amount > 5"}}),
        f"{DEAL}/territory": {"type": "text", "label": label("Territory", "区域")},
    },
    "territories with more rules than a formula holds": {
        name: body
        for each in ("north", "south")
        for name, body in territory(each, objects={"deal": {"when": " || ".join(["amount > 5"] * 800)}}).items()
    },
    "a territory of a queue": territory(members=["queue:desk"]),
    "a territory of rows": {**tiers(), **territory(objects={"tier": {"when": "rate > 0.1"}})},
    "a sharing rule to a territory that is not there": sharing(to=["territory:north"], when="TRUE"),
    "a partition of nothing": partition(across=["role:boss"], may_move=["role:boss"]),
    "a partition by a field that users have not alike": partition(user_field="name"),
    "an object in two partitions": {
        **partition(user_field="name"),
        "partition/area.json": {**partition()["partition/region.json"], "name": "area", "user_field": "name"},
    },
    "access in a circle": {"object/customer.json#access": {"default": "by_parent", "parent": "parent"}},
}  # fmt: skip
"""Case → file → document."""
