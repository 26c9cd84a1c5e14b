"""What a publish does to tables: computed from the ledger and two models, never from the live database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.operations import Operations
from sqlalchemy import Column, Connection, ForeignKey, Index, MetaData, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import DDLElement, DropIndex
from sqlalchemy.sql.compiler import DDLCompiler

from dougong.engine.ledger import Ledger, Place
from dougong.engine.storage import Storage


@dataclass(frozen=True, slots=True)
class SchemaSteps:
    """DDL of one publish, in order of execution.

    `tables` and `columns` only add. `uniques` are unique indexes on tables that have rows; `indexes` the other ones,
    which a job builds afterwards; `obsolete` the names of unique indexes that would refuse what is now allowed.
    """

    tables: tuple[Table, ...] = ()
    columns: tuple[tuple[Table, Column[object]], ...] = ()
    uniques: tuple[Index, ...] = ()
    indexes: tuple[Index, ...] = ()
    obsolete: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns or self.uniques or self.indexes or self.obsolete)


def schema_steps(known: Ledger, places: Ledger, before: Storage, after: Storage) -> SchemaSteps:
    """The steps from `before` to `after`: what is in `places` and not yet `known` is made."""
    fresh = [place for key, place in places.items() if key not in known]
    new_tables = {place.table for place in fresh if place.kind in ("object", "link")}
    old_indexes = {index.name: index for table in before.metadata.tables.values() for index in table.indexes}
    built = {name for name, index in old_indexes.items() if "only" not in index.info}
    uniques: list[Index] = []
    indexes: list[Index] = []
    kept: set[str] = set()
    for table in after.metadata.tables.values():
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            kept.add(str(index.name))
            there = built if "only" not in index.info else old_indexes.keys()
            if table.name not in new_tables and index.name not in there:
                (uniques if index.unique else indexes).append(index)
    return SchemaSteps(
        tables=tuple(table for name, table in after.metadata.tables.items() if name in new_tables),
        columns=tuple(_columns(fresh, after, new_tables)),
        uniques=tuple(uniques),
        indexes=tuple(indexes),
        obsolete=tuple(str(index.name) for index in old_indexes.values() if index.unique and index.name not in kept),
    )


def _columns(fresh: Sequence[Place], after: Storage, new_tables: set[str]) -> Iterator[tuple[Table, Column[object]]]:
    """The columns of `fresh` places in tables that exist already."""
    wanted: dict[str, set[str]] = {}
    for place in fresh:
        if place.kind not in ("object", "link") and place.table not in new_tables:
            wanted.setdefault(place.table, set()).update(place.columns)
    for name, columns in wanted.items():
        table = after.metadata.tables[name]
        yield from ((table, column) for column in table.columns if column.name in columns)


def make_tables(connection: Connection, tables: Sequence[Table]) -> None:
    """Create `tables` with their keys and indexes; those that refer to one another in a circle too."""
    if tables:
        tables[0].metadata.create_all(connection, tables=list(tables), checkfirst=False)


def add_columns(operations: Operations, columns: Iterable[tuple[Table, Column[object]]]) -> None:
    """Add columns, nullable and without default, so that no row is touched; a foreign key in the same statement."""
    for table, column in columns:
        _add_column(operations, table, column)


def _add_column(operations: Operations, table: Table, column: Column[object]) -> None:
    copy: Column[object] = Column(column.name, column.type)
    for key in table.foreign_key_constraints:
        if key.column_keys == [column.name]:
            copy.append_foreign_key(ForeignKey(key.elements[0].target_fullname, deferrable=True))
    operations.add_column(table.name, copy, inline_references=True)


def drop_index(connection: Connection, name: str) -> None:
    """Drop the index `name`, where it is."""
    connection.execute(DropIndex(Index(name, _table=Table("_", MetaData())), if_exists=True))


def drop_table(connection: Connection, name: str) -> None:
    """Drop the table `name` and the foreign keys that lead to it, where it is."""
    connection.execute(_DropTable(name))


class _DropTable(DDLElement):
    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.name = name


@compiles(_DropTable)
def _drop_table(element: _DropTable, compiler: DDLCompiler, **_: Any) -> str:
    return f"DROP TABLE IF EXISTS {compiler.preparer.quote_identifier(element.name)}"


@compiles(_DropTable, "postgresql")
def _drop_table_postgresql(element: _DropTable, compiler: DDLCompiler, **_: Any) -> str:
    return f"{_drop_table(element, compiler)} CASCADE"
