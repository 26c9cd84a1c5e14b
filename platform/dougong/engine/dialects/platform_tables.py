"""The platform's own tables in a database that may have been made by an earlier version."""

from __future__ import annotations

from collections.abc import Iterable

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection

from dougong.engine import sign_in_tables as _sign_in_tables  # noqa: F401  fills PLATFORM
from dougong.engine.tables import PLATFORM


def create(connection: Connection, there: Iterable[tuple[str, str]]) -> None:
    """Make tables, columns and indexes that are missing; nothing that is there is touched.

    `there` names the columns that the database has, each after its table. A column that came later is nullable or has a
    constant default: rows that are there already have it at once.
    """
    known: dict[str, set[str]] = {}
    for name, column_name in there:
        known.setdefault(name, set()).add(column_name)
    if not known.keys() >= PLATFORM.tables.keys():
        PLATFORM.create_all(connection)  # asks for each table whether it is there
    operations = Operations(MigrationContext.configure(connection))
    for table in PLATFORM.sorted_tables:
        lacking = [each for each in table.columns if each.name not in known.get(table.name, {each.name})]
        for column in lacking:
            added: Column[object] = Column(
                column.name, column.type, nullable=column.nullable, server_default=column.server_default
            )
            operations.add_column(table.name, added)
        if lacking:
            for index in table.indexes:
                index.create(connection, checkfirst=True)
