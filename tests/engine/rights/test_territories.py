"""Territories in a company: rules put records into them, a person with a reason, and members see what is there."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.base.errors import Rejected
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query
from dougong.engine.rights.explaining import explain
from dougong.engine.saving.batch import Create, Update
from dougong.engine.saving.past import history
from dougong.metadata.documents import from_bodies
from tests.companies import person
from tests.engine.test_publish import change


def territory(name: str, when: str | None = None, **keys: Any) -> dict[str, Any]:
    rules = {"objects": {"account": {"when": when}}} if when else {}
    return {"kind": "territory", "name": name, "label": {"en": name.title(), "zh-CN": name}, **rules, **keys}


TERRITORIES = (
    territory("china", members=["role:sales_manager"]),
    territory("health", 'ISPICKVAL(industry, "healthcare")', parent="china", members=["role:sales"], level="edit"),
    territory("large", "employees > 1000", parent="health"),
    territory("rest", 'NOT(ISBLANK(TEXT(industry)))', parent="china", order=9),
    {
        "kind": "sharing_rule", "name": "lead.health", "object": "lead", "label": {"en": "Of health", "zh-CN": "医疗"},
        "when": "TRUE", "to": ["territory:health"],
    },
)  # fmt: skip


def save(company: Company, actor: Actor, *changes: Any) -> Any:
    return company.write(actor, lambda unit: unit.records.save(changes))


def where(company: Company) -> dict[str, str | None]:
    """Where each account belongs, by name."""
    with company.read(SYSTEM) as unit:
        rows = unit.records.query(Query(object="account", columns=("name", "territory"))).rows
        return {str(row.values[0]): row.values[1] for row in rows}


def seen(company: Company, actor: Actor, name: str = "account", field: str = "name") -> set[str]:
    with company.read(actor) as unit:
        return {str(row.values[0]) for row in unit.records.query(Query(object=name, columns=(field,))).rows}


def test_records_belong_where_the_rules_put_them(sales: Company) -> None:
    """Those that were there, those that change, those of a person with a reason; members see and change theirs."""
    made = save(
        sales, SYSTEM,
        Create("account", {"name": "Clinic", "industry": "healthcare", "employees": 50}),
        Create("account", {"name": "Hospital", "industry": "healthcare", "employees": 5000}),
        Create("account", {"name": "Mill", "industry": "manufacturing"}),
        Create("account", {"name": "Unknown"}),
    )  # fmt: skip
    clinic, hospital, mill, unknown = (each.id for each in made.changes)
    change(sales, *from_bodies(list(TERRITORIES)))
    assert where(sales) == {"Clinic": "health", "Hospital": "large", "Mill": "rest", "Unknown": None}
    seller, manager = person(sales, "lin", "sales"), person(sales, "emma", "sales_manager")
    save(sales, SYSTEM, Create("lead", {"company": "Asked"}))
    assert seen(sales, seller) == {"Clinic", "Hospital"} and seen(sales, manager) == {"Clinic", "Hospital", "Mill"}
    assert "Asked" in seen(sales, seller, "lead", "company")  # the sharing rule is for the members
    with sales.read(SYSTEM) as unit:
        told = explain(unit, seller.user_id or "", "account", clinic, "edit")
        assert told.allowed and "It belongs to a territory of theirs." in {str(each.text) for each in told.reasons}
        assert not explain(unit, seller.user_id or "", "account", hospital, "edit").allowed  # its members may see
        assert not explain(unit, seller.user_id or "", "account", mill).allowed
    save(sales, seller, Update("account", clinic, {"employees": 2000}))
    assert where(sales)["Clinic"] == "large"
    for values in ({"territory": "rest"}, {"territory": "rest", "territory_reason": " "}):
        with pytest.raises(Rejected) as refused:
            save(sales, SYSTEM, Update("account", clinic, values))
        assert "Say why under" in str(refused.value.problems[0].fix)
    by_hand = {"territory": "health", "territory_reason": "Agreed with the ministry"}
    save(sales, SYSTEM, Update("account", mill, by_hand), Update("account", unknown, {"industry": "healthcare"}))
    save(sales, SYSTEM, Update("account", mill, {"industry": "retail"}))
    assert where(sales) == {"Clinic": "large", "Hospital": "large", "Mill": "health", "Unknown": "health"}
    assert seen(sales, seller) == {"Clinic", "Hospital", "Mill", "Unknown"}
    with sales.read(SYSTEM) as unit:
        past = [
            each.changes["territory"] for each in history(unit, "account", mill).changes if "territory" in each.changes
        ]
        assert past == [("rest", "health"), (None, "rest")]  # also what the publish did
        query = Query(object="account", where=Condition("territory_reason", "not_blank"), columns=("name",))
        assert [row.values[0] for row in unit.records.query(query).rows] == ["Mill"]
    save(sales, SYSTEM, Update("account", mill, {"territory_reason": None}))
    change(sales, *from_bodies([territory("large", "employees > 3000", parent="health")]))
    assert where(sales) == {"Clinic": "health", "Hospital": "large", "Mill": "rest", "Unknown": "health"}
