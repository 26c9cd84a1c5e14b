"""One thing wrong with the workshop, case by case: name → changes (see `workshop.changed`).

What is reported is in `bad_documents.txt`, in both languages; ``python -m tests.metadata.bad_documents`` writes it
anew, to be read before it is kept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.errors import Problem
from dougong.metadata.check import check
from dougong.metadata.documents import Documents, read_texts
from tests.metadata import bad_approvals, bad_automations, bad_channels, bad_scenarios
from tests.metadata.workshop import WORKSHOP, changed, label, text

GOLDEN = Path(__file__).with_name("bad_documents.txt")


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
    # files
    "broken JSON": {"app/sales.json": '{"kind": "app",\n "name": "sales"\n "label": {}}'},
    "a trailing comma": {"app/sales.json": '{"kind": "app",\n}'},
    "a key twice": {"app/sales.json": '{"kind": "app", "name": "a", "name": "b"}'},
    "no number": {"app/sales.json": '{"kind": "app", "name": "a", "x": NaN}'},
    "no UTF-8": {"app/sales.json": b'{"kind": "app", "name": "\xff"}'},
    "a list for a document": {"app/sales.json": "[]"},
    "too deep": {"app/sales.json": "[" * 100_000},
    "no name": {"app/sales.json": {"kind": "app"}},
    "a field that is no object": {f"{DEAL}/name": "text"},
    "too large a file": {"app/sales.json": " " * 4_000_001},
    # shapes
    "unknown kind": {"app/sales.json#kind": "ap"},
    "a kind that comes later": {"pool/open.json": {"kind": "pool", "name": "open", "label": label("Open", "公海")}},
    "unknown key": {"object/deal.json#lable": {}},
    "a key that comes later": {f"{SECTION}/0/items/0/blank": True},
    "a condition that is a number": {f"{SECTION}/0/items/0/visible_when": "1"},
    "a condition on what changed": {f"{SECTION}/0/visible_when": "ISCHANGED(name)"},
    "a condition on a missing field": {f"{SECTION}/0/items/0/required_when": "ISBLANK(custmer)"},
    "a field of a parent that is asked for": {f"{SECTION}/0/items/2/required_when": "TRUE"},
    "a layout for a role that is not there": {"layout/deal/default.json#for/roles": ["sales"]},
    "an app for roles that are not there": {"app/sales.json#for": ["role:boss", "role:head"], **role("head")},
    "an app for a group": {"app/sales.json#for": ["group:desk"]},
    "a list for people who are not there": {"list_view/deal/mine.json#shared_with": ["role:boss", "group:desk"]},
    "a choice that comes later": {"list_view/deal/mine.json#type": "board"},
    "unknown field type": {f"{DEAL}/amount/type": "currancy"},
    "a field type that comes later": {f"{DEAL}/name": {"type": "signature", "label": label("Signature", "签名")}},
    "unknown key of a type": {f"{DEAL}/name/lenght": 40},
    "a wrong type": {f"{DEAL}/name/required": "yes"},
    "a choice that is none": {"object/deal.json#owner": "group"},
    "a form that does not fit": {"path/deal/main.json#stages/0/limit": "30 days"},
    "a name that is none": {"list_view/deal/mine.json#name": "deal.Mine"},
    "a number out of range": {f"{DEAL}/name/length": 0},
    "a list too short": {"list_view/deal/mine.json#columns": []},
    "a repeated name": {"record_type/deal/tender.json#values/stage/only": ["open", "open"]},
    "a missing key": {"object/deal.json#title": None},
    "a language that is none": {"object/deal.json#label/English": "Deal"},
    "two things at once": {
        "action/deal/convert.json#does": {"convert": "deal.to_customer", "create": {"object": "deal"}}
    },
    # addresses
    "defined twice": {"picklist/stage_copy.json": WORKSHOP["picklist/stage.json"]},
    "one id for two": {
        "app/sales.json#id": "abcdefghij12",
        "app/other.json": {**WORKSHOP["app/sales.json"], "name": "other", "id": "abcdefghij12"},
    },
    "too long a name": {
        "app/sales.json#name": "a_name_that_is_much_longer_than_anybody_would_like"
    },
    "a namespace that is none": {"app/sales.json#name": "tools__sales"},
    "a name and another object": {"list_view/deal/mine.json#object": "customer"},
    # objects
    "title of a missing field": {"object/deal.json#title/field": "nam"},
    "title of a wrong type": {"object/deal.json#title/field": "amount"},
    "a title filled by no text": {"object/deal.json#title/template": "amount"},
    "a title filled from a missing field": {"object/deal.json#title/template": 'custmer.name & "!"'},
    "a title that changes with the day": {"object/deal.json#title/template": "TEXT(TODAY())"},
    "a title made of itself": {"object/deal.json#title/template": 'name & "!"'},
    "a title filled twice": {
        "object/deal.json#title/template": "customer.name", f"{DEAL}/name/default": "customer.name"
    },
    "a code filled twice": {
        f"{DEAL}/code": {
            "type": "barcode", "label": label("Code", "条码"), "formula": "name", "default": '"x"'
        }
    },
    "a code that changes with the day": {
        f"{DEAL}/code": {"type": "barcode", "label": label("Code", "条码"), "formula": "TEXT(NOW())"}
    },
    "a number filled by a template": {
        f"{DEAL}/no": {"type": "auto_number", "label": label("No.", "编号"), "pattern": "D-{0001}"},
        "object/deal.json#title": {"field": "no", "template": "customer.name"},
    },
    "subtitle that leads nowhere": {"object/deal.json#title/subtitle": ["name.length"]},
    "access by an unnamed parent": {"object/deal.json#access": {"default": "by_parent"}},
    "access by a text": {"object/deal.json#access/parent": "name"},
    "a tree over another object": {"object/deal.json#hierarchy": {"parent": "customer"}},
    "weights of what cannot be weighed": {
        "object/deal.json#completeness": [
            {"field": "nane"}, {"field": "name", "when": "amount"}, {"field": "name"}, {"field": "completeness"},
        ]
    },
    "a weight beside a field of that name": {
        "object/deal.json#completeness": [{"field": "name"}],
        f"{DEAL}/completeness": formula("amount * 2"),
    },
    "unique by a missing field": {"object/customer.json#constraints/once/fields/1": "town"},
    "unique in other words": {
        "object/customer.json#constraints/once": {"type": "unique", "keys": ["name"], "message": label("Taken", "重复")}
    },
    "a range of a text": clash(type="no_overlap", range={"from": "name", "to": "closes_on"}, keys=["customer"]),
    "a range between a day and a moment": clash(
        type="no_overlap", range={"from": "closes_on", "to": "created_at"}, keys=["customer"]
    ),
    "a moment that belongs to its range": clash(
        type="no_overlap", range={"from": "created_at", "to": "updated_at", "end": "included"}, keys=["customer"]
    ),
    "a balance of texts": clash(type="balance", field="name", keys=["customer"], min=0),
    "a balance of what is not stored": {
        **clash(type="balance", field="twice", keys=["customer"], min=0),
        f"{DEAL}/twice": formula("amount * 2"),
    },
    "a balance without bounds": clash(type="balance", field="amount", keys=["custmer"]),
    "bounds that nothing fits": clash(type="balance", field="amount", keys=["customer"], min="1.5", max=1),
    "a check without a message": clash(type="check", formula="amount > 0", at=["amout"]),
    "a check of the clock": clash(type="check", formula="closes_on > TODAY()", message=label("Too early", "过早")),
    "a check of a change": clash(
        type="check", formula="NOT(ISCHANGED(amount))", message=label("Fixed", "不可变更")
    ),
    "a check of another record": clash(
        type="check", formula="NOT(ISBLANK(customer.city))", message=label("No city", "缺少城市")
    ),
    "a check of another type": clash(type="check", formula="amount", message=label("Amount", "金额")),
    "effective dates of a missing field": {
        "object/deal.json#effective_dates": {"from": "begins_on", "to": "amount", "keys": ["customer"]}
    },
    "a constraint with the name of effective dates": {
        "object/deal.json#effective_dates": {"from": "closes_on", "to": "closes_on", "keys": ["customer"]},
        "object/deal.json#constraints": {"effective_dates": {"type": "unique", "fields": ["name"]}},
    },
    "a ledger that passes through life statuses": {
        "object/deal.json#append_only": True, "object/deal.json#lifecycle": {"effective": True}
    },
    "who a person is comes later": {"object/customer.json#person": {"name": "name"}},
    "children that follow lead elsewhere": {
        "object/customer.json#access": {"children_follow": ["line.deal", "lines.deal"]}
    },
    "a category of personal data that is none": {f"{DEAL}/name/personal": "secret"},
    "currency of a parent that is not there": {"object/customer.json#currency": {"mode": "parent"}},
    "retention from what is no date": {
        "object/deal.json#retention": {"old": {"after": "30d", "since": "name", "do": "bin"}}
    },
    "retention of the bin from a date": {
        "object/deal.json#retention": {"old": {"after": "30d", "since": "created_at", "do": "delete"}}
    },
    "retention that has nothing to erase": {"object/deal.json#retention": {"old": {"after": "30d", "do": "erase"}}},
    "retention of what is never deleted": {
        "object/deal.json#lifecycle": {"delete": "never"},
        "object/deal.json#retention": {"old": {"after": "30d", "do": "bin"}},
    },
    "retention of rows of the metadata": {
        "object/deal.json#rows": "metadata",
        "object/deal.json#retention": {"old": {"after": "30d", "do": "bin"}},
    },
    "retention for no number of days": {"object/deal.json#retention": {"old": {"after": "soon", "do": "bin"}}},
    "retention by a formula that is no condition": {
        "object/deal.json#retention": {"old": {"after": "1d", "do": "bin", "when": "name"}}
    },
    "rate date that is no date": {"object/deal.json#currency/rate_date": "name"},
    "lines that are no children": {"object/deal.json#lines/0/field": "deal.customer"},
    "lines of a missing object": {"object/deal.json#lines/0/field": "lines.deal"},
    "two masters": {"object/line.json#fields/other": WORKSHOP["object/line.json"]["fields"]["deal"]},
    "masters in a circle": {
        f"{DEAL}/customer/type": "master_detail",
        "object/customer.json#fields/parent": {
            "type": "master_detail", "target": "line", "label": label("Parent", "上级")
        },
        "object/customer.json#hierarchy": None,
    },
    # fields
    "a name of the system": {f"{DEAL}/created_at": {"type": "date", "label": label("Created", "创建")}},
    "a field of a missing object": {
        "field/order/no.json": {"kind": "field", "name": "order.no", "type": "text", "label": label("No.", "编号")}
    },
    "lookup to a missing object": {f"{DEAL}/customer/target": "custmer"},
    "lookup to nothing": {f"{DEAL}/customer/target": None},
    "a type of the system": {f"{DEAL}/name/type": "id"},
    "lookup to one and many": {
        f"{DEAL}/customer/targets": ["customer", "deal"]
    },
    "lookup to one and several": {f"{DEAL}/customer/targets": ["customer"]},
    "a missing picklist": {f"{DEAL}/stage/picklist": "stages"},
    "a picklist without values": {f"{DEAL}/stage": {"type": "picklist", "label": label("Stage", "阶段")}},
    "values and a picklist": {f"{DEAL}/reason/picklist": "stage"},
    "a value twice": {f"{DEAL}/reason/values/1/value": "price"},
    "a default that is no value": {f"{DEAL}/stage/default": '"opne"'},
    "an attribute without a type": {"picklist/stage.json#values/0/attributes/colour": "red"},
    "an attribute of another type": {"picklist/stage.json#values/0/attributes/chance": "half"},
    "words for a missing value": {
        f"{DEAL}/reason/other": {"value": "othr", "text": "words"}, f"{DEAL}/words": text("Words", "说明")
    },
    "words in a missing field": {f"{DEAL}/reason/other": {"value": "time", "text": "words"}},
    "words in a date": {f"{DEAL}/reason/other": {"value": "time", "text": "closes_on"}},
    "words for two": {
        f"{DEAL}/reason/other": {"value": "time", "text": "words"},
        f"{DEAL}/stage/other": {"value": "lost", "text": "words"},
        f"{DEAL}/words": text("Words", "说明"),
    },
    "depending on a missing field": {f"{DEAL}/reason/depends_on/field": "stag"},
    "depending on a date": {f"{DEAL}/reason/depends_on": {"field": "closes_on", "allow": {}}},
    "depending on a missing value": {f"{DEAL}/reason/depends_on/allow/lost/0": "prize"},
    "roll-up over a missing field": {"object/customer.json#fields/won/from": "deal.custmer"},
    "roll-up over a field that leads elsewhere": {"object/customer.json#fields/won/from": "line.deal"},
    "roll-up of a text": {"object/customer.json#fields/won/field": "name"},
    "roll-up of nothing": {"object/customer.json#fields/won/field": None},
    "a median of texts": {
        "object/customer.json#fields/won/op": "median", "object/customer.json#fields/won/field": "name"
    },
    "a roll-up over no tree": {
        "object/customer.json#hierarchy": None, "object/customer.json#fields/won/tree": True
    },
    "a period over a missing date": {
        "object/customer.json#fields/won/window": {"field": "closed_on", "period": "this_year"}
    },
    "a period over a text": {"object/customer.json#fields/won/window": {"field": "name", "period": "this_year"}},
    "a period that is none": {"object/customer.json#fields/won/window": {"field": "closes_on", "period": "lately"}},
    "amounts by the viewer's right": {
        "object/customer.json#fields/won/rights": "viewer", "object/customer.json#currency": {"mode": "record"}
    },
    "what cannot be counted by the viewer's right": {
        "object/customer.json#fields/won": {
            "type": "rollup", "label": label("Won", "成交额"), "from": "deal.customer", "op": "concat", "field": "name",
            "rights": "viewer", "tree": True, "indexed": True, "required": True,
        },
    },
    "a roll-up by the viewer's right where all must agree": {
        "object/customer.json#fields/won/rights": "viewer",
        "object/customer.json#title": {"field": "name", "subtitle": ["won"]},
        "object/customer.json#fields/rich": formula("won > 5", "boolean"),
        "validation_rule/deal/dear.json#when": "customer.won > 5",
    },
    "roll-ups in a circle": {
        "object/customer.json#fields/won/from": "customer.parent",
        "object/customer.json#fields/won/field": "won",
        "object/customer.json#fields/won/where": None,
    },
    "a link through an object that has no lookup": {
        f"{DEAL}/friends": {
            "type": "link", "label": label("Friends", "伙伴"), "target": "customer", "through": "line"
        }
    },
    "copying from a missing field": {f"{DEAL}/customer/copy": {"name": {"from": "nmae"}}},
    # formula fields
    "a formula field of another type": {f"{DEAL}/worth": formula("amount > 0", returns="text")},
    "a formula field with a missing field": {f"{DEAL}/worth": formula("amout * 2")},
    "a formula field that must be filled in": {f"{DEAL}/worth": formula("amount", required=True, unique=True)},
    "a formula field with an index": {f"{DEAL}/worth": formula("amount", indexed=True)},
    "a formula field that looks at changes": {f"{DEAL}/worth": formula("ISNEW()", returns="boolean")},
    "a formula field that reads itself over others": {
        f"{DEAL}/worth": formula("twice / 2"), f"{DEAL}/twice": formula("customer.won * 2"),
        "object/customer.json#fields/won/field": "worth",
    },
    "a search that reads a formula without a column": {
        f"{DEAL}/worth": formula("name & name", returns="text"), "object/deal.json#search": [{"field": "worth"}],
    },
    "a roll-up over the clock": {
        f"{DEAL}/worth": formula("closes_on - TODAY()"), "object/customer.json#fields/won/field": "worth",
    },
    "a stored formula of the clock": {f"{DEAL}/worth": formula("closes_on - TODAY()", stored=True)},
    "a stored formula of the reader": {f"{DEAL}/worth": formula("$User.id", returns="text", stored=True)},
    # formulas
    "a formula of a wrong type": {f"{DEAL}/closes_on/default": "amount * 2"},
    "a formula with a missing field": {"path/deal/main.json#stages/1/gate/0/when": "ISBLANK(custmer)"},
    "a formula that is none": {"conversion/deal/to_customer.json#when": "ISBLANK(customer"},
    "a condition that looks at what changed": {"object/customer.json#fields/won/where": "ISNEW()"},
    "a mode without its condition": {"object/line.json#fields/price/compute/mode": "when"},
    "a condition without its mode": {"object/line.json#fields/price/compute/when": "TRUE"},
    "a global action that reads a field": {
        "action/new_deal.json#does/create/prefill/name": "name"
    },
    # record types and paths
    "a subset with a missing value": {"record_type/deal/tender.json#values/stage/only/1": "wno"},
    "a default outside the subset": {"record_type/deal/tender.json#values/stage/default": "lost"},
    "a missing path": {"record_type/deal/tender.json#path": "deal.long"},
    "a stage that is no value": {"path/deal/main.json#stages/1/value": "wonn"},
    "a next stage that is none": {"path/deal/main.json#stages/0/next": ["won", "sent"]},
    "a path over a text": {"path/deal/main.json#field": "name"},
    "a rule at a missing field": {"validation_rule/deal/dear.json#at": ["amout"]},
    "a rule at lines that are none": {"validation_rule/deal/dear.json#at": ["line.name"]},
    "a rule that is a number": {"validation_rule/deal/dear.json#when": "amount"},
    "a rule for stages without any": {
        "validation_rule/customer/never.json": {
            "kind": "validation_rule", "name": "customer.never", "object": "customer", "when": "FALSE",
            "on": ["stage"], "message": label("Never", "从不"),
        }
    },
    "a rule that a field switches": {"validation_rule/deal/dear.json#active": "amount > 5"},
    "tests of a rule that are wrong": {
        "validation_rule/deal/dear.json#when": "amount > 5 && (ISCHANGED(stage) || name = \"x\")",
        "validation_rule/deal/dear.json#tests": [
            {"key": "red", "given": {"amount": "6", "stage": "won"}, "before": {"stage": "open"}, "expect": False},
            {"key": "red", "given": {"amuont": "6"}, "expect": False},
            {"key": "unfit", "given": {"amount": 0.5, "stage": "wonn", "name": "x"}, "expect": "5"},
            {"key": "moment", "given": {"amount": "5"}, "at": "2026-02-30T09:00:00Z", "expect": False},
        ],
    },
    "tests of a formula that are wrong": {
        f"{DEAL}/worth": formula(
            "amount / (YEAR(closes_on) - YEAR(TODAY()))",
            tests=[
                {"key": "clock", "given": {"amount": "1"}, "expect": "1"},
                {"key": "fails", "given": {"amount": "1", "closes_on": "2026-01-01"},
                 "at": "2026-05-01T09:00:00+08:00", "expect": "1"},
                {"key": "gives", "given": {"amount": "1", "closes_on": "2028-01-01"}, "before": {"amount": "2"},
                 "at": "2026-05-01T09:00:00+08:00", "expect": {"error": "division_by_zero"}},
                {"key": "blank", "at": "2026-05-01T09:00:00+08:00", "expect": "0"},
            ],
        )
    },
    "tests of what is typed": {f"{DEAL}/amount/tests": [{"key": "half", "expect": "50"}]},
    "tests of what looks elsewhere": {
        "validation_rule/deal/dear.json#when": "amount * CURRENCYRATE(\"USD\") > 5",
        "validation_rule/deal/dear.json#tests": [{"key": "dear", "given": {"amount": "6"}, "expect": True}],
    },
    "a rule without a message": {"validation_rule/deal/dear.json#message": None},
    # fills
    "a fill of a missing object": {"fill/lin/price.json": {**fill(), "name": "lin.price", "object": "lin"}},
    "a fill from nowhere": {FILL: fill(**{"from": None})},
    "a fill from a missing object": {FILL: fill(**{"from": "custmer"})},
    "a fill from two places": {FILL: fill(lookup="deal")},
    "a fill of all there is": {FILL: fill(match=None)},
    "a fill by a lookup that chooses": {FILL: fill(**{"from": None}, lookup="deal", set={"name": "name"})},
    "a fill by no lookup": {FILL: fill(**{"from": None}, match=None, lookup="price", set={"name": "name"})},
    "a fill by a missing lookup": {FILL: fill(**{"from": None}, match=None, lookup="dael", set={"name": "name"})},
    "a fill that matches what is missing": {FILL: fill(match={"nmae": "deal.customer.name"})},
    "a fill that matches another type": {FILL: fill(match={"parent": "deal.amount"})},
    "a fill that matches what is several": {
        "object/customer.json#fields/sorts": {
            "type": "multi_picklist", "label": label("Sorts", "类别"), "picklist": "stage",
        },
        FILL: fill(match={"sorts": "deal.stage"}),
    },
    "a fill that matches what has no column": {
        "object/customer.json#fields/upper": formula("UPPER(name)", returns="text"),
        FILL: fill(match={"upper": "deal.name"}),
    },
    "a fill with mistakes in its formulas": {
        FILL: fill(where="ctiy = 1", match={"name": "deal.nmae"}, set={"name": "$Record.nmae & city"}),
    },
    "a fill of another type": {FILL: fill(set={"name": "won"})},
    "a fill that looks at what changed": {
        FILL: fill(match={"name": "IF(ISNEW(), deal.name, deal.name)"}, where="ISNEW()")
    },
    "a fill on a day without dates": {FILL: fill(on="TODAY()")},
    "a fill without its day": {
        "object/customer.json#fields/since": {"type": "date", "label": label("Since", "自")},
        "object/customer.json#fields/until": {"type": "date", "label": label("Until", "至")},
        "object/customer.json#effective_dates": {"from": "since", "to": "until", "keys": ["name"]},
        FILL: fill(),
    },
    "a fill in the order of what is missing": {FILL: fill(order=[{"field": "parent.citty"}])},
    "a fill of what computes itself": {FILL: fill(set={"price": "won"})},
    "a fill of a missing field": {FILL: fill(set={"nmae": "name"})},
    "a fill that watches in vain": {FILL: fill(again="when_changed", watch=["nmae"])},
    "a fill that refuses without a word": {FILL: fill(none="refuse")},
    "a fill with a word for nothing": {FILL: fill(message=label("None", "没有"))},
    "a fill whose reason names what is missing": {FILL: fill(reason=label("From {citty}", "来自{parent.city}"))},
    "fills that ask one another": {
        FILL: fill(otherwise="second"),
        "fill/line/second.json": {**fill(otherwise="name"), "name": "line.second"},
    },
    "a second fill that says what the first one says": {
        "object/line.json#fields/note": text("Note", "备注"),
        FILL: fill(otherwise="second"),
        "fill/line/second.json": {**fill(again="once", set={"name": "city", "note": "city"}), "name": "line.second"},
    },
    "a fill that asks what is missing": {FILL: fill(otherwise="secnod")},
    "two fills of one field": {FILL: fill(), "fill/line/second.json": {**fill(), "name": "line.second"}},
    "a fill that follows from itself": {FILL: fill(match={"name": "name"})},
    "a fill that takes over another type": {
        "object/customer.json#fields/where": {"type": "address", "label": label("Where", "地址")},
        FILL: fill(set={"name": "where"}),
    },
    "conditions of lines that are wrong": {
        "layout/deal/default.json#tabs/0/sections/1/columns/0/visible_when": "prcie > 5",
        "layout/deal/default.json#tabs/0/sections/1/columns/1/required_when": "ISCHANGED(name)",
    },
    # calendars
    "a calendar of what is not built": {"calendar/ours.json": calendar(shifts=[], time_zone="Asia/Shanghai")},
    "a week without days": {"calendar/ours.json": calendar(days=[])},
    "a day of no week": {"calendar/ours.json": calendar(days=["mon"])},
    "a holiday that is no day": {"calendar/ours.json": calendar(holidays=[{"key": "a", "from": "2025-02-29"}])},
    "a holiday in other words": {"calendar/ours.json": calendar(holidays=[{"key": "a", "from": "1 May 2025"}])},
    "a holiday backwards": {
        "calendar/ours.json": calendar(holidays=[{"key": "a", "from": "2025-10-07", "to": "2025-10-01"}])
    },
    "a holiday without end": {
        "calendar/ours.json": calendar(holidays=[{"key": "a", "from": "2025-10-07", "to": "2035-10-01"}])
    },
    "a holiday twice": {
        "calendar/ours.json": calendar(
            holidays=[{"key": "a", "from": "2025-05-01"}, {"key": "a", "from": "2025-10-01"}]
        )
    },
    "a holiday that is worked": {
        "calendar/ours.json": calendar(
            holidays=[{"key": "a", "from": "2025-10-01", "to": "2025-10-08"}],
            workdays=[{"key": "b", "from": "2025-10-11"}, {"key": "c", "from": "2025-10-08"}],
        )
    },
    "two calendars of the company": {
        "calendar/ours.json": calendar(default=True),
        "calendar/theirs.json": {**calendar(default=True), "name": "theirs"},
    },
    "a fiscal year of no month": {"calendar/ours.json": calendar(fiscal_year={"month": 13})},
    "a stored formula over the calendar": {
        f"{DEAL}/worth": formula("WORKDAYS(DATE(2025, 1, 1), closes_on)", stored=True)
    },
    "a required field that is missing": {"path/deal/main.json#stages/1/required": ["amout"]},
    # layouts, lists, apps
    "a layout naming a missing field": {f"{SECTION}/0/items/2/field": "customer.owner.nam"},
    "a layout for a missing record type": {"layout/deal/default.json#for/record_types": ["tendr"]},
    "a section twice": {f"{SECTION}/1/key": "deal"},
    "columns without lines": {f"{SECTION}/1/lines": None},
    "fields and lines": {f"{SECTION}/1/items": [{"field": "name"}]},
    "a column that lines do not have": {f"{SECTION}/1/columns/1/field": "pirce"},
    "a missing action": {"layout/deal/default.json#actions/0/key": "convrt"},
    "a related list from elsewhere": {"layout/customer/default.json#related/0/from": "line.deal"},
    "a related list filtered by a missing field": {
        "layout/customer/default.json#related/0/filter": {"field": "amout", "op": "gt", "value": "0"}
    },
    "a list with a missing column": {"list_view/deal/mine.json#columns/1/field": "customer.nam"},
    "a total of texts": {"list_view/deal/mine.json#columns/0/total": "sum"},
    "a list with a formula over a missing field": {"list_view/deal/mine.json#when": "amout > 100"},
    "a list with a formula that is no condition": {"list_view/deal/mine.json#when": "amount"},
    "a list with a formula that is broken": {"list_view/deal/mine.json#when": "amount >"},
    "a list that asks what changed": {"list_view/deal/mine.json#when": "ISCHANGED(amount)"},
    "a list with a formula that has no SQL": {"list_view/deal/mine.json#when": "REGEX(name, name)"},
    "a formula in a filter": {FILTER: {"formula": "amount > 100"}},
    "a condition that is none": {f"{FILTER}/all/0": {"field": "owner"}},
    "a missing operator": {f"{FILTER}/all/1/not/op": "during"},
    "an operand that does not fit": {f"{FILTER}/all/1/not/value": "sometime"},
    "groups too deep": {FILTER: nested(8)},
    "an app with a missing view": {"app/sales.json#items/0/view": "all"},
    "an item that is nothing": {"app/sales.json#items/1": {"key": "rule"}},
    "a translation of nothing": {"translation/de.json#texts/object:custmer": {"label": "Kunde"}},
    "a translation at a missing place": {"translation/de.json#texts/picklist:stage": {"values#wonn/label": "Gewonnen"}},
    "a condition above a list": {
        "action/deal/convert.json#place": ["list"], "action/deal/convert.json#visible_when": "amount > 0"
    },
    "a condition of an action that is no condition": {"action/deal/convert.json#visible_when": "amount"},
    # rows
    "a row of data": {"row/deal/first.json": {"kind": "row", "name": "deal.first", "values": {"name": "First"}}},
    "a row of a missing object": {"row/dael/first.json": {"kind": "row", "name": "dael.first", "values": {}}},
    "a row with a missing field": tiers(nam="Gold"),
    "a row with a value that is computed": tiers(count=3),
    "a row with a value of the system": tiers(created_at="2026-01-01"),
    "a row without a required value": {
        **tiers(), "row/tier/none.json": {"kind": "row", "name": "tier.none", "values": {}}
    },
    "a row with a text for a number": tiers(rate="much"),
    "a row with a fraction": tiers(rate=0.2),
    "a row with a date as people write it": tiers(since="2026/1/2"),
    "a row with a label for a value": tiers(stage="赢单"),
    "a row that names a missing row": tiers(above="gld"),
    "a row that names data": tiers(customer="ada"),
    "two rows with one unique value": {
        **tiers(), "row/tier/two.json": {"kind": "row", "name": "tier.two", "values": {"name": "Gold"}}
    },
    "too many rows": {
        **tiers(),
        **{
            f"row/tier/r{at}.json": {"kind": "row", "name": f"tier.r{at}", "values": {"name": f"Tier {at}"}}
            for at in range(2000)
        },
    },
    "rows that never change": tiers(keys={"append_only": True}),
    # actions, conversions, imports, settings
    "a missing conversion": {"action/deal/convert.json#does/convert": "deal.to_costumer"},
    "a list's action that converts": {"action/deal/convert.json#place": ["list", "row"]},
    "a global action that converts": {"action/new_deal.json#does": {"convert": "deal.to_customer"}},
    "a conversion into a missing object": {f"{INTO}/0/object": "custmer"},
    "a map to a missing field": {f"{INTO}/0/map/nam": "name"},
    "finding by what is not mapped": {f"{INTO}/0/find/same": ["name", "city"]},
    "a link to a later step": {f"{INTO}/1/link/customer": "later"},
    "a link that leads elsewhere": {f"{INTO}/1/link": {"name": "customer"}},
    "taking over another type": {
        f"{DEAL}/place": {"type": "address", "label": label("Address", "地址")},
        f"{INTO}/0/map/city": "place",
    },
    "opening a missing step": {"conversion/deal/to_customer.json#after/open": "custmer"},
    "an import into a missing field": {"import_mapping/deal/list.json#columns/Name/field": "title"},
    "a setting of another type": {"setting/free_discount.json#default": "much"},
}  # fmt: skip
"""Cases in the company's own layer."""

OVERLAYS: dict[str, dict[str, Any]] = {
    "overlay of nothing": {"overlay/change.json": overlay(target="layout:deal.defalt", hide=["tabs"])},
    "overlay of its own layer": {
        "overlay/change.json": overlay(target="app:own", set={"icon": "star"}),
        "app/own.json": {**WORKSHOP["app/sales.json"], "name": "own"},
    },
    "overlay at a missing place": {"overlay/change.json": overlay(set={"tabs#mian/label": label("Main", "基本")})},
    "overlay adding what is there": {
        "overlay/change.json": overlay(add={"tabs#main/sections#deal/items": [{"field": "name"}]})
    },
    "overlay bringing a missing field": {
        "overlay/change.json": overlay(add={"tabs#main/sections#deal/items": [{"field": "nmae", "after": "name"}]})
    },
    "overlay that breaks a schema": {"overlay/change.json": overlay(set={"tabs#main/label": "Main"})},
}  # fmt: skip
"""What the company lays over the workshop, the workshop being a package: file → document."""

PACKAGES: dict[str, dict[str, dict[str, Any]]] = {
    "a missing package": {"tools": {"package.json": package(requires={"toolz": ">=1"})}},
    "a version that does not fit": {
        "tools": {"package.json": package(requires={"shop": ">=1.4 <2"})},
        "shop": {"package.json": package("shop", namespace="shop")},
    },
    "a range that is none": {"tools": {"package.json": package(requires={"tools": "new"})}},
    "packages in a circle": {
        "tools": {"package.json": package(requires={"shop": ">=1"})},
        "shop": {"package.json": package("shop", namespace="shop", requires={"tools": ">=1"})},
    },
    "a newer platform": {"tools": {"package.json": package(min_platform="99.0")}},
    "no namespace": {"tools": {"package.json": package(namespace=None)}},
    "a namespace twice": {
        "tools": {"package.json": package()},
        "shop": {"package.json": package("shop")},
    },
    "a name without its namespace": {
        "tools": {
            "package.json": package(),
            "label/thanks_again.json": {"kind": "label", "name": "thanks_again", "label": label("Thanks", "谢谢")},
        }
    },
    "a text in one language": {
        "tools": {
            "package.json": package(),
            "label/tools__hi.json": {"kind": "label", "name": "tools__hi", "label": {"en": "Hello"}},
        }
    },
    "another's component": {
        "tools": {"package.json": package(), "picklist/stage.json": WORKSHOP["picklist/stage.json"]}
    },
    "a package that leans on the company": {
        "tools": {
            "package.json": package(),
            "layout/deal/tools__small.json": {
                **WORKSHOP["layout/deal/default.json"], "name": "deal.tools__small", "for": {}, "actions": [],
            },
        }
    },
    "a package that it does not require": {
        "tools": {
            "package.json": package(),
            "picklist/tools__size.json": {
                **WORKSHOP["picklist/stage.json"], "name": "tools__size"
            },
        },
        "shop": {
            "package.json": package("shop", namespace="shop"),
            "object/shop__item.json": {
                "kind": "object",
                "name": "shop__item",
                "label": label("Item", "商品"),
                "title": {"field": "name"},
                "fields": {
                    "name": {"type": "text", "label": label("Name", "名称")},
                    "size": {"type": "picklist", "label": label("Size", "尺码"), "picklist": "tools__size"},
                },
            },
        },
    },
}  # fmt: skip
"""Cases with packages beside the workshop: folder → file → document."""


CASES |= bad_approvals.CASES | bad_automations.CASES | bad_channels.CASES | bad_scenarios.CASES
PACKAGES |= bad_approvals.PACKAGES

NAMES = (*CASES, *OVERLAYS, *PACKAGES)


def read(name: str) -> Documents:
    """The documents of a case."""
    if name in CASES:
        return read_texts(changed(CASES[name]))
    if name in OVERLAYS:
        found = read_texts(changed({"package.json": package("base", namespace=None)}))
        return _both(found, OVERLAYS[name])
    found = read_texts(changed({}))
    for files in PACKAGES[name].values():
        found = _both(found, files)
    return found


def _both(found: Documents, files: dict[str, Any]) -> Documents:
    one = read_texts({file: json.dumps(body, ensure_ascii=False, indent=2).encode() for file, body in files.items()})
    return Documents((*found.components, *one.components), (*found.problems, *one.problems))


def written(problem: Problem) -> str:
    """A problem with everything that it says."""
    place = problem.place
    where = f"{place.file or '-'}:{place.line or 0}:{place.column or 0} {place.pointer or ''}".rstrip()
    return f"{problem.code}  {problem.thing}\n  {where}\n  {problem.text('en')}\n  {problem.text('zh-CN')}\n"


def reported(name: str) -> str:
    """What checking says to a case."""
    return f"## {name}\n" + "".join(map(written, check(read(name)).problems))


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(reported(name) for name in NAMES), "utf-8")
