"""A small, sound set of documents that the tests of checking change one thing in."""

from __future__ import annotations

import copy
import json
from typing import Any

from dougong.metadata.documents import Documents, read_texts


def label(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh-CN": zh}


def text(en: str, zh: str, **keys: Any) -> dict[str, Any]:
    return {"type": "text", "label": label(en, zh), **keys}


WORKSHOP: dict[str, dict[str, Any]] = {
    "object/customer.json": {
        "kind": "object",
        "name": "customer",
        "label": label("Customer", "客户"),
        "title": {"field": "name", "subtitle": ["city"]},
        "highlights": [{"field": "city"}, {"field": "owner"}],
        "search": [{"field": "name", "pinyin": True}],
        "hierarchy": {"parent": "parent"},
        "constraints": {"once": {"type": "unique", "fields": ["name", "city"], "when": "NOT(ISBLANK(city))"}},
        "fields": {
            "name": text("Name", "名称", required=True, length=80),
            "city": text("City", "城市"),
            "parent": {"type": "lookup", "label": label("Parent", "上级"), "target": "customer"},
            "won": {
                "type": "rollup", "label": label("Won", "成交额"), "from": "deal.customer", "op": "sum",
                "field": "amount", "where": "stage.closed",
            },
        },
    },
    "object/deal.json": {
        "kind": "object",
        "name": "deal",
        "label": label("Deal", "商机"),
        "title": {"field": "name"},
        "access": {"default": "by_parent", "parent": "customer"},
        "currency": {"mode": "record", "rate_date": "closes_on"},
        "lines": [{"field": "line.deal"}],
        "fields": {
            "name": text("Name", "名称", required=True),
            "customer": {"type": "lookup", "label": label("Customer", "客户"), "target": "customer"},
            "stage": {"type": "picklist", "label": label("Stage", "阶段"), "picklist": "stage", "default": '"open"'},
            "reason": {
                "type": "picklist", "label": label("Reason", "原因"),
                "values": [
                    {"value": "price", "label": label("Price", "价格")},
                    {"value": "time", "label": label("Time", "时间")},
                ],
                "depends_on": {"field": "stage", "allow": {"lost": ["price"]}},
            },
            "amount": {"type": "money", "label": label("Amount", "金额")},
            "closes_on": {"type": "date", "label": label("Closes on", "预计签约日"), "default": "TODAY() + 30"},
        },
    },
    "object/line.json": {
        "kind": "object",
        "name": "line",
        "label": label("Line", "明细"),
        "title": {"field": "name"},
        "owner": "none",
        "currency": {"mode": "parent"},
        "fields": {
            "name": text("Name", "名称"),
            "deal": {"type": "master_detail", "label": label("Deal", "商机"), "target": "deal", "required": True},
            "price": {
                "type": "money", "label": label("Price", "单价"),
                "compute": {"formula": "deal.amount", "mode": "until_edited"},
            },
        },
    },
    "object/user.json": {
        "kind": "object",
        "name": "user",
        "label": label("User", "用户"),
        "title": {"field": "name"},
        "owner": "none",
        "fields": {"name": text("Name", "姓名")},
    },
    "picklist/stage.json": {
        "kind": "picklist",
        "name": "stage",
        "label": label("Stage", "阶段"),
        "attributes_schema": {"closed": "boolean", "chance": "percent"},
        "values": [
            {"value": "open", "label": label("Open", "进行中"), "attributes": {"closed": False, "chance": "0.5"}},
            {"value": "won", "label": label("Won", "赢单"), "attributes": {"closed": True, "chance": "1"}},
            {"value": "lost", "label": label("Lost", "输单"), "attributes": {"closed": True, "chance": "0"}},
        ],
    },
    "record_type/deal/tender.json": {
        "kind": "record_type",
        "name": "deal.tender",
        "label": label("Tender", "招投标"),
        "values": {"stage": {"only": ["open", "won"], "default": "open"}},
        "defaults": {"closes_on": "TODAY() + 180"},
        "path": "deal.main",
    },
    "path/deal/main.json": {
        "kind": "path",
        "name": "deal.main",
        "object": "deal",
        "field": "stage",
        "stages": [
            {"value": "open", "next": ["won", "lost"], "limit": "30d"},
            {
                "value": "won", "required": ["amount"],
                "gate": [
                    {"key": "has_customer", "when": "ISBLANK(customer)", "message": label("No customer", "没有客户")}
                ],
            },
            {"value": "lost", "required": ["reason"], "back": "with_reason"},
        ],
    },
    "validation_rule/deal/dear.json": {
        "kind": "validation_rule",
        "name": "deal.dear",
        "object": "deal",
        "when": "amount > $Setup.free_discount && ISPICKVAL(stage, \"won\")",
        "active": "$Setup.free_discount > 0",
        "at": ["amount", "line.deal"],
        "on": ["update", "stage"],
        "record_types": ["tender"],
        "severity": "warning",
        "message": label("Rather dear", "偏贵"),
        "tests": [
            {"key": "dear", "given": {"amount": "200", "stage": "won", "$Setup.free_discount": "0.1"}, "expect": True},
            {"key": "open", "given": {"amount": "200", "stage": "open"}, "expect": False},
        ],
    },
    "layout/deal/default.json": {
        "kind": "layout",
        "name": "deal.default",
        "object": "deal",
        "for": {"purpose": ["view", "edit"], "record_types": ["tender"]},
        "actions": [{"key": "convert"}, {"key": "clone", "in_menu": True}],
        "tabs": [
            {
                "key": "main", "label": label("Main", "基本"),
                "sections": [
                    {
                        "key": "deal", "label": label("Deal", "商机"), "columns": 2,
                        "items": [
                            {"field": "name"}, {"field": "customer"},
                            {"field": "customer.owner.name", "visible_when": "NOT(ISBLANK(customer))"},
                        ],
                    },
                    {
                        "key": "lines", "lines": "line.deal",
                        "columns": [{"field": "name"}, {"field": "price", "total": "sum"}],
                    },
                ],
            }
        ],
    },
    "layout/customer/default.json": {
        "kind": "layout",
        "name": "customer.default",
        "object": "customer",
        "tabs": [
            {
                "key": "main", "label": label("Main", "基本"),
                "sections": [{"key": "who", "items": [{"field": "name"}, {"field": "city"}]}],
            }
        ],
        "related": [
            {"key": "deals", "from": "deal.customer", "columns": ["name", "stage"]},
            {"key": "lines", "from": "line.deal.customer"},
        ],
    },
    "list_view/deal/mine.json": {
        "kind": "list_view",
        "name": "deal.mine",
        "object": "deal",
        "label": label("My deals", "我的商机"),
        "filter": {
            "all": [
                {"field": "owner", "op": "is", "value": "$me"},
                {"not": {"field": "closes_on", "op": "within", "value": "this_month"}},
            ]
        },
        "when": "NOT ISBLANK(customer)",
        "columns": [{"field": "name"}, {"field": "customer.name"}, {"field": "amount", "total": "sum"}],
        "sort": [{"field": "closes_on", "dir": "asc"}],
    },
    "app/sales.json": {
        "kind": "app",
        "name": "sales",
        "label": label("Sales", "销售"),
        "items": [{"key": "deals", "object": "deal", "view": "mine"}, {"key": "rule", "separator": True}],
    },
    "action/deal/convert.json": {
        "kind": "action",
        "name": "deal.convert",
        "object": "deal",
        "label": label("Convert", "转换"),
        "does": {"convert": "deal.to_customer"},
    },
    "action/new_deal.json": {
        "kind": "action",
        "name": "new_deal",
        "label": label("New deal", "新建商机"),
        "does": {"create": {"object": "deal", "layout": "deal.default", "prefill": {"closes_on": "TODAY()"}}},
    },
    "conversion/deal/to_customer.json": {
        "kind": "conversion",
        "name": "deal.to_customer",
        "object": "deal",
        "label": label("To customer", "转为客户"),
        "when": 'ISPICKVAL(stage, "won")',
        "undo_for": "7d",
        "into": [
            {"key": "customer", "object": "customer", "find": {"same": ["name"]}, "map": {"name": "name"}},
            {
                "key": "next", "object": "deal", "optional": True, "map": {"name": "name"},
                "link": {"customer": "customer"},
                "children": [{"key": "lines", "from": "line.deal", "into": "line.deal", "map": {"name": "name"}}],
            },
        ],
        "after": {"set": {"stage": '"won"'}, "open": "customer"},
    },
    "import_mapping/deal/list.json": {
        "kind": "import_mapping",
        "name": "deal.list",
        "object": "deal",
        "columns": {"Name": {"field": "name"}, "Customer": {"field": "customer", "look_up": ["name"]}},
        "key": ["name"],
    },
    "setting/free_discount.json": {
        "kind": "setting",
        "name": "free_discount",
        "label": label("Free discount", "免审折扣"),
        "type": "percent",
        "default": "0.1",
    },
    "label/thanks.json": {"kind": "label", "name": "thanks", "label": label("Thank you", "谢谢")},
    "translation/de.json": {
        "kind": "translation",
        "name": "de",
        "language": "de",
        "texts": {"object:customer": {"label": "Kunde"}, "picklist:stage": {"values#won/label": "Gewonnen"}},
    },
}  # fmt: skip
"""File → document, hand-written form."""


def changed(changes: dict[str, Any]) -> dict[str, bytes]:
    """The workshop as files, with `changes`: ``file`` → a document, a text, None to take it out, or
    ``file#path/to/key`` → the value of one key (None takes it out)."""
    files: dict[str, Any] = copy.deepcopy(WORKSHOP)
    for place, value in changes.items():
        file, mark, path = place.partition("#")
        if not mark:
            files[file] = value
            continue
        *above, last = (int(each) if each.isdecimal() else each for each in path.split("/"))
        holder = files[file]
        for step in above:
            holder = holder[step]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return {file: _bytes(each) for file, each in files.items() if each is not None}


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return written.encode()


def documents(changes: dict[str, Any] | None = None, layer: str | None = None) -> Documents:
    """The workshop, changed, as read from files."""
    return read_texts(changed(changes or {}), layer)
