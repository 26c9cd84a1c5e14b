"""The contract of a database kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Event
from typing import Any, ClassVar, NamedTuple, Protocol

from alembic.operations import Operations
from sqlalchemy import Connection, Engine, Index, Select, Table
from sqlalchemy.exc import DBAPIError

ByColumn = Mapping[str, Sequence[Any]]
"""Many rows, column by column: what is the same for a column is then done once, not once a row."""


class Head(NamedTuple):
    """What is in force: the revision, and the state of who belongs to what (`dg_people`)."""

    revision: int
    people: int


class Database(Protocol):
    """One company's database, open: its pools, and the few statements that the kinds of database say differently.

    `readers` and `writers` are pools (the same one where a database needs no difference). Their connections begin no
    transaction by themselves: `begin_read` and `begin_write` do, and say which revision is in force; commit, rollback
    or closing ends it. `digits` is how many digits of a number its operators compute exactly with.
    """

    kind: ClassVar[str]
    pause: ClassVar[float]
    """Seconds that who writes batch after batch leaves between two of them, for others to come in."""
    digits: ClassVar[int]
    columns_at_once: ClassVar[int | None]
    """How many columns a publish adds in one transaction; None where all of them cost no more than one."""
    readers: Engine
    writers: Engine

    def create(self) -> None:
        """Make the company's place and the platform's tables in it, where they are not there yet."""
        ...

    def begin_read(self, connection: Connection) -> Head:
        """Begin a read-only transaction with one snapshot; the head in it."""
        ...

    def begin_asking(self, connection: Connection, statement: Select[Any], parameters: Mapping[str, Any]) -> Any:
        """`begin_read` with a statement of one row in place of the head, whose row it gives, by names.

        None, and nothing has begun, where the database no longer has what the statement reads.
        """
        ...

    def together(self, connection: Connection) -> AbstractContextManager[None]:
        """A block of reads that is answered as a whole, in as few round trips as the kind can."""
        ...

    def end_read(self, connection: Connection) -> None:
        """End what `begin_read` or `begin_asking` began."""
        ...

    def begin_write(self, connection: Connection) -> Head:
        """Begin a transaction in which no publish can happen; the head."""
        ...

    def lock(self, connection: Connection, names: Sequence[str]) -> None:
        """Until the transaction ends, be the only one with locks of these `names`; wait for who has one."""
        ...

    def switch(self) -> AbstractContextManager[Connection]:
        """A transaction alone with the company, for DDL and a new head: committed at the end of the block.

        Raises:
            Busy: others hold what the transaction needs; nothing happened, it may be tried again at once.
        """
        ...

    def preparing(self) -> AbstractContextManager[Connection]:
        """A connection for the steps before a switch, each its own transaction; one publisher at a time has it.

        Raises:
            Busy: another publisher prepares just now.
        """
        ...

    def maintenance(self) -> AbstractContextManager[Connection]:
        """A connection of its own, each statement its own transaction: for DDL that runs beside everybody's work."""
        ...

    def changing(self, connection: Connection) -> AbstractContextManager[Operations]:
        """Changes of tables, carried out by the end of the block in as few round trips as the kind can."""
        ...

    def create_index(self, connection: Connection, index: Index) -> None:
        """Build `index` on a table that others write to meanwhile; what a killed attempt left is cleared first."""
        ...

    def watch(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        """From now on, note in `dg_touched` every row of `table` that is added or has one of `columns` set."""
        ...

    def unwatch(self, connection: Connection, table: str) -> None:
        """End `watch`, where it was begun."""
        ...

    def drop_columns(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        """Drop `columns` and the indexes on them."""
        ...

    def check_references(self, connection: Connection, tables: Sequence[str]) -> list[tuple[str, str]]:
        """Rows of `tables` whose foreign keys lead nowhere: (table, target table), where the kind has to look."""
        ...

    def insert_many(self, connection: Connection, table: Table, columns: ByColumn, whole: bool = False) -> None:
        """Insert many rows: by column key, one value a row.

        `whole`: in as few statements as can be, which need nothing of Python, for who goes on meanwhile.
        """
        ...

    def update_many(
        self, connection: Connection, table: Table, ids: Sequence[str], columns: ByColumn, whole: bool = False
    ) -> None:
        """Set `columns` of the rows with these `ids`: by column key, one value a row. `whole`: see `insert_many`."""
        ...

    def put_many(self, connection: Connection, table: Table, columns: ByColumn, new: bool = False) -> None:
        """Insert many rows, or set them where their primary key is there, unless all are `new`; in one statement."""
        ...

    def relieved(self) -> AbstractContextManager[None]:
        """Within, whoever writes batch after batch is spared what the database has to do beside their commits."""
        ...

    def announce(self, connection: Connection, task: str, when: datetime) -> None:
        """Within the transaction that writes outbox row `task`: tell workers that it is due at `when`."""
        ...

    def work(self, perform: Callable[[str, str], None], sweep: Callable[[], int], stop: Event) -> None:
        """Do background work until `stop` is set: `perform` one announced task (company, id), `sweep` all due ones."""
        ...

    def is_deadlock(self, error: DBAPIError) -> bool:
        """Whether the database ended a transaction because it and another one waited for each other."""
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...


class Busy(Exception):
    """A lock was not to be had within the moment that a publish may keep others waiting."""
