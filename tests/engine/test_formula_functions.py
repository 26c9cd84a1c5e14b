"""The functions that formulas call are in the company's schema, and are brought to the program's version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from dougong.engine.dialects import open_database
from dougong.formulas.sql import installation

QUOTIENT = text("SELECT dg_divide(1, 8) = 0.125")


@pytest.fixture
def url(database_kind: str, database_url: str, tmp_path: Path) -> str:
    return database_url


def test_a_company_knows_them(url: str, database_kind: str) -> None:
    """On every connection, readers' and writers'."""
    database = open_database(make_url(url), "acme", 2)
    database.create()
    for engine in (database.readers, database.writers):
        with engine.connect() as connection:
            if database_kind == "sqlite":
                found = connection.exec_driver_sql("SELECT dg_divide(1, 0, 8, 0)").scalar()
                assert found == "149999125"
            else:
                assert connection.execute(QUOTIENT).scalar() is True
    database.close()


def test_an_older_version_is_replaced(fresh_database_url: Callable[[str], str]) -> None:
    """When the company is opened; in PostgreSQL, where they are kept. SQLite is taught at every connection."""
    database = open_database(make_url(fresh_database_url("postgresql")), "acme", 2)
    database.create()
    stale = (
        "CREATE OR REPLACE FUNCTION dg_formulas_version() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'old' $$",
        "DROP FUNCTION dg_divide(numeric, numeric)",
    )
    with database.writers.connect() as connection:
        for statement in stale:
            connection.exec_driver_sql(statement)
    database.create()
    with database.readers.connect() as connection:
        assert connection.execute(QUOTIENT).scalar() is True
        assert connection.exec_driver_sql("SELECT dg_formulas_version()").scalar() == installation.version()
    database.close()
