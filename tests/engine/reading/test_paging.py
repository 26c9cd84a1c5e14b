"""Lists walk the same records in the same order, forwards and backwards, whatever is blank."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Condition, Page, Query, Sort
from dougong.engine.reading.filters import parse
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit

SORTS: list[tuple[Sort, ...]] = [
    (),
    (Sort("close_date"),),
    (Sort("close_date", True),),
    (Sort("name"),),
    (Sort("account", True),),
    (Sort("close_date"), Sort("stage", True)),
    (Sort("close_date", True), Sort("account.name"), Sort("name", True)),
    (Sort("stage.probability"), Sort("close_date")),
]


def fill(company: Company) -> None:
    """Forty deals of three customers, many with the same or no date, some without a customer."""
    chance = random.Random(7)

    def work(unit: Unit) -> None:
        made = unit.records.save(
            [Create("account", {"name": name, "record_type": "enterprise"}) for name in ("安然", "Brill", "陈记")]
        )
        accounts = [each.id for each in made.changes] + [None]
        days = [None, None, *(date(2026, 11, 1) + timedelta(days=number) for number in range(3))]
        unit.records.save(
            [
                Create(
                    "opportunity",
                    {
                        "name": f"Deal {number % 9}",
                        "account": (account := chance.choice(accounts)),
                        "stage": chance.choice(["prospecting", "qualify"]) if account else "prospecting",
                        "need": "what they need",
                        "close_date": chance.choice(days),
                    },
                )
                for number in range(40)
            ]
        )

    company.write(SYSTEM, work)


def walk(unit: Unit, query: Query, backwards: bool = False) -> list[Page]:
    pages = [unit.records.query(query)]
    while (cursor := pages[-1].previous if backwards else pages[-1].next) is not None:
        pages.append(unit.records.query(replace(query, cursor=cursor)))
        assert len(pages) < 100
    return pages


def ids(pages: list[Page]) -> list[str]:
    return [row.id for page in pages for row in page.rows]


def test_pages_join_to_the_whole_list_in_both_directions(sales: Company) -> None:
    fill(sales)
    with sales.read(SYSTEM) as unit:
        for sort in SORTS:
            whole = unit.records.query(Query(object="opportunity", columns=("name",), sort=sort, limit=100))
            assert len(whole.rows) == 40
            for limit in (7, 40):
                query = Query(object="opportunity", columns=("name",), sort=sort, limit=limit)
                pages = walk(unit, query)
                assert ids([whole]) == ids(pages), sort
                assert [len(page.rows) for page in pages[:-1]] == [limit] * (len(pages) - 1)
                last = pages[-1]
                if last.previous:
                    back = [last, *walk(unit, replace(query, cursor=last.previous), backwards=True)]
                    assert ids([whole]) == ids(back[::-1]), sort
                    assert back[-1].previous is None


def test_blanks_come_last_either_way(sales: Company) -> None:
    fill(sales)
    with sales.read(SYSTEM) as unit:
        for descending in (True, False):
            page = unit.records.query(
                Query(object="opportunity", columns=("close_date",), sort=(Sort("close_date", descending),), limit=100)
            )
            dates = [row.values[0] for row in page.rows]
            known = [each for each in dates if each is not None]
            assert dates == sorted(known, reverse=descending) + [None] * (len(dates) - len(known))


def test_names_sort_by_pinyin(sales: Company) -> None:
    fill(sales)
    with sales.read(SYSTEM) as unit:
        page = unit.records.query(Query(object="account", columns=("name",), sort=(Sort("name"),)))
        assert [row.values[0] for row in page.rows] == ["安然", "Brill", "陈记"]


FILTERS = [
    {"field": "account.name", "op": "is", "value": "安然"},
    {"not": {"field": "account.name", "op": "is", "value": "安然"}},
    {"field": "stage.probability", "op": "is", "value": "0.2"},
    {"any": [{"field": "close_date", "op": "blank"}, {"field": "name", "op": "contains", "value": "deal 3"}]},
    {"not": {"any": [{"field": "close_date", "op": "gt", "value": "2026-11-01"}, {"field": "account", "op": "blank"}]}},
]


def oracle(document: dict, row: dict) -> bool:  # type: ignore[type-arg]
    """What a filter means, said in Python."""
    if "not" in document:
        return not oracle(document["not"], row)
    if "any" in document:
        return any(oracle(part, row) for part in document["any"])
    value = row[document["field"]]
    match document["op"]:
        case "is":
            return str(value) == document["value"]
        case "blank":
            return value is None
        case "contains":
            return str(document["value"]) in (value or "").lower()
        case _:
            return value is not None and bool(value.isoformat() > document["value"])


@pytest.mark.parametrize("document", FILTERS)
def test_filters_mean_what_they_say(sales: Company, document: dict) -> None:  # type: ignore[type-arg]
    fill(sales)
    columns = ("account.name", "stage.probability", "close_date", "name", "account")
    with sales.read(SYSTEM) as unit:
        everything = unit.records.query(Query(object="opportunity", columns=columns, limit=100))
        expected = {row.id for row in everything.rows if oracle(document, dict(zip(columns, row.values, strict=True)))}
        query = Query(object="opportunity", columns=columns, where=parse(document), limit=100)
        assert expected == {row.id for row in unit.records.query(query).rows}
        assert len(expected) == unit.records.count(query).number
        assert 0 < len(expected) < 40


def test_a_count_stops_at_its_cap(sales: Company) -> None:
    fill(sales)
    with sales.read(SYSTEM) as unit:
        counted = unit.records.count(Query(object="opportunity"), cap=10)
        assert (counted.number, counted.capped) == (10, True)


def test_a_page_costs_one_statement_whatever_its_length(sales: Company) -> None:
    fill(sales)
    columns = ("name", "account.name", "owner", "amount", "stage", "account.owner.name")
    seen: list[str] = []
    event.listen(sales.database.readers, "before_cursor_execute", lambda *args: seen.append(args[2]))
    for limit in (1, 40):
        seen.clear()
        with sales.read(SYSTEM) as unit:
            unit.records.query(Query(object="opportunity", columns=columns, limit=limit))
        assert len(seen) == 1, seen


def test_search_finds_in_a_query(sales: Company) -> None:
    fill(sales)
    with sales.read(SYSTEM) as unit:
        found = unit.records.query(Query(object="account", columns=("name",), search="安然"))
        assert [row.values[0] for row in found.rows] == ["安然"]
        spelt = unit.records.query(Query(object="account", columns=("name",), search="anran"))
        assert spelt.rows == found.rows
        where = Condition("account.name", "is", "Brill")
        assert unit.records.query(Query(object="opportunity", where=where, search="Deal", limit=100)).rows
