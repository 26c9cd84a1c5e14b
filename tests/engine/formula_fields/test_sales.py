"""The formulas of the sales package: each line of docs/sales-formulas.md, with numbers that can be checked by hand."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import event

from dougong.base.errors import DougongError
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Condition, Measure, Query, Sort, Summary
from dougong.engine.saving.batch import Create, Made, Update
from dougong.metadata.component import Component
from dougong.metadata.model import Model

DOCUMENT = Path(__file__).parents[3] / "docs" / "sales-formulas.md"


def saved(company: Company, *changes: Create | Update) -> list[str]:
    return company.write(SYSTEM, lambda unit: [each.id for each in unit.records.save(list(changes)).changes])


def value(company: Company, object_name: str, id: str, name: str, days: int = 0) -> Any:
    """A field as it is read, by its record and by a list; `days` from now."""
    with company.read(SYSTEM) as unit:
        unit.now += timedelta(days=days)
        found = unit.records.get(object_name, id).values[name]
        query = Query(object=object_name, columns=(name,), where=Condition("id", "is", id), sort=(Sort(name, True),))
        assert [row.values[0] for row in unit.records.query(query).rows] == [found]
        return found


def account(**values: Any) -> Create:
    return Create("account", {"name": "远澜新能源", "record_type": "enterprise", **values}, key="a")


def deal(**values: Any) -> Create:
    return Create("opportunity", {"name": "EMS", "account": Made("a"), "stage": "prospecting", **values}, key="d")


def test_weighted(sales: Company) -> None:
    """amount * probability; blank counts as nothing; follows the stage; adds up in the company's currency."""
    _, first, second = saved(sales, account(), deal(amount="1000.05"), Create("opportunity", {
        "name": "Blank", "account": Made("a"), "stage": "prospecting",
    }))  # fmt: skip
    assert value(sales, "opportunity", first, "weighted") == Decimal("100.01")
    assert value(sales, "opportunity", second, "weighted") == 0
    saved(sales, Update("opportunity", first, {"probability": "0.5"}))
    assert value(sales, "opportunity", first, "weighted") == Decimal("500.03")
    with sales.read(SYSTEM) as unit:
        ((_, (total,)),) = unit.records.summarise(Summary(object="opportunity", measures=(Measure("sum", "weighted"),)))
    assert total == Decimal("500.03")


def test_closed_and_won(sales: Company) -> None:
    """What the outcome of the stage says; roll-ups of the customer count by it."""
    customer, made = saved(sales, account(), deal(amount="10"))
    assert (value(sales, "opportunity", made, "is_closed"), value(sales, "opportunity", made, "is_won")) == (False,) * 2
    with sales.read(SYSTEM) as unit:
        stages = unit.runtime.model.picklists["sales_stage"].values
    open_stages = [name for name, each in stages.items() if each.attributes["outcome"] == "open"]
    with sales.read(SYSTEM) as unit:
        ids = [
            row.id
            for row in unit.records.query(Query(object="opportunity", where=Condition("is_closed", "is", False))).rows
        ]
    assert ids == [made]
    assert "prospecting" in open_stages
    assert value(sales, "account", customer, "open_amount") == 10
    assert value(sales, "account", customer, "won_amount") == 0


def test_days_since_contact(sales: Company) -> None:
    """Whole days from the last finished activity to today, blank where there was none."""
    with sales.read(SYSTEM) as unit:
        done = unit.now - timedelta(days=3)
    customer, made = saved(sales, account(), deal())
    assert value(sales, "opportunity", made, "days_since_contact") is None
    saved(sales, Create("activity", {
        "subject": "Call", "kind": "call", "status": "done", "done_at": done,
        "related_to": {"object": "opportunity", "id": made},
    }))  # fmt: skip
    for object_name, id in (("opportunity", made), ("account", customer)):
        assert value(sales, object_name, id, "days_since_contact") == 3
        assert value(sales, object_name, id, "days_since_contact", days=2) == 5


def test_discount_and_margin(sales: Company) -> None:
    """Of the lines' sums; none without lines."""
    product = saved(sales, Create("product", {"name": "EMS", "list_price": "100", "cost": "60"}))[0]
    _, quote = saved(sales, account(), Create("quote", {"account": Made("a")}))
    assert value(sales, "quote", quote, "discount_rate") == 0
    line = {"quote": quote, "product": product, "quantity": "2", "unit_price": "100", "discount": "0.1",
            "tax_rate": "0", "unit_cost": "60"}  # fmt: skip
    saved(sales, Create("quote_line", line))
    assert value(sales, "quote", quote, "discount_rate") == Decimal("0.1")
    assert value(sales, "quote", quote, "margin") == Decimal("0.3333")


def test_contract_due_and_overdue(sales: Company) -> None:
    """amount less receipts; days since the earliest instalment that is not settled, while anything is due."""
    with sales.read(SYSTEM) as unit:
        today = unit.reading.today
    _, contract = saved(sales, account(), Create("contract", {"name": "C", "account": Made("a"), "amount": "900"}))
    saved(
        sales,
        Create(
            "payment_plan",
            {"name": "First", "contract": contract, "due_on": today - timedelta(days=4), "amount": "300"},
        ),
    )
    assert value(sales, "contract", contract, "balance") == 900
    assert value(sales, "contract", contract, "overdue_days") == 4
    assert value(sales, "contract", contract, "overdue_days", days=-10) == 0


def test_completeness(sales: Company) -> None:
    """The share of the weights whose field is filled in, those alone that count for the record."""
    bare, known, person, contact = saved(sales, account(), Create("account", {
        "name": "Known", "record_type": "enterprise", "industry": None, "email": "a@example.com",
        "website": "https://example.com", "phone": "021-55556666",
    }), Create("account", {"name": "Li", "record_type": "person", "mobile": "13800138000"}),
        Create("contact", {"name": "Wang", "mobile": "13800138001", "position": "CFO"}))  # fmt: skip
    assert value(sales, "account", bare, "completeness") == Decimal("0.13")
    assert value(sales, "account", known, "completeness") == Decimal("0.50")
    assert value(sales, "account", person, "completeness") == Decimal("0.50")
    assert value(sales, "contact", contact, "completeness") == Decimal("0.43")
    with sales.read(SYSTEM) as unit:
        query = Query(object="account", columns=("name",), where=Condition("completeness", "lt", "0.4"),
                      sort=(Sort("completeness"),))  # fmt: skip
        assert [row.id for row in unit.records.query(query).rows] == [bare]
        measures = (Measure("avg", "completeness"), Measure("count"))
        ((_, (mean, count)),) = unit.records.summarise(Summary(object="account", measures=measures, by=("owner",)))
        assert (round(mean, 4), count) == (Decimal("0.3767"), 3)


def test_age_of_stage(sales: Company) -> None:
    """Days since the deal entered its stage; begins anew with the next one."""
    _, made = saved(sales, account(), deal())
    assert value(sales, "opportunity", made, "age_of_stage", days=5) == 5
    since = value(sales, "opportunity", made, "stage_since")
    saved(sales, Update("opportunity", made, {"next_step": "Call"}))
    assert value(sales, "opportunity", made, "stage_since") == since


def test_the_document_names_what_there_is(sales: Company) -> None:
    """Every component that docs/sales-formulas.md names exists, with the formula that it shows."""
    with sales.read(SYSTEM) as unit:
        model: Model = unit.runtime.model
    rows = re.findall(r"^\| `[^`]+` \| `field:(\w+)\.(\w+)` \| `([^`]*)`", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 8
    for object_name, name, text in rows:
        field = model.objects[object_name].fields[name]
        shown = text.replace("\\|", "|")
        body = model.components[field.address]
        assert shown in (body.get("formula"), body.get("compute", {}).get("formula"), body.get("from")), field.address


def test_the_document_names_every_rule(sales: Company) -> None:
    """With the condition that it has; and each rule has tests of both answers beside it."""
    with sales.read(SYSTEM) as unit:
        components = unit.runtime.model.components
    rules = {name: each for name, each in components.items() if name.startswith("validation_rule:")}
    rows = re.findall(r"^\| `(validation_rule:[\w.]+)` \| `(.*?)` \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert {name: text.replace("\\|", "|") for name, text in rows} == {
        name: body["when"] for name, body in rules.items()
    }
    assert all({test["expect"] for test in body["tests"]} == {True, False} for body in rules.values())


def refused(company: Company, *changes: Create | Update, why: str = "") -> list[tuple[str, str | None, str]]:
    """The code, place and rule of what a save is refused for; nothing where it is saved."""
    try:
        company.write(SYSTEM, lambda unit: unit.records.save(list(changes)), why=why)
    except DougongError as error:
        return [(each.code, each.place.field, each.thing.partition(":")[2]) for each in error.problems]
    return []


def test_rules_on_what_lines_come_to(sales: Company) -> None:
    """A quote below cost, new or changed together with its lines; a reason lets it through."""
    customer, quote = saved(sales, account(), Create("quote", {"account": Made("a")}))
    below = {"name": "BMS", "quantity": 1, "unit_price": "113", "tax_rate": "0.13", "unit_cost": "101"}
    expected = [("rule-warning", "quote_line.quote", "quote.below_cost")]
    new = [Create("quote", {"account": customer}, key="q"), Create("quote_line", {"quote": Made("q"), **below})]
    assert refused(sales, *new) == expected
    changed = Update("quote", quote, {"notes": "Offer of the spring"})
    assert refused(sales, changed, Create("quote_line", {"quote": quote, **below})) == expected
    assert refused(sales, changed, Create("quote_line", {"quote": quote, **below, "unit_cost": "100"})) == []
    assert refused(sales, *new, why="Entry into the market") == []


def test_rules_on_what_a_contract_still_has(sales: Company) -> None:
    """More money than is due, and instalments of more than the contract."""
    customer, contract = saved(
        sales,
        account(),
        Create("contract", {"name": "EMS", "account": Made("a"), "amount": "100", "life_status": "effective"}),
    )
    receipt = {"account": customer, "contract": contract, "life_status": "effective"}
    assert refused(sales, Create("receipt", {**receipt, "amount": "60"})) == []
    assert refused(sales, Create("receipt", {**receipt, "amount": "40.01"})) == [
        ("rule-warning", "amount", "receipt.exceeds_balance")
    ]
    assert refused(sales, Create("receipt", {**receipt, "amount": "40"})) == []
    plan = {"contract": contract, "name": "1", "due_on": "2026-05-01"}
    changed = Update("contract", contract, {"name": "EMS 2"})
    assert refused(sales, changed, Create("payment_plan", {**plan, "amount": "100.01"})) == [
        ("rule-warning", "payment_plan.contract", "contract.plan_exceeds_amount")
    ]
    assert refused(sales, changed, Create("payment_plan", {**plan, "amount": "100"})) == []


def test_counts_multiply_by_the_databases_operators(sales: Company) -> None:
    """A number of records has few enough digits for it; what a list shows and sorts by is computed once."""
    body = {"kind": "field", "name": "account.points", "label": {"en": "Points"}, "type": "formula"}
    points = Component("field", "account.points", {**body, "returns": "integer", "formula": "open_deals * 50 + 7"})
    with sales.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    publish(sales, Publication(tree=tree.put(points)))
    saved(sales, account(), deal(), Create("account", {"name": "None", "record_type": "enterprise"}))
    sent: list[str] = []
    event.listen(sales.database.readers, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with sales.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="account", columns=("points",), sort=(Sort("points"),))).rows
    assert [row.values[0] for row in rows] == [7, 57]
    columns = sent[-1].partition("FROM")[0]
    assert ("dg_" not in sent[-1], columns.count("open_deals"), columns.count("t.id")) == (True, 1, 1), sent[-1]
