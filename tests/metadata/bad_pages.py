"""Layouts, lists, rows and actions that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from tests.metadata.unsound import DEAL, FILTER, INTO, SECTION, nested, tiers
from tests.metadata.workshop import label

CASES: dict[str, dict[str, Any]] = {
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
"""Case → file → document."""
