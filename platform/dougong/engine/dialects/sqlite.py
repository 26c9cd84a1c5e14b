"""SQLite: one file a company, many readers, one writer.

Readers see the last commit (WAL) and never wait. Writers take the write lock at BEGIN, so that what they read stays
true until they commit; within a process they queue for the one writing connection, between processes SQLite makes them
wait. Python's own transaction handling is switched off (``isolation_level=None``): it begins late, and commits before
DDL.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from threading import Event, Thread
from typing import Any, ClassVar, cast

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, Index, Select, Table, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from dougong.engine.dialects import bulk, guards, platform_tables, statistics
from dougong.engine.dialects.asking import ask
from dougong.engine.dialects.base import Busy, ByColumn, Head
from dougong.engine.dialects.compiled import Compiled
from dougong.engine.dialects.places import Account
from dougong.engine.dialects.sqlite_places import file_of
from dougong.engine.expressions import ExactTotal, local_day
from dougong.engine.lettercase import lowered
from dougong.formulas.sql import installation

WAIT_SECONDS = 30
"""How long a writer waits for another process's write."""

LOOK_SECONDS = 0.002
"""How often a writer looks whether another process has let go."""

POLL_SECONDS = 0.5
"""How often an idle worker looks into the outbox; one indexed read of an index that is empty then."""

ANALYSE_SECONDS = 3600

FILE_SECONDS = 2
"""How often a worker puts the log into the file, so that nobody waits for that with their own change."""

RELIEVE_SECONDS = 0.5
"""How often a thread does that for an import, which runs where there is no worker too."""

LOG_BYTES = 64 * 1024 * 1024
"""How long the log may stay on the disk once it is in the file."""

LOG_THREAD = "dougong-log"

PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=NORMAL",  # with WAL: safe against a killed process; a power cut may undo the last commits
    "PRAGMA mmap_size=268435456",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA wal_autocheckpoint=128000",  # pages, where no thread does it before: an import of 10,000 rows writes 80,000
)

READING = ("PRAGMA cache_size=-32000", "PRAGMA query_only=ON")

WRITING = (
    "PRAGMA cache_size=-96000",
    "PRAGMA busy_timeout=0",  # `_take_turn` waits
)
"""A batch of an import changes ten thousand pages of indexes: they are written once if all are in memory."""

COLUMNS = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"

HEAD = "SELECT revision, version FROM dg_head, dg_people"


class SQLite:
    """A company in a SQLite file (see `Database`)."""

    kind: ClassVar[str] = "sqlite"
    pause: ClassVar[float] = 0.004  # one writes at a time: twice as long as `LOOK_SECONDS`, so that others come in
    digits: ClassVar[int] = 18
    columns_at_once: ClassVar[int | None] = 4  # each takes some 2 ms, in which nobody writes: the schema is read anew

    def __init__(self, url: URL, company: str, threads: int, account: Account | None = None) -> None:
        """Name the file; it is made by `create`. SQLite has no accounts."""
        self.path = file_of(url, company)
        lifo = {"pool_size": threads, "pool_use_lifo": True}  # the last one back has the pages of the last reads
        self.readers = self._engine(*READING, **lifo)
        self.writers = self._engine(*WRITING, pool_size=1)

    def _engine(self, *pragmas: str, **options: Any) -> Engine:
        if "poolclass" not in options:
            options |= {"max_overflow": 0, "pool_timeout": WAIT_SECONDS}
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            connect_args={
                "isolation_level": None,
                "check_same_thread": False,
                "timeout": WAIT_SECONDS,
                "cached_statements": 512,
            },
            execution_options={"compiled_cache": Compiled()},
            **options,
        )

        @event.listens_for(engine, "connect")
        def connect(connection: sqlite3.Connection, _: object) -> None:
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)  # no statement reaches another company's file
            for pragma in (*PRAGMAS, *pragmas):
                connection.execute(pragma)
            connection.create_function("lower", 1, _lower, deterministic=True)
            connection.create_function("local_day", 2, local_day, deterministic=True)
            connection.create_aggregate("exact_total", 1, ExactTotal)  # type: ignore[arg-type]
            installation.register(connection)

        return engine

    def create(self) -> None:
        """Make the file and the platform's tables where they are missing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.maintenance() as connection:
            raw = driver(connection)
            raw.execute("PRAGMA journal_mode=WAL")
            with connection.begin():
                raw.execute("BEGIN IMMEDIATE")
                platform_tables.create(connection, raw.execute(COLUMNS))
                for guard in guards.SQLITE:
                    raw.execute(guard)
                raw.execute("INSERT INTO dg_head (id, revision) VALUES (1, 0) ON CONFLICT DO NOTHING")
                raw.execute("INSERT INTO dg_audit_head (id, seq, hash) VALUES (1, 0, '') ON CONFLICT DO NOTHING")
                raw.execute("INSERT INTO dg_people (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING")

    def begin_read(self, connection: Connection) -> Head:
        """Begin a snapshot; its head revision."""
        raw = driver(connection)
        raw.execute("BEGIN")
        return Head(*raw.execute(HEAD).fetchone())

    def begin_asking(self, connection: Connection, statement: Select[Any], parameters: Mapping[str, Any]) -> Any:
        """Begin a snapshot with `statement`; None where a table or column of it is gone."""
        raw = driver(connection)
        raw.execute("BEGIN")
        try:
            return ask(connection, statement, parameters).one()
        except OperationalError:
            raw.rollback()
            return None

    def together(self, connection: Connection) -> AbstractContextManager[None]:
        """Nothing: there is no way to go."""
        return nullcontext()

    def end_read(self, connection: Connection) -> None:
        """End the snapshot."""
        driver(connection).commit()

    def begin_write(self, connection: Connection) -> Head:
        """Take the write lock; the head revision."""
        raw = driver(connection)
        _take_turn(raw)
        return Head(*raw.execute(HEAD).fetchone())

    def lock(self, connection: Connection, names: Sequence[str]) -> None:
        """Nothing: a writer is alone from its beginning."""

    @contextmanager
    def switch(self) -> Iterator[Connection]:
        """A write transaction on a connection of its own, foreign keys off (see `check_references`)."""
        engine = self._engine("PRAGMA foreign_keys=OFF", poolclass=NullPool)
        with engine.connect() as connection, connection.begin():
            try:
                driver(connection).execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise Busy from error
            yield connection

    @contextmanager
    def preparing(self) -> Iterator[Connection]:
        """The connection of the one publisher who prepares; a lock file tells other processes."""
        lock = sqlite3.connect(self.path.with_name(self.path.name + "-publish"), isolation_level=None, timeout=0)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise Busy from error
            with self.maintenance() as connection:
                yield connection
        finally:
            lock.close()

    @contextmanager
    def maintenance(self) -> Iterator[Connection]:
        """A writing connection of its own."""
        with self._engine(poolclass=NullPool).connect() as connection:
            yield connection

    @contextmanager
    def changing(self, connection: Connection) -> Iterator[Operations]:
        """One statement for each change, at once."""
        yield Operations(MigrationContext.configure(connection))

    def create_index(self, connection: Connection, index: Index) -> None:
        """Build `index`: SQLite builds within the write lock, some 300 ns a row."""
        with connection.begin():
            driver(connection).execute("BEGIN IMMEDIATE")
            index.create(connection, checkfirst=True)

    def watch(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        """Two triggers on `table`."""
        self.unwatch(connection, table)
        quote = connection.dialect.identifier_preparer.quote_identifier
        note = f"BEGIN INSERT INTO dg_touched (table_name, record_id) VALUES ('{table}', new.id); END"
        of = ", ".join(map(quote, columns))
        for name, when in (("added", "INSERT"), ("changed", f"UPDATE OF {of}")):
            driver(connection).execute(
                f"CREATE TRIGGER {quote(f'dg_watch_{table}_{name}')} AFTER {when} ON {quote(table)} {note}"
            )

    def unwatch(self, connection: Connection, table: str) -> None:
        """Drop the triggers."""
        quote = connection.dialect.identifier_preparer.quote_identifier
        for name in ("added", "changed"):
            driver(connection).execute(f"DROP TRIGGER IF EXISTS {quote(f'dg_watch_{table}_{name}')}")

    def drop_columns(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        """ALTER TABLE DROP COLUMN: SQLite rewrites the rows, and wants the indexes gone before."""
        quote = connection.dialect.identifier_preparer.quote_identifier
        raw = driver(connection)
        indexes = raw.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", [table])
        for (name,) in indexes.fetchall():
            on = {row[2] for row in raw.execute(f"PRAGMA index_info({quote(name)})")}
            if on & set(columns):
                raw.execute(f"DROP INDEX {quote(name)}")
        for name in columns:
            raw.execute(f"ALTER TABLE {quote(table)} DROP COLUMN {quote(name)}")

    def check_references(self, connection: Connection, tables: Sequence[str]) -> list[tuple[str, str]]:
        """What `foreign_key_check` finds in `tables`."""
        found: list[tuple[str, str]] = []
        for table in tables:
            quoted = connection.dialect.identifier_preparer.quote_identifier(table)
            rows = driver(connection).execute(f"PRAGMA foreign_key_check({quoted})")
            found += [(row[0], row[2]) for row in rows]
        return found

    def insert_many(self, connection: Connection, table: Table, columns: ByColumn, whole: bool = False) -> None:
        """By executemany, or in statements of many rows."""
        bulk.sqlite_insert_many(connection, table, columns, whole)

    def update_many(
        self, connection: Connection, table: Table, ids: Sequence[str], columns: ByColumn, whole: bool = False
    ) -> None:
        """By executemany, or in statements of many rows."""
        bulk.sqlite_update_many(connection, table, ids, columns, whole)

    def put_many(self, connection: Connection, table: Table, columns: ByColumn, new: bool = False) -> None:
        """In one statement, new or not."""
        bulk.sqlite_put_many(connection, table, columns)

    @contextmanager
    def relieved(self) -> Iterator[None]:
        """Within, a thread of its own puts the log into the file, again and again: no commit does it.

        What is left at the end it puts there too, but nobody waits for that.
        """
        stop = Event()
        Thread(target=self._file, args=(stop,), name=LOG_THREAD, daemon=True).start()
        try:
            yield
        finally:
            stop.set()

    def _file(self, stop: Event) -> None:
        if stop.wait(RELIEVE_SECONDS):
            return  # most imports are over by then, and want no connection for this
        with self.maintenance() as connection:
            while True:
                self._put_into_file(driver(connection))
                if stop.is_set():
                    return  # all of it is in the file now: the next change begins the log anew
                stop.wait(RELIEVE_SECONDS)

    def _put_into_file(self, raw: sqlite3.Connection) -> None:
        """Put the log into the file as far as nobody reads it: neither waits for anybody nor is waited for.

        A long log that is in the file as a whole is cut: left to the next change, that would take a tenth of a second.
        """
        _, pages, filed = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages == filed and self._log_bytes() > LOG_BYTES:
            raw.execute("PRAGMA busy_timeout=0")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _log_bytes(self) -> int:
        try:
            return self.path.with_name(f"{self.path.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def announce(self, connection: Connection, task: str, when: datetime) -> None:
        """Nothing: the worker looks into the outbox itself."""

    def work(self, perform: Callable[[str, str], None], sweep: Callable[[], int], stop: Event) -> None:
        """Look into the outbox again and again; keep the planner's statistics fresh, and the log short."""
        analysed = filed = float("-inf")
        with self.maintenance() as connection:
            raw = driver(connection)
            while not stop.is_set():
                now = time.monotonic()
                if now >= analysed + ANALYSE_SECONDS:
                    statistics.analyse(raw)
                    analysed = now
                if now >= filed + FILE_SECONDS:
                    self._put_into_file(raw)
                    filed = now
                if not sweep():
                    stop.wait(POLL_SECONDS)

    def is_deadlock(self, error: DBAPIError) -> bool:
        """Never: there is one writer, and it has its lock from the beginning."""
        return False

    def close(self) -> None:
        """Close every connection."""
        self.readers.dispose()
        self.writers.dispose()


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection: for the few statements of each request that need nothing of SQLAlchemy."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def _take_turn(raw: sqlite3.Connection) -> None:
    """Take the write lock as soon as another process lets go of it.

    SQLite's own wait looks ever more rarely: after a tenth of a second, once in a tenth of a second.

    Raises:
        sqlite3.OperationalError: it was not to be had for `WAIT_SECONDS`.
    """
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(LOOK_SECONDS)


def _lower(value: Any) -> Any:
    """SQLite's own lower() knows the letters of ASCII alone."""
    return lowered(value) if isinstance(value, str) else value
