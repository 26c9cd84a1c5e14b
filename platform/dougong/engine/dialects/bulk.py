"""Many rows at once: values made ready column by column, and what each database takes them by.

SQLAlchemy makes parameters ready row by row and name by name; for a batch of an import that costs more than the
database does. Types and statements are SQLAlchemy's here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat
from operator import is_
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ColumnClause, Connection, Table, TextClause, bindparam, column, insert, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError

from dougong.engine.dialects.arrays import array_of
from dougong.engine.dialects.base import ByColumn
from dougong.engine.dialects.psycopg_driver import driver


def ready(connection: Connection, table: Table, columns: ByColumn) -> dict[str, Sequence[Any]]:
    """`columns` as the driver takes them. What is the same object in a whole column is made ready once; so is a column
    that repeats the one before it, as an amount in the company's currency mostly does.
    """
    found: dict[str, Sequence[Any]] = {}
    last: tuple[Any, Sequence[Any], str] | None = None
    for key, values in columns.items():
        kind = table.c[key].type
        process = kind.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        before, last = last, (kind, values, key)
        if process is None:
            found[key] = values
        elif before is not None and all(map(is_, values, before[1])) and repr(before[0]) == repr(kind):
            found[key] = found[before[2]]
        elif all(map(is_, values, repeat(values[0]))):
            found[key] = [process(values[0])] * len(values)
        else:
            found[key] = [process(value) for value in values]
    return found


# -- SQLite -----------------------------------------------------------------------------------------------------
def sqlite_insert_many(connection: Connection, table: Table, columns: ByColumn, whole: bool) -> None:
    """INSERT by executemany; where it is to be `whole`, of many rows at once."""
    made = ready(connection, table, columns)
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=list(made))
    _execute(connection, compiled, made, partial(_insertion, connection, table, list(made)) if whole else None)


def sqlite_update_many(
    connection: Connection, table: Table, ids: Sequence[str], columns: ByColumn, whole: bool
) -> None:
    """UPDATE by executemany; where it is to be `whole`, of many rows at once."""
    made = {**ready(connection, table, columns), "b_id": ids}
    statement = update(table).where(table.c.id == bindparam("b_id"))
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    _execute(connection, compiled, made, partial(_updating, connection, table, list(made)) if whole else None)


def _execute(connection: Connection, compiled: Any, columns: ByColumn, together: Callable[[int], str] | None) -> None:
    """The statement of one row for all rows; or as far as they go one of `ROWS`, which Python's lock is not needed for.

    SQLite takes longer over such a statement: one that may fail copies each page before it changes it.
    """
    alone = list(zip(*(columns[name] for name in compiled.positiontup), strict=True))
    whole = len(alone) // ROWS * ROWS if together is not None else 0
    if together is not None and whole:
        statement, rows = together(ROWS), list(zip(*columns.values(), strict=True))
        for start in range(0, whole, ROWS):
            connection.exec_driver_sql(statement, tuple(chain.from_iterable(rows[start : start + ROWS])))
    if alone[whole:]:
        connection.exec_driver_sql(str(compiled), alone[whole:])


def _insertion(connection: Connection, table: Table, names: Sequence[str], rows: int) -> str:
    given = _given(names, rows).columns(*(table.c[key] for key in names))
    return str(insert(table).from_select(list(names), given).compile(dialect=connection.dialect))


def _updating(connection: Connection, table: Table, names: Sequence[str], rows: int) -> str:
    """The last of `names` is the id."""
    places: list[ColumnClause[Any]] = [column(f"column{number}") for number in range(1, len(names) + 1)]
    given = _given(names, rows).columns(*places).subquery("v")
    values = {name: given.c[place.name] for name, place in zip(names[:-1], places, strict=False)}
    statement = update(table).values(values).where(table.c.id == given.c[places[-1].name])
    return str(statement.compile(dialect=connection.dialect))


def _given(names: Sequence[str], rows: int) -> TextClause:
    row = f"({', '.join('?' * len(names))})"
    return text(f"VALUES {', '.join([row] * rows)}")


def sqlite_put_many(connection: Connection, table: Table, columns: ByColumn) -> None:
    """INSERT of all rows at once: a full-text index beside the table writes itself out at each statement."""
    made = ready(connection, table, columns)
    rows = list(zip(*made.values(), strict=True))
    size = PLACES // len(made)
    for part in (rows[start : start + size] for start in range(0, len(rows), size)):
        given = _given(list(made), len(part)).columns(*(table.c[key] for key in made))
        statement = sqlite_insert(table).from_select(list(made), given)
        key = [column.key for column in table.primary_key]
        others = {name: statement.excluded[name] for name in made if name not in key}
        compiled = statement.on_conflict_do_update(index_elements=key, set_=others).compile(dialect=connection.dialect)
        connection.exec_driver_sql(str(compiled), tuple(chain.from_iterable(part)))


ROWS = 250
"""How many rows a statement has that is `whole`: the driver remembers it, so there are few forms of it."""

PLACES = 32_000
"""How many values one statement may have: SQLite takes 32,766."""


# -- PostgreSQL -------------------------------------------------------------------------------------------------
def postgresql_insert_many(connection: Connection, table: Table, columns: ByColumn) -> None:
    """COPY; among statements that are sent together, where there can be none, INSERT from arrays."""
    if driver(connection).pgconn.pipeline_status:
        _execute_arrays(connection, table, columns, _from_arrays(connection, table, columns))
        return
    names = sql.SQL(", ").join(_name(table.c[key].name) for key in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(_name(table.name), names)
    with _cursor(connection, f"COPY {table.name}") as cursor, cursor.copy(statement) as copy:
        for row in zip(*ready(connection, table, columns).values(), strict=True):
            copy.write_row(row)


def postgresql_update_many(connection: Connection, table: Table, ids: Sequence[str], columns: ByColumn) -> None:
    """UPDATE from arrays."""
    given = {"id": ids, **columns}
    set_ = sql.SQL(", ").join(sql.SQL("{0} = v.{0}").format(_name(table.c[key].name)) for key in columns)
    statement = sql.SQL("UPDATE {} AS t SET {} FROM {} WHERE t.id = v.id").format(
        _name(table.name), set_, _arrays(connection, table, given)
    )
    _execute_arrays(connection, table, given, statement)


def postgresql_put_many(connection: Connection, table: Table, columns: ByColumn) -> None:
    """INSERT from arrays."""
    key = [column.key for column in table.primary_key]
    others = [_name(table.c[name].name) for name in columns if name not in key]
    statement = sql.SQL("{} ON CONFLICT ({}) DO UPDATE SET {}").format(
        _from_arrays(connection, table, columns),
        sql.SQL(", ").join(map(_name, key)),
        sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in others),
    )
    _execute_arrays(connection, table, columns, statement)


def _from_arrays(connection: Connection, table: Table, columns: ByColumn) -> sql.Composed:
    return sql.SQL("INSERT INTO {} ({}) SELECT * FROM {}").format(
        _name(table.name),
        sql.SQL(", ").join(_name(table.c[name].name) for name in columns),
        _arrays(connection, table, columns),
    )


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _arrays(connection: Connection, table: Table, columns: ByColumn) -> sql.Composed:
    """The rows as a table ``v``, from one array a column."""
    types = [table.c[key].type.compile(connection.dialect) for key in columns]
    arrays = sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(each)) for each in types)
    names = sql.SQL(", ").join(_name(table.c[key].name) for key in columns)
    return sql.SQL("unnest({}) AS v({})").format(arrays, names)


def _execute_arrays(connection: Connection, table: Table, columns: ByColumn, statement: sql.Composed) -> None:
    arrays = [array_of(values) for values in ready(connection, table, columns).values()]
    with _cursor(connection, f"{table.name} from arrays") as cursor:
        cursor.execute(statement, arrays)


@contextmanager
def _cursor(connection: Connection, statement: str) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the driver. Who listens to SQLAlchemy hears of it; the driver's errors become SQLAlchemy's."""
    with driver(connection).cursor() as cursor:
        connection.dispatch.before_cursor_execute(connection, cursor, statement, (), None, True)
        try:
            yield cursor
        except psycopg.Error as error:
            raise DBAPIError.instance(statement, (), error, psycopg.Error, dialect=connection.dialect) from error
