"""PostgreSQL: one schema a company.

Connections run in autocommit; a unit of work sends BEGIN together with the statement that reads the head, in one round
trip. A write takes a shared advisory lock, a publish the exclusive one: so no write happens under an old model.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from threading import Event
from typing import Any, ClassVar

import psycopg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from psycopg import errors, sql
from psycopg.types.string import TextLoader
from sqlalchemy import Connection, Engine, Index, Select, Table, create_engine, event
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.schema import CreateIndex, DropIndex

from dougong.engine.columns import dump_json
from dougong.engine.dialects import bulk, guards, platform_tables, queue
from dougong.engine.dialects.asking import ask
from dougong.engine.dialects.base import Busy, ByColumn, Head
from dougong.engine.dialects.compiled import Compiled
from dougong.engine.dialects.places import Account
from dougong.engine.dialects.psycopg_driver import LeanConnection, LeanCursor, driver
from dougong.formulas.sql import installation

LOCK_MILLISECONDS = 25
"""How long a publish may stand in a lock's queue: everybody who comes after stands behind it. It stands in two, the
company's and the table's."""

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
READ = f"{SNAPSHOT}; SELECT revision, version FROM dg_head, dg_people"
WRITE = "BEGIN; SELECT dg_enter(), (SELECT version FROM dg_people)"

COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""

ENTER = """
CREATE OR REPLACE FUNCTION dg_enter() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    -- Two statements, two snapshots: a head that was switched while this waited for the lock is seen.
    PERFORM pg_advisory_xact_lock_shared({key});
    RETURN (SELECT revision FROM dg_head);
END $$
"""

TOUCH = """
CREATE OR REPLACE FUNCTION dg_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dg_touched (table_name, record_id) VALUES (TG_TABLE_NAME, NEW.id);
    RETURN NULL;
END $$
"""


class PostgreSQL:
    """A company in a PostgreSQL schema (see `Database`)."""

    kind: ClassVar[str] = "postgresql"
    pause: ClassVar[float] = 0.0  # writers do not wait for each other
    digits: ClassVar[int] = 39
    columns_at_once: ClassVar[int | None] = None

    def __init__(self, url: URL, company: str, threads: int, account: Account | None = None) -> None:
        """Name the schema; it is made by `create`, unless it belongs to an `account`, which then is what connects."""
        self.operator, self.schema, self.account = url, company, account
        self.url = url.set(username=account.name, password=account.secret) if account else url
        self.key = _lock_key(company, "head")
        # The connection given back last is taken first: it has its statements prepared and planned.
        self.readers = self.writers = self._engine(pool_size=threads, max_overflow=threads, pool_use_lifo=True)

    def _engine(self, **options: Any) -> Engine:
        url = self.url.set(drivername="postgresql+psycopg")
        known = {"compiled_cache": Compiled()}
        engine = create_engine(url, json_serializer=dump_json, execution_options=known, **options)
        event.listen(engine, "do_connect", _connect)
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "checkout", _taken)
        return engine

    def _connected(self, connection: psycopg.Connection[Any], _: object) -> None:
        connection.autocommit = True
        connection.prepared_max = 1000
        connection.cursor_factory = LeanCursor
        connection.adapters.register_loader("uuid", TextLoader)
        path = sql.SQL("SET search_path TO {}, {}; SET timezone TO 'UTC'; SET jit TO off")
        connection.execute(path.format(sql.Identifier(self.schema), sql.Identifier(queue.SCHEMA)))

    def create(self) -> None:
        """Make the schema and the platform's tables where they are missing."""
        with self.writers.connect() as connection, connection.begin():
            raw = driver(connection)
            raw.execute("BEGIN")
            raw.execute("SELECT pg_advisory_xact_lock(%s)", [_lock_key(queue.SCHEMA, "create")])
            if self.account is None:  # with an account both are there
                raw.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self.schema)))
                queue.create(raw)
            platform_tables.create(connection, raw.execute(COLUMNS).fetchall())
            raw.execute(sql.SQL(ENTER).format(key=sql.Literal(self.key)))
            raw.execute(TOUCH)
            _teach_formulas(raw)
            raw.execute(guards.POSTGRESQL)
            raw.execute("INSERT INTO dg_head (id, revision) VALUES (1, 0) ON CONFLICT DO NOTHING")
            raw.execute("INSERT INTO dg_audit_head (id, seq, hash) VALUES (1, 0, '') ON CONFLICT DO NOTHING")
            raw.execute("INSERT INTO dg_people (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING")

    def begin_read(self, connection: Connection) -> Head:
        """Begin a snapshot; its head revision. One round trip."""
        return _begin(connection, READ)

    def begin_asking(self, connection: Connection, statement: Select[Any], parameters: Mapping[str, Any]) -> Any:
        """Begin a snapshot with `statement`; None where a table or column of it is gone. One round trip."""
        try:
            with self.together(connection):
                driver(connection).tell(SNAPSHOT)
                asked = ask(connection, statement, parameters)
            return asked.one()
        except (errors.UndefinedColumn, errors.UndefinedTable, ProgrammingError) as error:
            if isinstance(error, ProgrammingError) and not isinstance(
                error.orig, errors.UndefinedColumn | errors.UndefinedTable
            ):
                raise
            driver(connection).rollback()
            return None

    @contextmanager
    def together(self, connection: Connection) -> Iterator[None]:
        """The driver's pipeline: the server works on a statement while the next one is being made."""
        try:
            with driver(connection).pipeline():
                yield
        except psycopg.Error as error:  # told when the block ends; whoever begins a deadlock anew knows SQLAlchemy's
            said = "statements of one round trip"
            raise DBAPIError.instance(said, (), error, psycopg.Error, dialect=connection.dialect) from error

    def end_read(self, connection: Connection) -> None:
        """End the snapshot by COMMIT: with a ROLLBACK psycopg forgets every statement that it has prepared.

        It is sent and no more: the connection is given back at once, and whoever takes it next reads the answer.
        """
        raw = driver(connection)
        if not raw.closed:
            raw.end()

    def begin_write(self, connection: Connection) -> Head:
        """Begin, share the company's lock, read the head. One round trip."""
        return _begin(connection, WRITE)

    def lock(self, connection: Connection, names: Sequence[str]) -> None:
        """Advisory locks, taken in one order by everybody. One statement."""
        keys = sorted({_lock_key(self.schema, name) for name in names})
        driver(connection).execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])

    @contextmanager
    def switch(self) -> Iterator[Connection]:
        """A transaction that holds the company's lock alone."""
        with self.writers.connect() as connection:
            try:
                with connection.begin():
                    raw = driver(connection)
                    raw.execute("BEGIN")
                    raw.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_MILLISECONDS)))
                    raw.execute("SELECT pg_advisory_xact_lock(%s)", [self.key])
                    yield connection
            except errors.LockNotAvailable as error:
                raise Busy from error
            except OperationalError as error:
                if isinstance(error.orig, errors.LockNotAvailable):
                    raise Busy from error
                raise

    @contextmanager
    def preparing(self) -> Iterator[Connection]:
        """The connection of the one publisher who prepares; a session lock, gone with the process."""
        with self.maintenance() as connection:
            key = _lock_key(self.schema, "prepare")
            row = driver(connection).execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
            if not (row and row[0]):
                raise Busy
            yield connection

    @contextmanager
    def maintenance(self) -> Iterator[Connection]:
        """A connection of its own, in autocommit."""
        with self._engine(poolclass=NullPool).connect() as connection:
            yield connection

    @contextmanager
    def changing(self, connection: Connection) -> Iterator[Operations]:
        """All changes in one message: from the first one on, readers of the table wait."""
        written = io.StringIO()
        options = {"as_sql": True, "output_buffer": written}
        yield Operations(MigrationContext.configure(dialect=connection.dialect, opts=options))
        if written.getvalue():
            driver(connection).execute(written.getvalue(), prepare=False)

    def create_index(self, connection: Connection, index: Index) -> None:
        """CREATE INDEX CONCURRENTLY; an invalid index that a killed attempt left is dropped first."""
        index.dialect_options["postgresql"]["concurrently"] = True
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
        found = driver(connection).execute(valid, [sql.Identifier(str(index.name)).as_string(None)]).fetchone()
        with connection.begin():  # of SQLAlchemy alone: the connection is in autocommit
            if found and not found[0]:
                connection.execute(DropIndex(index))
            connection.execute(CreateIndex(index, if_not_exists=True))

    def watch(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        """A trigger on `table`."""
        self.unwatch(connection, table)
        statement = sql.SQL(
            "CREATE TRIGGER dg_watch AFTER INSERT OR UPDATE OF {} ON {} FOR EACH ROW EXECUTE FUNCTION dg_touch()"
        )
        of = sql.SQL(", ").join(map(sql.Identifier, columns))
        driver(connection).execute(statement.format(of, sql.Identifier(table)))

    def unwatch(self, connection: Connection, table: str) -> None:
        """Drop the trigger."""
        statement = sql.SQL("DROP TRIGGER IF EXISTS dg_watch ON {}")
        driver(connection).execute(statement.format(sql.Identifier(table)))

    def drop_columns(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        """ALTER TABLE DROP COLUMN: a note in the catalogue; indexes and keys on the columns go with them."""
        drops = sql.SQL(", ").join(sql.SQL("DROP COLUMN IF EXISTS {}").format(sql.Identifier(name)) for name in columns)
        driver(connection).execute(sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(table), drops))

    def check_references(self, connection: Connection, tables: Sequence[str]) -> list[tuple[str, str]]:
        """Nothing: PostgreSQL checks each foreign key as it is made."""
        return []

    def insert_many(self, connection: Connection, table: Table, columns: ByColumn, whole: bool = False) -> None:
        """By COPY, which is whole."""
        bulk.postgresql_insert_many(connection, table, columns)

    def update_many(
        self, connection: Connection, table: Table, ids: Sequence[str], columns: ByColumn, whole: bool = False
    ) -> None:
        """From one array a column, which is whole."""
        bulk.postgresql_update_many(connection, table, ids, columns)

    def put_many(self, connection: Connection, table: Table, columns: ByColumn, new: bool = False) -> None:
        """From one array a column; by COPY what is new."""
        (bulk.postgresql_insert_many if new else bulk.postgresql_put_many)(connection, table, columns)

    def relieved(self) -> AbstractContextManager[None]:
        """Nothing: the server does it in processes of its own."""
        return nullcontext()

    def announce(self, connection: Connection, task: str, when: datetime) -> None:
        """Queue the task."""
        if self.account is None:
            queue.announce(driver(connection), self.schema, task, when)
        else:
            queue.announce_own(driver(connection), task, when)

    def work(self, perform: Callable[[str, str], None], sweep: Callable[[], int], stop: Event) -> None:
        """Work on the queue, which serves all companies of the database."""
        conninfo = self.operator.set(drivername="postgresql").render_as_string(hide_password=False)
        queue.work(conninfo, perform, sweep, stop)

    def is_deadlock(self, error: DBAPIError) -> bool:
        """Whether PostgreSQL found a circle of waiting transactions and chose this one to end."""
        return isinstance(error.orig, errors.DeadlockDetected)

    def close(self) -> None:
        """Close every connection."""
        self.readers.dispose()


def _connect(
    dialect: Dialect, record: ConnectionPoolEntry, arguments: Sequence[Any], named: Mapping[str, Any]
) -> LeanConnection:
    return LeanConnection.connect(*arguments, **named)


def _taken(raw: LeanConnection, record: ConnectionPoolEntry, proxy: object) -> None:
    """Let the last snapshot of a connection be over before it serves anybody else; the pool makes new ones if not."""
    try:
        raw.ended()
    except psycopg.Error as error:
        raise InvalidatePoolError(str(error)) from error


def _teach_formulas(raw: psycopg.Connection[Any]) -> None:
    """Make the functions that formulas call, unless they are there in this version."""
    known = raw.execute("SELECT to_regprocedure('dg_formulas_version()')").fetchone()
    if known and known[0]:
        found = raw.execute("SELECT dg_formulas_version()").fetchone()
        if found and found[0] == installation.version():
            return
    raw.execute(installation.postgresql())


def _begin(connection: Connection, statement: str) -> Head:
    # Two statements in one message cannot be prepared on the server.
    cursor = driver(connection).execute(statement, prepare=False)
    cursor.nextset()
    row = cursor.fetchone()
    assert row is not None
    return Head(*row)


def _lock_key(company: str, purpose: str) -> int:
    """A 64-bit key of PostgreSQL's advisory locks, which all companies of one database share."""
    digest = hashlib.blake2b(f"dougong:{company}:{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
