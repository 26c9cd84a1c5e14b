"""The floor's database: pools as the engine has them, reads without transactions of more than a statement."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from psycopg.types.string import TextLoader
from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, make_url, text

from dougong.engine.search.tokens import run_tokens, text_runs
from tests.benchmarks import data
from tests.benchmarks.engine import batches
from tests.benchmarks.floor import tables

THREADS = 12
AT_ONCE = 2000

PRAGMAS = ("foreign_keys=ON", "synchronous=NORMAL", "cache_size=-32000", "mmap_size=268435456", "temp_store=MEMORY")


class Database:
    """Both pools."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.kind = self.url.get_backend_name()
        if self.kind == "sqlite":
            self.readers = self._sqlite(THREADS).execution_options(isolation_level="AUTOCOMMIT")
            self.writers = self._sqlite(1)
        else:
            self.writers = self._postgresql()
            self.readers = self.writers.execution_options(isolation_level="AUTOCOMMIT")

    def _sqlite(self, size: int) -> Engine:
        engine = create_engine(
            self.url,
            pool_size=size,
            max_overflow=0,
            connect_args={"check_same_thread": False, "cached_statements": 512},
        )

        @event.listens_for(engine, "connect")
        def connect(connection: sqlite3.Connection, _: object) -> None:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")

        return engine

    def _postgresql(self) -> Engine:
        engine = create_engine(self.url.set(drivername="postgresql+psycopg"), pool_size=THREADS, max_overflow=THREADS)

        @event.listens_for(engine, "connect")
        def connect(connection: Any, _: object) -> None:
            connection.prepared_max = 1000
            connection.adapters.register_loader("uuid", TextLoader)
            connection.execute("SET timezone TO 'UTC'")
            connection.execute("SET jit TO off")
            connection.commit()

        return engine

    def close(self) -> None:
        self.readers.dispose()
        self.writers.dispose()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def fill(url: str, deals: int, token: str, cookie: str) -> None:
    """Make the tables in the empty database at `url` and put in the rows that the engine has."""
    database = Database(url)
    if database.kind == "sqlite":
        with database.writers.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with database.writers.begin() as connection:
        tables.METADATA.create_all(connection)
        for part in data.parts(deals):
            table = tables.person if part.object == "user" else vars(tables)[part.object]
            for batch in batches(map(part.make, range(part.count)), AT_ONCE):
                connection.execute(insert(table), [_params(table, row) for row in batch])
        _words(connection, database.kind, deals)
        connection.execute(insert(tables.history), list(_history(deals)))
        person, ends = data.identity("user", 0), data.BEGAN.replace(year=2099)
        connection.execute(insert(tables.token), {"token": digest(token), "person": person, "expires_at": ends})
        seen = {"token": digest(cookie), "person": person, "expires_at": ends, "seen_at": ends}
        connection.execute(insert(tables.session), seen)
    database.close()


def _history(deals: int) -> Iterator[dict[str, Any]]:
    """Two changes of each deal that people look at."""
    for number in range(0, deals, data.BUSY):
        deal = data.opportunity(number)
        changed = {"stage": ["prospecting", deal["stage"]], "next_step": [None, deal["next_step"]]}
        for at, changes in enumerate(({}, changed)):
            yield {"id": data.identity("history", 2 * number + at), "opportunity": deal["id"], "at": deal["created_at"],
                   "actor": "Person 00", "changes": changes}  # fmt: skip


def _params(table: Table, row: data.Values) -> dict[str, Any]:
    found = {name: value for name, value in row.items() if name in table.c}
    if "related_to" in row:
        found["opportunity"] = row["related_to"][1]
    return found


def _words(connection: Connection, kind: str, deals: int) -> None:
    """The search words of deals, and their index."""
    for batch in batches(range(deals), AT_ONCE):
        connection.execute(_insert_words(kind), [_word_row(kind, number) for number in batch])
    if kind == "sqlite":
        connection.execute(text(
            "CREATE VIRTUAL TABLE words_index USING fts5(words, content='opportunity_words', content_rowid='rowid', "
            "tokenize='unicode61 remove_diacritics 0')"
        ))  # fmt: skip
        connection.execute(text("INSERT INTO words_index(rowid, words) SELECT rowid, words FROM opportunity_words"))
    else:
        connection.execute(text("CREATE INDEX words_index ON opportunity_words USING gin (words)"))


def _insert_words(kind: str) -> Any:
    value = ":words" if kind == "sqlite" else "cast(:words AS tsvector)"
    return text(f"INSERT INTO opportunity_words (opportunity, words) VALUES (:opportunity, {value})")


def _word_row(kind: str, number: int) -> dict[str, Any]:
    texts = (data.opportunity_name(number), data.account_name(number % data.ACCOUNTS), f"D-{number:07}")
    tokens = [token for text in texts for run in text_runs(text) for token in run_tokens(run).split()]
    words: Iterable[str] = tokens
    if kind != "sqlite":
        words = (f"{token}:{min(at, 16383)}" for at, token in enumerate(tokens, start=1))
    return {"opportunity": data.identity("opportunity", number), "words": " ".join(words)}
