"""Filters of one form share a statement and never one another's values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query, Summary
from dougong.engine.reading.filters import parse
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit

FIRST = date(2026, 3, 1)
SOURCES = ("website", "referral", "partner")


def deals(number: int) -> dict[str, Any]:
    """A deal whose every value follows from its number; some have no amount and no date."""
    return {
        "name": f"Deal {number:02}", "source": SOURCES[number % 3],
        "amount": None if number % 5 == 4 else str(100 * number),
        "close_date": None if number % 7 == 6 else FIRST + timedelta(days=number),
    }  # fmt: skip


def named(name: str) -> dict[str, Any]:
    """The condition that the name is this one."""
    return {"field": "name", "op": "is", "value": name}


FILTERS = [
    (lambda at: {"field": "source", "op": "is", "value": SOURCES[at % 3]}),
    (lambda at: {"field": "source", "op": "in", "value": list(SOURCES[: 1 + at % 3])}),
    (lambda at: {"field": "amount", "op": "gte", "value": 100 * at}),
    (lambda at: {"field": "name", "op": "contains", "value": f"{at}"}),
    (lambda at: {"field": "close_date", "op": "between", "value": [str(FIRST), str(FIRST + timedelta(days=at))]}),
    (lambda at: {"any": [{"field": "amount", "op": "lt", "value": at}, named("Deal 09")]}),
    (lambda at: {"not": {"field": "amount", "op": "gt", "value": 100 * at}}),
]  # fmt: skip


def holds(where: dict[str, Any], values: dict[str, Any]) -> bool:
    """What the filter says of a record, decided in Python."""
    if "any" in where:
        return any(holds(part, values) for part in where["any"])
    if "not" in where:
        return not holds(where["not"], values)
    found, asked = values[where["field"]], where["value"]
    if found is None:
        return False
    if where["field"] == "amount":
        found, asked = Decimal(found), Decimal(asked)
    match where["op"]:
        case "is":
            return bool(found == asked)
        case "in" | "contains":
            return found in asked if where["op"] == "in" else asked in found
        case "gte":
            return bool(found >= asked)
        case "gt":
            return bool(found > asked)
        case "lt":
            return bool(found < asked)
        case _:
            return asked[0] <= str(found) <= asked[1]


def test_values_of_one_filter_never_reach_another(sales: Company) -> None:
    sales.write(SYSTEM, lambda unit: unit.records.save([Create("opportunity", deals(at)) for at in range(20)]))
    with sales.read(SYSTEM) as unit:
        for at in (3, 0, 11, 3, 19, 1):
            for make in FILTERS:
                where = make(at)
                expected = {values["name"] for values in map(deals, range(20)) if holds(where, values)}
                query = Query(object="opportunity", columns=("name",), where=parse(where))
                assert expected == {row.values[0] for row in unit.records.query(query).rows}
                assert len(expected) == unit.records.count(query).number
                summary = Summary(object="opportunity", where=parse(where))
                assert len(expected) == sum(values[0] for _, values in unit.records.summarise(summary))


def test_one_statement_serves_all_values(sales: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for another value builds nothing but the condition."""
    from dougong.engine.reading import listing

    built: list[object] = []
    real = listing.PreparedList
    monkeypatch.setattr(listing, "PreparedList", lambda *given: built.append(given) or real(*given))  # type: ignore[func-returns-value]

    def ask(unit: Unit, amount: int) -> None:
        where = Condition("amount", "gte", amount)
        unit.records.query(Query(object="opportunity", columns=("name", "account.name"), where=where))

    with sales.read(SYSTEM) as unit:
        for amount in range(5):
            ask(unit, amount)
    assert len(built) == 1


CHILDREN = ("opportunity.account", "contact.account", "activity.related_to", "quote.opportunity.account", "account.id")
"""Lookups by which related lists are read: one, one through another, one to several objects, and the id itself."""


@pytest.mark.parametrize("address", CHILDREN)
def test_a_filter_by_one_record_serves_every_record(sales: Company, address: str) -> None:
    """It is compiled for the first one, and finds for each its own."""
    name, _, path = address.partition(".")
    query = Query(object=name, columns=("created_at",))

    def store(unit: Unit) -> list[str]:
        made = unit.records.save([Create("account", {"name": f"A{at}", "record_type": "enterprise"}) for at in "12"])
        ids = [each.id for each in made.changes]
        deals = unit.records.save([Create("opportunity", {"name": "D", "account": id}) for id in ids])
        for account, deal in zip(ids, deals.changes, strict=True):
            about = {"subject": "Call", "kind": "call", "related_to": {"object": "account", "id": account}}
            unit.records.save([
                Create("contact", {"name": "C", "account": account}), Create("activity", about),
                Create("quote", {"account": account, "opportunity": deal.id}),
            ])  # fmt: skip
        return ids

    ids = sales.write(SYSTEM, store)
    with sales.read(SYSTEM) as unit:
        asked = [replace(query, where=Condition(path, "is", id)) for id in (*ids, record_id())]
        before = len(unit.runtime.prepared.get("filters", {}))
        found = [[row.id for row in unit.records.query(each).rows] for each in asked]
        assert [len(each) for each in found] == [1, 1, 0]
        assert found[0] != found[1]
        assert len(unit.runtime.prepared.get("filters", {})) == before


def test_an_id_in_a_text_is_a_text(sales: Company) -> None:
    """What looks like the id of a record and is asked of a field that refers to none is compared as any other value."""
    known = record_id()
    sales.write(SYSTEM, lambda unit: unit.records.save([Create("opportunity", {"name": known})]))
    with sales.read(SYSTEM) as unit:
        for value, count in ((record_id(), 0), (known, 1), (record_id(), 0)):
            query = Query(object="opportunity", columns=("name",), where=Condition("name", "is", value))
            assert len(unit.records.query(query).rows) == count
