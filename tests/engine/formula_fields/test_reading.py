"""Formula fields in queries: columns, filters, sorts, groups, totals, all equal to what Python gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.fields.formula import ERROR
from dougong.engine.query import Condition, Measure, Not, Query, Sort, Summary
from dougong.engine.unit import Unit
from tests.engine.formula_fields.conftest import by_python, fill

FIELDS = (
    "repair.net", "repair.per_line", "repair.town", "repair.of_group", "repair.is_big", "repair.days_left",
    "repair.remind_on", "repair.mine", "repair.begun", "repair.share", "repair_line.dear", "repair_line.of_town",
    "customer.weight",
)  # fmt: skip


def read(unit: Unit, object_name: str, name: str, **asked: Any) -> list[tuple[str, Any]]:
    """The id and the value of a column of every record that a query finds, page by page."""
    found: list[tuple[str, Any]] = []
    cursor = None
    while True:
        query = Query(object=object_name, columns=(name,), limit=4, cursor=cursor, **asked)
        page = unit.records.query(query)
        found += [(row.id, row.values[0]) for row in page.rows]
        cursor = page.next
        if cursor is None:
            return found


@pytest.fixture
def filled(garage: Company) -> Company:
    """The garage with records."""
    fill(garage)
    return garage


def test_columns_have_the_values_of_python(filled: Company) -> None:
    """Every formula field, of every record, on a list and on the record's own page."""
    with filled.read(SYSTEM) as unit:
        seen: Counter[str] = Counter()
        for address in FIELDS:
            object_name, _, name = address.partition(".")
            field = unit.runtime.model.objects[object_name].fields[name]
            expected = by_python(unit, field)
            assert dict(read(unit, object_name, name)) == expected, address
            for id, value in list(expected.items())[:3]:
                record = unit.records.get(object_name, id)
                assert (record.values[name], type(record.values[name])) == (value, type(value)), address
            seen.update(
                ["error" if value is ERROR else "blank" if value is None else "value" for value in expected.values()]
            )
        assert min(seen["error"], seen["blank"], seen["value"]) > 1, seen


def in_order(expected: dict[str, Any], descending: bool) -> list[str]:
    """The ids in the order of their values, then blanks, then errors; ties in the direction of the list."""
    ids = sorted(expected, reverse=descending)
    valued = [id for id in ids if expected[id] is not None and expected[id] is not ERROR]
    valued.sort(key=lambda id: expected[id], reverse=descending)
    return [*valued, *(id for id in ids if expected[id] is None), *(id for id in ids if expected[id] is ERROR)]


@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
def test_sorting_puts_blanks_and_then_errors_last(filled: Company, descending: bool) -> None:
    """Pages follow one another in the order of Python, whatever the values."""
    with filled.read(SYSTEM) as unit:
        for address in FIELDS:
            object_name, _, name = address.partition(".")
            expected = in_order(by_python(unit, unit.runtime.model.objects[object_name].fields[name]), descending)
            assert [id for id, _ in read(unit, object_name, name, sort=(Sort(name, descending),))] == expected, address


def test_pages_go_back_the_way_they_came(filled: Company) -> None:
    """A sort by a formula that fails for some rows can be walked backwards."""
    with filled.read(SYSTEM) as unit:
        for name in ("per_line", "share", "town", "days_left"):
            query = Query(object="repair", columns=(name,), sort=(Sort(name, True),), limit=3)
            pages = [unit.records.query(query)]
            while pages[-1].next:
                pages.append(unit.records.query(replace(query, cursor=pages[-1].next)))
            back = pages[-1]
            for page in reversed(pages[:-1]):
                assert back.previous is not None
                back = unit.records.query(replace(query, cursor=back.previous))
                assert back.rows == page.rows, name


CONDITIONS: list[tuple[str, Condition, Callable[[Any], bool]]] = [
    ("repair", Condition("net", "gt", "20"), lambda value: value is not None and value > 20),
    ("repair", Condition("net", "between", ("10.5", "60")), lambda value: value is not None and 10.5 <= value <= 60),
    ("repair", Condition("per_line", "error"), lambda value: value is ERROR),
    ("repair", Condition("share", "blank"), lambda value: value is None),
    ("repair", Condition("per_line", "not_blank"), lambda value: value is not None and value is not ERROR),
    ("repair", Condition("per_line", "is_not", "5"), lambda value: value != 5 and value is not ERROR),
    ("repair", Condition("per_line", "lt", "12.3456"), lambda v: v not in (None, ERROR) and v < Decimal("12.3456")),
    ("repair", Condition("share", "gte", "20%"), lambda v: v not in (None, ERROR) and v >= Decimal("0.2")),
    ("repair", Condition("town", "contains", "/A"), lambda value: value is not None and "/a" in value.lower()),
    ("repair", Condition("town", "not_contains", "/A"), lambda value: value is None or "/a" not in value.lower()),
    (
        "repair",
        Condition("of_group", "in", ("Wheel club", "no city")),
        lambda value: value in ("Wheel Club", "no city"),
    ),
    ("repair", Condition("is_big", "is", True), lambda value: value is True),
    ("repair", Condition("is_big", "is", False), lambda value: value is not True),
    ("repair", Condition("days_left", "lte", 0), lambda value: value is not None and value <= 0),
    ("repair", Condition("remind_on", "within", "last_n_days:400"), lambda v: v is not None and v <= date.today()),
    ("customer", Condition("weight", "in", (3, 1)), lambda value: value in (3, 1)),
    ("repair_line", Condition("dear", "is_not", True), lambda value: value is not True),
]


def test_filters_find_what_python_finds(filled: Company) -> None:
    """A condition, and its contrary, over the values that Python computes; counted alike."""
    with filled.read(SYSTEM) as unit:
        for object_name, condition, holds in CONDITIONS:
            expected = by_python(unit, unit.runtime.model.objects[object_name].fields[condition.field])
            wanted = {id for id, value in expected.items() if holds(value)}
            assert 0 < len(wanted) < len(expected), condition
            for where, ids in ((condition, wanted), (Not(condition), expected.keys() - wanted)):
                assert {id for id, _ in read(unit, object_name, condition.field, where=where)} == ids, where
                assert unit.records.count(Query(object=object_name, where=where)).number == len(ids), where


def test_formulas_are_reached_over_lookups(filled: Company) -> None:
    """A formula field of a parent is a column, a filter and a sort of its children."""
    with filled.read(SYSTEM) as unit:
        repairs = by_python(unit, unit.runtime.model.objects["repair"].fields["per_line"])
        query = Query(object="repair_line", columns=("repair", "repair.per_line"), sort=(Sort("repair.per_line"),))
        rows = unit.records.query(query).rows
        assert rows
        assert [row.values[1] for row in rows] == [repairs[row.values[0].id] for row in rows]
        big = Query(object="repair_line", columns=("repair",), where=Condition("repair.is_big", "is", True))
        bigs = by_python(unit, unit.runtime.model.objects["repair"].fields["is_big"])
        found = {row.values[0].id for row in unit.records.query(big).rows}
        assert found == {row.values[0].id for row in rows if bigs[row.values[0].id]}


def test_groups_and_totals(filled: Company) -> None:
    """Grouped by a formula, errors are a group of their own; sums and extremes are over what has a value."""
    with filled.read(SYSTEM) as unit:
        fields = unit.runtime.model.objects["repair"].fields
        town, per_line = by_python(unit, fields["town"]), by_python(unit, fields["per_line"])
        groups = unit.records.summarise(
            Summary(object="repair", by=("town",), measures=(Measure("count"), Measure("max", "per_line")))
        )
        expected = {}
        for value in set(town.values()):
            values = [per_line[id] for id in town if town[id] == value]
            known = [each for each in values if each is not None and each is not ERROR]
            expected[(value,)] = (len(values), max(known, default=None))
        assert dict(groups) == expected
        by_error = dict(unit.records.summarise(Summary(object="repair", by=("per_line",))))
        assert by_error[(ERROR,)][0] == sum(value is ERROR for value in per_line.values())
        assert sum(count for (count,) in by_error.values()) == len(per_line)
        ((_, totals),) = unit.records.summarise(
            Summary(
                object="repair",
                measures=(Measure("sum", "net"), Measure("avg", "days_left"), Measure("min", "remind_on")),
            )
        )
        net, days, dates = (by_python(unit, fields[name]) for name in ("net", "days_left", "remind_on"))
        left = [value for value in days.values() if value is not None]
        assert totals == (
            sum(value for value in net.values() if value is not None),
            Decimal(sum(left)) / len(left),
            min(value for value in dates.values() if value is not None),
        )


def test_one_statement_a_page(filled: Company) -> None:
    """A page over formulas that cross relations is one statement."""
    with filled.read(SYSTEM) as unit:
        statements: list[str] = []
        listen = event.listens_for(unit.connection, "before_cursor_execute")
        listen(lambda connection, cursor, text, *rest: statements.append(text))
        unit.records.query(
            Query(
                object="repair_line",
                columns=("description", "of_town", "repair.share"),
                where=Condition("repair.of_group", "is", "Wheel Club"),
                sort=(Sort("of_town"),),
            )
        )
        assert len(statements) == 1


def test_values_follow_the_reader_and_the_day(filled: Company) -> None:
    """A prepared statement never serves another reader or another day with the former's values."""
    with filled.read(SYSTEM) as unit:
        page = unit.records.query(Query(object="repair", columns=("owner", "mine", "days_left")))
        before = {row.id: row.values[2] for row in page.rows}
        unit.now += timedelta(days=2)
        del unit.__dict__["reading"]
        page = unit.records.query(Query(object="repair", columns=("owner", "mine", "days_left")))
        after = {row.id: row.values[2] for row in page.rows}
        assert {id: None if days is None else days - 2 for id, days in before.items()} == after
