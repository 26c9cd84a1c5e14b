"""A database made by an earlier version gets what is new, and keeps what it has."""

from __future__ import annotations

from sqlalchemy import select, text

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.drift import drift
from dougong.engine.sign_in_tables import sessions
from tests.companies import opened

BEFORE = (
    "ALTER TABLE dg_session DROP COLUMN id",
    "ALTER TABLE dg_session DROP COLUMN method",
    "ALTER TABLE dg_session DROP COLUMN proved_at",
    "DROP TABLE dg_passkey",
    "INSERT INTO dg_session (token, user_id, created_at, seen_at, expires_at, agent, address) VALUES ('t', "
    "'01900000-0000-7000-8000-000000000000', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', "
    "'2036-01-01 00:00:00.000000', '', '')",
)


def test_new_columns_and_tables_come_to_an_old_database(empty_company: Company, database_url: str) -> None:
    """Opening is enough; rows that are there have the default of a new column."""
    for statement in BEFORE:
        empty_company.write(SYSTEM, lambda unit, said=statement: unit.connection.execute(text(said)))
    assert {each.thing for each in drift(empty_company)} == {
        "dg_session.id",
        "dg_session.method",
        "dg_session.proved_at",
        "dg_passkey",
    }
    company = opened(database_url)
    try:
        assert drift(company) == []
        with company.read(SYSTEM) as unit:
            row = unit.connection.execute(select(sessions)).one()
        assert (row.id, row.method, row.proved_at) == (None, "password", None)
    finally:
        company.close()
