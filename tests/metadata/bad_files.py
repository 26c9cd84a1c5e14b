"""Files, shapes and names that cannot be read: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from tests.metadata.unsound import DEAL, SECTION, role
from tests.metadata.workshop import WORKSHOP, label

CASES: dict[str, dict[str, Any]] = {
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
    "a kind that comes later": {"report/open.json": {"kind": "report", "name": "open", "label": label("Open", "未结")}},
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
}  # fmt: skip
"""Case → file → document."""
