"""Drift: where the live database is not what the metadata in force say. Looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Inspector, Table, inspect

from dougong.base.language import Message, msg
from dougong.engine import revisions
from dougong.engine.company import Company
from dougong.engine.dialects.indexing import indexes_of
from dougong.engine.ledger import RESERVED_PREFIXES
from dougong.engine.tables import PLATFORM


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference: `thing` is ``table``, ``table.column`` or the name of an index."""

    thing: str
    text: Message


def drift(company: Company) -> list[Drift]:
    """Every difference between the live database and what it should be."""
    with company.database.maintenance() as connection, connection.begin():
        return list(_differences(company, connection))


def _differences(company: Company, connection: Connection) -> Iterator[Drift]:
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    for table in (*PLATFORM.tables.values(), *company.runtime().storage.metadata.tables.values()):
        if table.name not in there:
            yield Drift(table.name, msg("The table is missing."))
            continue
        yield from _columns(connection, inspector, table)
    ledger = revisions.get_ledger(connection)
    known = {place.table for place in ledger.values()} | set(PLATFORM.tables)
    for name in sorted(there - known):
        if not name.startswith(RESERVED_PREFIXES):  # of the database's own search, of the queue
            yield Drift(name, msg("No object in the ledger has this table."))
    for place in ledger.values():
        if place.table in there:
            columns = {each["name"] for each in inspector.get_columns(place.table)}
            for name in place.columns:
                if name not in columns:
                    yield Drift(f"{place.table}.{name}", msg("The ledger has this column; the table has not."))


def _columns(connection: Connection, inspector: Inspector, table: Table) -> Iterator[Drift]:
    columns = {each["name"]: each for each in inspector.get_columns(table.name)}
    for column in table.columns:
        if column.name not in columns:
            yield Drift(f"{table.name}.{column.name}", msg("The column is missing."))
            continue
        wanted = column.type.compile(connection.dialect)
        found = columns[column.name]["type"].compile(connection.dialect)
        if wanted.upper() != found.upper():
            text = msg("The column is {found}; it should be {wanted}.", found=found, wanted=wanted)
            yield Drift(f"{table.name}.{column.name}", text)
    indexes = {str(each["name"]): each for each in inspector.get_indexes(table.name)}
    for index in indexes_of(connection, table):
        if index.name not in indexes:
            yield Drift(str(index.name), msg("The index is missing."))
        elif bool(indexes[str(index.name)]["unique"]) != bool(index.unique):
            yield Drift(str(index.name), msg("The index should be unique, or should not."))
