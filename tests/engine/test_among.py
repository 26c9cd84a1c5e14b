"""Many values as one parameter: each kind of column finds its own, whatever their number, by its index."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, ColumnElement, MetaData, Table, Text, bindparam, func, insert, select, text

from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM
from dougong.engine.columns import Clock, Count, Day, Exact, Flag, Id, Instant
from dougong.engine.company import Company
from dougong.engine.dialects.among import among
from dougong.engine.unit import Unit

VALUES: tuple[tuple[Any, list[Any]], ...] = (
    (Id(), [record_id(), record_id(), record_id()]),
    (Text(), ["远澜", 'quote " and \\ backslash', "{a,b}"]),
    (Exact(18, 2), [Decimal("1.50"), Decimal("-9999999999999999.99"), Decimal(0)]),
    (Count(), [7, -(2**62), 0]),
    (Day(), [date(2026, 2, 28), date(1900, 1, 1), date(2099, 12, 31)]),
    (Instant(), [datetime(2026, 3, 1, 12, 30, 0, each, tzinfo=UTC) for each in (0, 1, 999_999)]),
    (Clock(), [time(8), time(23, 59, 59, 1), time(0)]),
    (Flag(), [True, False, None]),
)


@pytest.mark.parametrize(("kind", "values"), VALUES, ids=[type(kind).__name__ for kind, _ in VALUES])
def test_a_column_finds_the_values_that_are_listed(empty_company: Company, kind: Any, values: list[Any]) -> None:
    """Two of three, and none where none is listed; a blank is among nothing."""
    table = Table("scratch", MetaData(), Column("id", Id(), primary_key=True), Column("kept", kind, index=True))
    rows = [{"id": record_id(), "kept": value} for value in values]

    def found(unit: Unit, column: ColumnElement[Any], listed: list[Any]) -> set[str]:
        asked = select(table.c.id).where(among(column, "listed"))
        return {str(id) for id in unit.connection.execute(asked, {"listed": listed}).scalars()}

    def work(unit: Unit) -> None:
        table.create(unit.connection)
        unit.connection.execute(insert(table), rows)
        assert found(unit, table.c.kept, values[:2]) == {row["id"] for row in rows[:2]}
        assert found(unit, table.c.id, [row["id"] for row in rows] * 400) == {row["id"] for row in rows}
        assert found(unit, table.c.kept, []) == found(unit, table.c.kept, [None]) == set()
        table.drop(unit.connection)

    empty_company.write(SYSTEM, work)


def test_a_condition_beside_others_is_still_served_by_the_index(empty_company: Company) -> None:
    """SQLAlchemy makes ``x = 1`` of a condition beside others, which SQLite reads the whole table for."""
    table = Table("scratch", MetaData(), Column("id", Id(), primary_key=True), Column("kept", Text))
    asked = select(table.c.id).where(among(table.c.id, "ids"), func.length(table.c.kept) > bindparam("least"))
    with empty_company.read(SYSTEM) as unit:
        said = str(asked.compile(dialect=unit.connection.dialect))
        assert "= 1" not in said
        if unit.company.database.kind == "sqlite":
            statement = "EXPLAIN QUERY PLAN SELECT record_id FROM dg_search WHERE {}"
            where = str(among(Column("record_id", Id()), "ids").compile(dialect=unit.connection.dialect))
            told = unit.connection.execute(text(statement.format(where.replace("?", ":ids"))), {"ids": "[]"}).all()
            assert any("SEARCH dg_search" in row[-1] for row in told)
