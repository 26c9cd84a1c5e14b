"""A million deals: a hundred thousand stored several times, and the indexes built over all of them at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Table, Text, cast, create_engine, func, insert, make_url, select, text

from tests.companies import opened

UNCHECKED = {
    "sqlite": ("PRAGMA foreign_keys=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-500000"),
    "postgresql": (
        'SET search_path TO "default"',
        "SET session_replication_role = replica",
        "SET maintenance_work_mem = '512MB'",
    ),
}
"""What lets rows in as they come: lookups lead where those of the first deals lead."""

INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL",
    "postgresql": (
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table AND schemaname = 'default' "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    ),
}


def multiply(url: str, times: int) -> None:
    """Store every deal `times` times: for lists of a million, where what stands beside the deals does not matter."""
    company = opened(url)
    deal = company.runtime().storage.tables["opportunity"].table
    company.close()
    engine = _engine(url)
    with engine.begin() as connection, _without_indexes(connection, deal.name):
        for copy in range(1, times):
            _copy(connection, deal, f"{copy:02x}")
    engine.dispose()


def _engine(url: str) -> Engine:
    address = make_url(url)
    return create_engine(
        address if address.get_backend_name() == "sqlite" else address.set(drivername="postgresql+psycopg")
    )


@contextmanager
def _without_indexes(connection: Connection, table: str) -> Iterator[None]:
    """The block runs on a table with its primary key alone; then the other indexes are built, each at once."""
    kind = connection.dialect.name
    for statement in UNCHECKED[kind]:
        connection.exec_driver_sql(statement)
    found = connection.execute(text(INDEXES[kind]), {"table": table}).all()
    for name, _ in found:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    yield
    for _, definition in found:
        connection.exec_driver_sql(definition)


def _copy(connection: Connection, deal: Table, digits: str) -> None:
    """The first deals once more; `digits` take the place of two digits of their ids that are zero."""
    known = cast(deal.c.id, Text)
    made = {
        "id": cast(func.substr(known, 1, 24).concat(digits).concat(func.substr(known, 27)), deal.c.id.type),
        "external_no": deal.c.external_no.concat(f"-{digits}"),
    }
    shown = [made.get(column.key, column) for column in deal.c]
    rows = select(*shown).where(func.substr(known, 25, 2) == "00")
    connection.execute(insert(deal).from_select([column.key for column in deal.c], rows))
