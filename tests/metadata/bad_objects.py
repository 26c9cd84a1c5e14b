"""Objects and fields that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from tests.metadata.unsound import DEAL, clash, formula
from tests.metadata.workshop import WORKSHOP, label, text

CASES: dict[str, dict[str, Any]] = {
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
    "where records begin that have no life status": {"object/deal.json#lifecycle": {"begins": "effective"}},
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
}  # fmt: skip
"""Case → file → document."""
