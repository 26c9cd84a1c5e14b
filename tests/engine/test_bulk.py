"""Many rows at once: what is given by column stands there as if each row had been given alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from dougong.base.ids import record_id
from dougong.engine import tables
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.dialects import bulk
from dougong.engine.unit import Unit

TEXTS = ["plain", "远澜 \\N \t tab", 'quote " and {brace}, \\ backslash', "line\nbreak", "", "NULL"]
"""Texts that a form of transport might take for something else."""


def _history(id: str, at: int) -> dict[str, Any]:
    text = TEXTS[at % len(TEXTS)]
    return {
        "id": id, "object": "o", "record_id": record_id(), "version": at, "action": "create",
        "at": datetime(2026, 3, 1, 12, 30, 0, at, tzinfo=UTC), "actor_id": None if at % 2 else record_id(),
        "actor": text, "channel": "import", "why": text, "operation_id": None,
        "changes": {"name": [None, text], "amount": ["1.50", None], "parts": [[], {"a": True}]},
    }  # fmt: skip


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {key: [row[key] for row in rows] for key in rows[0]}


@pytest.fixture(params=[None, 250, 5], ids=["row by row", "fewer than a statement has", "some in statements of five"])
def whole(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether what is written goes in statements of many rows, as far as there are so many."""
    monkeypatch.setattr(bulk, "ROWS", request.param or bulk.ROWS)
    return request.param is not None


def test_rows_inserted_by_column_are_those_inserted_one_by_one(empty_company: Company, whole: bool) -> None:
    """Blanks, awkward texts, moments, JSON."""
    rows = [_history(record_id(), at) for at in range(12)]

    def work(unit: Unit) -> tuple[list[Any], list[Any]]:
        table, asked = tables.history, select(tables.history).order_by(tables.history.c.id)
        for row in rows:
            unit.connection.execute(insert(table), row)
        alone = unit.connection.execute(asked).all()
        unit.connection.execute(table.delete())
        unit.company.database.insert_many(unit.connection, table, _columns(rows), whole)
        return list(alone), list(unit.connection.execute(asked).all())

    alone, together = empty_company.write(SYSTEM, work)
    assert alone == together
    assert len(alone) == 12


def test_a_key_that_is_taken_is_an_error_of_integrity(empty_company: Company, whole: bool) -> None:
    """Whatever the driver calls it, so that saving can tell people that somebody was first."""
    twice = record_id()
    rows = [_history(id, at) for at, id in enumerate((twice, *(record_id() for _ in range(8)), twice))]
    with pytest.raises(IntegrityError):
        empty_company.write(
            SYSTEM,
            lambda unit: unit.company.database.insert_many(unit.connection, tables.history, _columns(rows), whole),
        )


@pytest.mark.parametrize("places", [32_000, 9], ids=["at once", "two at a time"])
def test_rows_are_put_in_or_over_those_that_are_there(
    empty_company: Company, monkeypatch: pytest.MonkeyPatch, places: int
) -> None:
    """Search rows of new records, then of new and changed ones together; a second time changes nothing."""
    monkeypatch.setattr(bulk, "PLACES", places)
    ids = [record_id() for _ in TEXTS]

    def put(unit: Unit, chosen: list[str], texts: list[str], new: bool = False) -> None:
        columns = {"record_id": chosen, "object": ["o"] * len(chosen), "title": texts, "words": ["ab bc"] * len(chosen)}
        unit.company.database.put_many(unit.connection, tables.search, columns, new)

    def work(unit: Unit) -> dict[str, str]:
        put(unit, ids[:3], ["old"] * 3, new=True)
        put(unit, ids, TEXTS)
        put(unit, ids, TEXTS)
        search = tables.search.c
        return {str(id): title for id, title in unit.connection.execute(select(search.record_id, search.title))}

    assert empty_company.write(SYSTEM, work) == dict(zip(ids, TEXTS, strict=True))


def test_updates_by_column_take_blanks_and_numbers_of_several_kinds(sales: Company, whole: bool) -> None:
    """As roll-ups give them: a sum over nothing beside sums, whole and exact numbers. Other rows stay as they are."""
    amounts: list[Any] = [Decimal("12.50"), None, 3, Decimal("-0.01"), 0, 17, Decimal(5)]

    def work(unit: Unit) -> tuple[list[str], dict[str, Any]]:
        table = unit.runtime.storage.tables["product"].table
        now = datetime(2026, 1, 1, tzinfo=UTC)
        ids = [record_id() for _ in amounts]
        stamps = {"created_at": now, "updated_at": now, "version": 1}
        unit.connection.execute(insert(table), [{"id": id, **stamps} for id in ids])
        price = next(column for column in table.c if column.key.startswith("list_price") or column.key == "price")
        unit.connection.execute(insert(table), {"id": record_id(), **stamps, price.key: 99})
        changed = {price.key: amounts, "version": [7] * len(ids)}
        unit.company.database.update_many(unit.connection, table, ids, changed, whole)
        stored = unit.connection.execute(select(table.c.id, price).where(table.c.version == 7))
        return ids, {str(id): value for id, value in stored}

    ids, stored = sales.write(SYSTEM, work)
    assert [stored[id] for id in ids] == [None if each is None else Decimal(each) for each in amounts]
