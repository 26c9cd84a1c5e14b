"""Formulas, paths, fills and calendars that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from tests.metadata.unsound import DEAL, FILL, calendar, fill, formula
from tests.metadata.workshop import label, text

CASES: dict[str, dict[str, Any]] = {
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
    "a stage guarded by an approval that is not there": {"path/deal/main.json#stages/1/approval": "deal.nobody"},
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
    "a calendar of what is not built": {"calendar/ours.json": calendar(periods=[], time_zone="Asia/Shanghai")},
    "hours that end before they begin, lie in others, and leave days out": {
        "calendar/ours.json": calendar(hours=[
            {"key": "a", "days": ["monday", "tuesday"], "from": "09:00", "to": "12:00"},
            {"key": "b", "days": ["tuesday"], "from": "11:30", "to": "00:00"},
            {"key": "c", "days": ["friday"], "from": "18:00", "to": "09:00"},
        ])
    },
    "shifts beside hours, on a day that is off, and not on all others": {
        "calendar/ours.json": calendar(
            days=["monday", "tuesday", "sunday"],
            hours=[{"key": "a", "from": "09:00", "to": "12:00"}],
            shifts=[
                {"key": "night", "days": ["monday", "friday"], "from": "22:00", "to": "06:00"},
                {"key": "night", "days": ["sunday"], "from": "06:00", "to": "06:00"},
            ],
        )
    },
    "a made-up day without a shift": {
        "calendar/ours.json": calendar(
            shifts=[{"key": "day", "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
                     "from": "08:00", "to": "20:00"}],
            workdays=[{"key": "a", "from": "2026-02-14"}],
        )
    },
    "an hour that is none": {"calendar/ours.json": calendar(hours=[{"key": "a", "from": "9:00", "to": "24:00"}])},
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
}  # fmt: skip
"""Case → file → document."""
