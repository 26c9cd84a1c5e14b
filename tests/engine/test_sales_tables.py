"""The packages that ship can be stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.drift import drift
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit


def test_sales_package_has_its_tables(sales: Company) -> None:
    """Every object of the packages is published with a table of its own."""
    with sales.read(SYSTEM) as unit:
        assert {"account", "opportunity", "quote_line"} <= set(unit.runtime.storage.tables)


def test_pages_of_records_have_room_for_changed_ones(sales: Company) -> None:
    """PostgreSQL writes a changed customer into the page of the old one, and to no index, only where that has room."""
    if sales.database.kind == "sqlite":  # which changes rows in place
        return
    asked = "SELECT reloptions FROM pg_class WHERE oid = 'account'::regclass"
    with sales.read(SYSTEM) as unit:
        assert unit.connection.exec_driver_sql(asked).scalar_one() == ["fillfactor=80"]


def test_what_is_open_is_counted_in_an_index(sales: Company) -> None:
    """A list view of what is not true has an index that holds just that; on SQLite the count reads nothing else."""
    begin = "ix__opportunity__close_date__deleted_at__is_closed"
    seen: list[tuple[str, Any]] = []

    def store(unit: Unit) -> None:
        unit.records.save([Create("opportunity", {"name": f"Deal {at}"}) for at in range(100)])
        unit.connection.exec_driver_sql("ANALYZE")  # as the server does now and then

    sales.write(SYSTEM, store)
    with sales.read(SYSTEM) as unit:
        names = [str(each["name"]) for each in inspect(unit.connection).get_indexes("opportunity")]
        (name,) = (each for each in names if each.startswith(begin))
        if sales.database.kind == "postgresql":  # which plans by how many records there are: none here
            return
        event.listen(unit.connection, "before_cursor_execute", lambda *call: seen.append(call[2:4]))
        unit.records.count(Query(object="opportunity", where=Condition("is_closed", "is", False)), cap=10)
        statement, values = seen[-1]
        plan = str(unit.connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values).all())
        assert f"COVERING INDEX {name}" in plan


def test_a_list_sorted_either_way_walks_along_an_index(sales: Company) -> None:
    """SQLite reads one index in both directions; PostgreSQL, which has blanks first backwards, has two."""
    indexes = {"ix__opportunity__close_date", "dx__opportunity__close_date"}
    seen: list[tuple[str, Any]] = []
    with sales.read(SYSTEM) as unit:
        there = indexes & {str(each["name"]) for each in inspect(unit.connection).get_indexes("opportunity")}
        if sales.database.kind == "postgresql":
            assert there == indexes
            return
        assert there == {"ix__opportunity__close_date"}
        event.listen(unit.connection, "before_cursor_execute", lambda *call: seen.append(call[2:4]))
        for descending in (False, True):
            unit.records.query(Query(object="opportunity", columns=("name",), sort=(Sort("close_date", descending),)))
        for statement, values in list(seen):
            plan = str(unit.connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values).all())
            assert "USING INDEX ix__opportunity__close_date" in plan
            assert "TEMP B-TREE" not in plan
    assert drift(sales) == []
