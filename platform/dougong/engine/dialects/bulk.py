"""Many rows at once: values made ready column by column, and what each database takes them by.

SQLAlchemy makes parameters ready row by row and name by name; for a batch of an import that costs more than the
database does. Types and statements are SQLAlchemy's here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from operator import is_
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table, bindparam, func, insert, select, true, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError

from dougong.engine.columns import dump_json
from dougong.engine.dialects.base import ByColumn


def ready(connection: Connection, table: Table, columns: ByColumn) -> dict[str, Sequence[Any]]:
    """`columns` as the driver takes them. What is the same object in a whole column is made ready once."""
    found: dict[str, Sequence[Any]] = {}
    for key, values in columns.items():
        process = table.c[key].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if process is None:
            found[key] = values
        elif all(map(is_, values, repeat(values[0]))):
            found[key] = [process(values[0])] * len(values)
        else:
            found[key] = [process(value) for value in values]
    return found


# -- SQLite -----------------------------------------------------------------------------------------------------
def sqlite_insert_many(connection: Connection, table: Table, columns: ByColumn) -> None:
    """INSERT by executemany."""
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    _execute_many(connection, compiled, ready(connection, table, columns))


def sqlite_update_many(connection: Connection, table: Table, ids: Sequence[str], columns: ByColumn) -> None:
    """UPDATE by executemany."""
    statement = update(table).where(table.c.id == bindparam("b_id"))
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    _execute_many(connection, compiled, {**ready(connection, table, columns), "b_id": ids})


def _execute_many(connection: Connection, compiled: Any, columns: ByColumn) -> None:
    rows = list(zip(*(columns[name] for name in compiled.positiontup), strict=True))
    connection.exec_driver_sql(str(compiled), rows)


def sqlite_put_many(connection: Connection, table: Table, columns: ByColumn) -> None:
    """INSERT from one JSON text: a full-text index beside the table writes itself out at each statement."""
    rows = func.json_each(bindparam("rows")).table_valued("value")
    values = [func.json_extract(rows.c.value, f"$[{at}]") for at in range(len(columns))]
    # Without a WHERE, SQLite would take ON CONFLICT for the ON of a join.
    statement = sqlite_insert(table).from_select(list(columns), select(*values).where(true()))
    key = [column.key for column in table.primary_key]
    others = {name: statement.excluded[name] for name in columns if name not in key}
    made = ready(connection, table, columns)
    given = dump_json(list(zip(*made.values(), strict=True)))
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=others), {"rows": given})


# -- PostgreSQL -------------------------------------------------------------------------------------------------
def postgresql_insert_many(connection: Connection, table: Table, columns: ByColumn) -> None:
    """COPY."""
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
    statement = sql.SQL("INSERT INTO {} ({}) SELECT * FROM {} ON CONFLICT ({}) DO UPDATE SET {}").format(
        _name(table.name),
        sql.SQL(", ").join(_name(table.c[name].name) for name in columns),
        _arrays(connection, table, columns),
        sql.SQL(", ").join(map(_name, key)),
        sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in others),
    )
    _execute_arrays(connection, table, columns, statement)


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _arrays(connection: Connection, table: Table, columns: ByColumn) -> sql.Composed:
    """The rows as a table ``v``, from one array a column."""
    types = [table.c[key].type.compile(connection.dialect) for key in columns]
    arrays = sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(each)) for each in types)
    names = sql.SQL(", ").join(_name(table.c[key].name) for key in columns)
    return sql.SQL("unnest({}) AS v({})").format(arrays, names)


def _execute_arrays(connection: Connection, table: Table, columns: ByColumn, statement: sql.Composed) -> None:
    arrays = [_of_one_type(values) for values in ready(connection, table, columns).values()]
    with _cursor(connection, f"{table.name} from arrays") as cursor:
        cursor.execute(statement, arrays)


def _of_one_type(values: Sequence[Any]) -> list[Any]:
    """`values` as an array takes them: numbers of several types as text, which PostgreSQL reads alike."""
    if len({type(value) for value in values if value is not None}) > 1:
        return [None if value is None else str(value) for value in values]
    return list(values)


@contextmanager
def _cursor(connection: Connection, statement: str) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the driver. Who listens to SQLAlchemy hears of it; the driver's errors become SQLAlchemy's."""
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor:
        connection.dispatch.before_cursor_execute(connection, cursor, statement, (), None, True)
        try:
            yield cursor
        except psycopg.Error as error:
            raise DBAPIError.instance(statement, (), error, psycopg.Error, dialect=connection.dialect) from error
