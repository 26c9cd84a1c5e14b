"""Companies: opened by name, read and written in units of work, always under the model in force."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert, select

from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.unit import Unit


def test_empty_company_reads_and_writes_under_revision_0(empty_company: Company) -> None:
    """A new company has a model without objects."""
    with empty_company.read(SYSTEM) as unit:
        assert (unit.runtime.revision, dict(unit.runtime.model.objects)) == (0, {})
    assert empty_company.write(SYSTEM, lambda unit: unit.runtime.revision) == 0


def _add_customer(unit: Unit) -> str:
    table = unit.runtime.storage.tables["customer"].table
    key = record_id()
    unit.connection.execute(
        insert(table).values(id=key, name="远澜新能源", created_at=unit.now, updated_at=unit.now, version=1)
    )
    return key


def test_write_commits_and_read_sees_it(company: Company) -> None:
    """What a unit wrote is there for the next one, in the types of Python."""
    key = company.write(SYSTEM, _add_customer)
    with company.read(SYSTEM) as unit:
        table = unit.runtime.storage.tables["customer"].table
        row = unit.connection.execute(select(table.c.id, table.c.name, table.c.created_at)).one()
    assert (key, "远澜新能源") == tuple(row)[:2]
    assert row.created_at <= datetime.now(UTC)
