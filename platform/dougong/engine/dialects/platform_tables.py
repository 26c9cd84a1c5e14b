"""The platform's own tables in a database that may have been made by an earlier version."""

from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, inspect

from dougong.engine import sign_in_tables as _sign_in_tables  # noqa: F401  fills PLATFORM
from dougong.engine.tables import PLATFORM


def create(connection: Connection) -> None:
    """Make tables, columns and indexes that are missing; nothing that is there is touched.

    A column that came later is nullable or has a constant default: rows that are there already have it at once.
    """
    PLATFORM.create_all(connection)
    there = {name: {str(each["name"]) for each in columns} for (_, name), columns in _columns(connection).items()}
    operations = Operations(MigrationContext.configure(connection))
    for table in PLATFORM.sorted_tables:
        lacking = [column for column in table.columns if column.name not in there.get(table.name, {column.name})]
        for column in lacking:
            added: Column[object] = Column(
                column.name, column.type, nullable=column.nullable, server_default=column.server_default
            )
            operations.add_column(table.name, added)
        if lacking:
            for index in table.indexes:
                index.create(connection, checkfirst=True)


def _columns(connection: Connection) -> dict[tuple[str | None, str], list[dict[str, object]]]:
    return inspect(connection).get_multi_columns(filter_names=list(PLATFORM.tables))  # type: ignore[return-value]
