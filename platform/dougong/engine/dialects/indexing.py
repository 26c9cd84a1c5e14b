"""Which of the indexes that the metadata asks for a kind of database does without."""

from __future__ import annotations

from sqlalchemy import Connection, Index, Table


def only_where_blanks_come_first(index: Index) -> None:
    """Mark an index of a descending order that stands beside one of the same columns upwards.

    Blanks are last in both orders of a list. PostgreSQL has them first when it reads an index backwards, so it wants
    another one; SQLite takes blanks for the smallest values, and reads the one index in both directions.
    """
    index.info["only"] = "postgresql"
    index.ddl_if(dialect="postgresql")


def indexes_of(connection: Connection, table: Table) -> list[Index]:
    """The indexes that `table` has in the database of `connection`, by name."""
    kinds = (None, connection.dialect.name)
    return sorted((each for each in table.indexes if each.info.get("only") in kinds), key=lambda each: str(each.name))
