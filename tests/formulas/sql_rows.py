"""A table with a column of each type and rows of awkward values, for comparing SQL with Python."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from psycopg.types.string import TextLoader
from sqlalchemy import Boolean, Column, Engine, Integer, MetaData, Table, Text, create_engine, event, insert, select

from dougong.engine.columns import Day, Exact, Id, Instant
from dougong.formulas import Context, EvaluationError, Failure, FieldInfo, Formula, NamedFields, Path, Type
from dougong.formulas.sql import installation

NOW = datetime(2024, 2, 29, 8, 5, tzinfo=UTC)
ID = "0190b5a0-7c00-7000-8000-000000000001"
CONTEXT = Context(now=NOW, variables={("$User", "id"): ID, ("$User", "name"): "Ada"})

FIELDS: Mapping[Path, FieldInfo] = {
    ("amount",): FieldInfo(Type.NUMBER),
    ("discount",): FieldInfo(Type.NUMBER),
    ("count",): FieldInfo(Type.NUMBER),
    ("name",): FieldInfo(Type.TEXT),
    ("city",): FieldInfo(Type.TEXT),
    ("stage",): FieldInfo(Type.PICKLIST, values=("open", "won", "lost")),
    ("colours",): FieldInfo(Type.MULTI_PICKLIST, values=("red", "green", "blue")),
    ("active",): FieldInfo(Type.BOOLEAN),
    ("start",): FieldInfo(Type.DATE),
    ("end",): FieldInfo(Type.DATE),
    ("seen",): FieldInfo(Type.DATETIME),
    ("owner",): FieldInfo(Type.ID),
    ("$User", "id"): FieldInfo(Type.ID),
    ("$User", "name"): FieldInfo(Type.TEXT),
}

POOLS: Mapping[str, list[Any]] = {
    "amount": [None, Decimal(0), *map(Decimal, ("0.01", "-0.01", "12.5", "-12.5", "9999999.99", "100", "2.55"))],
    "discount": [None, Decimal(0), *map(Decimal, ("0.1", "0.25", "-1.5", "99.9999", "0.0001"))],
    "count": [None, 0, 1, -1, 7, 12, -100, 99999],
    "name": [None, "Ada", "ada", " Ada ", "客户 A", "😀x", "a%b_c", "Straße", "'; --", "\\", " "],
    "city": [None, "Ada", "A", "上海", "a%", "\uffee", "x"],
    "stage": [None, "open", "won"],
    "colours": [None, ("red",), ("red", "blue"), ("green",)],
    "active": [None, True, False],
    "start": [None, date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29), date(2023, 12, 31), date(1900, 3, 1)],
    "end": [None, date(2024, 2, 29), date(2024, 3, 1), date(1582, 10, 14)],
    "seen": [None, NOW, datetime(2000, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, 8, 5, 0, 1, tzinfo=UTC)],
    "owner": [None, ID, "0190b5a0-7c00-7000-8000-000000000002"],
}

SCOPE = NamedFields(FIELDS)


def table() -> Table:
    """The table, in the column types of record tables."""
    return Table(
        "rows",
        MetaData(),
        Column("row", Integer, primary_key=True),
        Column("amount", Exact(9, 2)),
        Column("discount", Exact(6, 4)),
        Column("count", Exact(5, 0)),
        Column("name", Text),
        Column("city", Text),
        Column("stage", Text),
        Column("colours", Text),
        Column("active", Boolean),
        Column("start", Day),
        Column("end", Day),
        Column("seen", Instant),
        Column("owner", Id),
    )


def rows(count: int = 120) -> list[dict[str, Any]]:
    """Rows that between them hold every value of every pool, mixed in a fixed way."""
    mixed = random.Random(7)
    columns = {name: list(itertools.islice(itertools.cycle(pool), count)) for name, pool in POOLS.items()}
    for values in columns.values():
        mixed.shuffle(values)
    return [{name: columns[name][index] for name in POOLS} for index in range(count)]


class Database:
    """A database that holds the rows."""

    def __init__(self, engine: Engine, table: Table, digits: int, rows: list[dict[str, Any]]) -> None:
        self.engine, self.table, self.digits, self.rows = engine, table, digits, rows
        self.context = CONTEXT

    def compare(self, formula: Formula) -> Iterator[tuple[dict[str, Any], Any, Any]]:
        """Each row with what Python and SQL make of `formula`: a value, or the kind of failure.

        Raises:
            FormulaError: not supported in SQL.
        """
        columns = {path: self.table.c[path[0]] for path in formula.references}
        value = formula.sql(columns, self.context, digits=self.digits)
        error = formula.sql_error(columns, self.context, digits=self.digits)
        wanted = [self.table.c.row, value.label("value")] + ([] if error is None else [error.label("error")])
        kept = None
        if formula.type is Type.BOOLEAN:
            kept = select(self.table.c.row).where(formula.condition(columns, self.context, digits=self.digits))
        with self.engine.connect() as connection:
            found = {each.row: each for each in connection.execute(select(*wanted))}
            chosen = None if kept is None else set(connection.execute(kept).scalars())
        for index, row in enumerate(self.rows):
            got = found[index]
            from_sql = Failure(got.error) if error is not None and got.error else got.value
            expected = in_python(formula, row, self.context)
            yield row, expected, from_sql
            if chosen is not None:
                yield row, expected is True, index in chosen


def in_python(formula: Formula, row: Mapping[str, Any], context: Context) -> Any:
    """The value of `formula` for a row, or the kind of failure."""
    try:
        return formula.evaluate({(name,): value for name, value in row.items()}, context)
    except EvaluationError as error:
        return error.kind


def _kept(value: Any) -> Any:
    """Several selected values stand between semicolons."""
    return f";{';'.join(value)};" if isinstance(value, tuple) else value


def taught(url: str) -> Engine:
    """The database at `url`, which knows the functions that formulas call."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: installation.register(connection))
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql(installation.postgresql().replace("%", "%%"))
        event.listen(engine, "connect", lambda connection, _: connection.adapters.register_loader("uuid", TextLoader))
        engine.dispose()
    return engine


def filled(url: str, digits: int, made: Table | None = None, given: list[dict[str, Any]] | None = None) -> Database:
    """A database at `url` with the rows in it; with rows of another table, if one is given."""
    engine = taught(url)
    made, given = table() if made is None else made, rows() if given is None else given
    made.metadata.create_all(engine)
    stored = [{**{name: _kept(value) for name, value in row.items()}, "row": index} for index, row in enumerate(given)]
    with engine.begin() as connection:
        connection.execute(insert(made), stored)
    return Database(engine, made, digits, given)
