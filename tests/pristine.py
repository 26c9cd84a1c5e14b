"""PostgreSQL databases that are used again: what a test wrote is taken out, which is quicker than another copy.

A database is as its template again when its schema never changed and its rows and sequences are as they were. Where
that cannot be said for certain, or would take long, the answer is no, and the database is to be dropped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from dougong.cli.temporary_postgresql import Server

LARGEST_TABLE = 8 * 8192
"""Bytes: a new table counts as ten pages to the planner, so one that had fewer is as good as new to it."""

OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"

SHAPE = f"""
    SELECT md5(string_agg(each, ';' ORDER BY each)) FROM (
        SELECT concat_ws(',', 'relation', c.oid, c.relname, c.relkind, c.relnatts, c.reltuples) AS each
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}
        UNION ALL
        SELECT concat_ws(',', 'column', a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull, a.attisdropped)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS} AND a.attnum > 0
        UNION ALL SELECT concat_ws(',', 'constraint', oid, conname, convalidated) FROM pg_constraint
        UNION ALL SELECT concat_ws(',', 'trigger', oid, tgenabled) FROM pg_trigger
        UNION ALL SELECT concat_ws(',', 'index', indexrelid, indisvalid) FROM pg_index
        UNION ALL SELECT concat_ws(',', 'function', p.oid, md5(p.prosrc))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}
        UNION ALL SELECT concat_ws(',', 'schema', oid, nspname) FROM pg_namespace
        UNION ALL SELECT concat_ws(',', 'extension', oid) FROM pg_extension
    ) found
"""
TABLES = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND {OURS} ORDER BY 1, 2
"""
SEQUENCES = "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Pristine:
    """What a database is like before its first test."""

    shape: str
    rows: Mapping[tuple[str, str], bytes]
    """By table what it holds, as COPY writes it."""
    sequences: tuple[tuple[str, str, int | None], ...]

    @classmethod
    def of(cls, server: Server, database: str) -> Pristine:
        """What a database is like now."""
        with _connected(server, database) as connection:
            names = connection.execute(TABLES).fetchall()
            return cls(_shape(connection), {(schema, name): _held(connection, schema, name) for schema, name in names},
                       _sequences(connection))  # fmt: skip

    def restore(self, server: Server, database: str) -> bool:
        """Make a database like this again; False where it is not."""
        with _connected(server, database) as connection:
            if not _alone(connection) or _shape(connection) != self.shape:
                return False
            connection.execute("SET session_replication_role = replica")
            return self._empty(connection) and self._as_it_was(connection)

    def _empty(self, connection: psycopg.Connection) -> bool:
        """Empty the tables that held nothing; False where one of them has grown."""
        empty = [name for name, held in self.rows.items() if not held]
        query = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, pg_relation_size({}) WHERE EXISTS (SELECT FROM {})").format(
                sql.Literal(number), sql.Literal(_name(connection, name)), sql.Identifier(*name)
            )
            for number, name in enumerate(empty)
        )
        written = connection.execute(query).fetchall()
        for number, _ in written:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*empty[number])))
        return all(size <= LARGEST_TABLE for _, size in written)

    def _as_it_was(self, connection: psycopg.Connection) -> bool:
        """Give the other tables, and the sequences, what they held."""
        for name, held in self.rows.items():
            if held and _held(connection, *name) != held:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*name)))
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(*name))) as copy:
                    copy.write(held)
        for schema, sequence, last in self.sequences:
            named = _name(connection, (schema, sequence))
            connection.execute("SELECT setval(%s, %s, %s)", (named, last or 1, last is not None))
        return _sequences(connection) == self.sequences


def _name(connection: psycopg.Connection, name: tuple[str, str]) -> str:
    return sql.Identifier(*name).as_string(connection)


def _connected(server: Server, database: str) -> psycopg.Connection:
    return psycopg.connect(host=str(server.folder), user="postgres", dbname=database, autocommit=True)


def _alone(connection: psycopg.Connection) -> bool:
    """Whether nobody else has the database: connections that a test has closed are gone in a moment."""
    for _ in range(20):
        if connection.execute(OTHERS).fetchone() == (0,):
            return True
        time.sleep(0.005)
    return False


def _shape(connection: psycopg.Connection) -> str:
    (found,) = connection.execute(SHAPE).fetchone() or ("",)
    return str(found)


def _held(connection: psycopg.Connection, schema: str, name: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, name))) as copy:
        return b"".join(_pieces(copy))


def _pieces(copy: psycopg.Copy) -> Iterator[bytes]:
    return (bytes(each) for each in copy)


def _sequences(connection: psycopg.Connection) -> tuple[tuple[str, str, int | None], ...]:
    return tuple(connection.execute(SEQUENCES).fetchall())
