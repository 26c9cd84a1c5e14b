"""The contract of a database kind."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from sqlalchemy import Connection, Engine, Index


class Database(Protocol):
    """One company's database, open: its pools, and the few statements that the kinds of database say differently.

    `readers` and `writers` are pools (the same one where a database needs no difference). Their connections begin no
    transaction by themselves: `begin_read` and `begin_write` do, and say which revision is in force; commit, rollback
    or closing ends it.
    """

    kind: ClassVar[str]
    readers: Engine
    writers: Engine

    def create(self) -> None:
        """Make the company's place and the platform's tables in it, where they are not there yet."""
        ...

    def begin_read(self, connection: Connection) -> int:
        """Begin a read-only transaction with one snapshot; the head revision in it."""
        ...

    def begin_write(self, connection: Connection) -> int:
        """Begin a transaction in which no publish can happen; the head revision."""
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
            Conflict: another publisher prepares just now.
        """
        ...

    def create_index(self, connection: Connection, index: Index) -> None:
        """Build `index` on a table that others write to meanwhile; what a killed attempt left is cleared first."""
        ...

    def check_references(self, connection: Connection, tables: Sequence[str]) -> list[tuple[str, str]]:
        """Rows of `tables` whose foreign keys lead nowhere: (table, target table), where the kind has to look."""
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...


class Busy(Exception):
    """A lock was not to be had within the moment that a publish may keep others waiting."""
