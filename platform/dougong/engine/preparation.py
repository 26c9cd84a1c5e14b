"""The part of a publish that takes long: new columns are made and filled before anybody sees them.

Resumable: `dg_preparation` says how far each table has got, triggers note what is written meanwhile, and both outlive a
killed process. Invisible: no revision names the columns, so no statement does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Index, Table, delete, insert, select, update

from dougong.engine import revisions, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.backfill import ROWS, Filler, Filling, catch_up
from dougong.engine.company import Company
from dougong.engine.ledger import Ledger, Place
from dougong.engine.metadata_rows import RowChanges
from dougong.engine.queue_accounts import QueueChanges
from dougong.engine.runtime import Runtime
from dougong.engine.schema_steps import SchemaSteps, add_columns, drop_index, make_tables
from dougong.engine.unit import Unit

if TYPE_CHECKING:
    from dougong.engine.standing import Arrival

PAUSE_SECONDS = 0.002
"""Between two batches, for SQLite's other writers: they wait for the lock by asking, not in a queue."""

ROUNDS = 20
"""How often rows written meanwhile are filled again before the rest is left to the switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A revision on its way: what it runs on, what has to be made and filled for it."""

    parent: int
    runtime: Runtime
    known: Ledger
    ledger: Ledger
    steps: SchemaSteps
    fillings: tuple[Filling, ...]
    rows: tuple[RowChanges, ...] = ()
    queues: QueueChanges = QueueChanges((), ())
    arrivals: tuple[Arrival, ...] = ()

    @property
    def places(self) -> list[Place]:
        """The places that the ledger did not have."""
        return [place for key, place in self.ledger.items() if key not in self.known]

    def filled(self, table: str, column: str) -> bool:
        """Whether the preparation fills `column` of `table`."""
        return any(each.after.table.name == table and column in each.columns for each in self.fillings)

    @property
    def early_uniques(self) -> list[Index]:
        """Unique indexes on columns that nobody writes yet: built beforehand."""
        return [index for index in self.steps.uniques if self._prepared(index)]

    @property
    def late_uniques(self) -> list[Index]:
        """Unique indexes on columns in use: built in the switch, since they refuse what the old model allows."""
        return [index for index in self.steps.uniques if not self._prepared(index)]

    def _prepared(self, index: Index) -> bool:
        return index.table is not None and all(self.filled(index.table.name, each.name) for each in index.columns)

    def signature(self, filling: Filling) -> str:
        """What a preparation of one table depends on: another one cannot be taken up where it stopped."""
        sources = [f"{each.source[0].name}>{each.target[0].name}:{each.new.type.name}" for each in filling.retypes]
        return f"{self.parent}|{','.join(sorted(filling.columns))}|{','.join(sorted(sources))}"


NewColumn = tuple[Table, Column[object]]


@dataclass(frozen=True, slots=True)
class Piece:
    """New places of the ledger, and the tables and columns that are made for them: what one transaction makes."""

    places: Sequence[Place]
    tables: Sequence[Table] = ()
    columns: Sequence[NewColumn] = ()


def pieces(company: Company, coming: Coming) -> Iterator[Piece]:
    """What is new, in parts that each leave the ledger true: tables first, which may refer to one another."""
    steps, most = coming.steps, company.database.columns_at_once
    if most is None:
        yield Piece(coming.places, steps.tables, steps.columns)
        return
    columns = {(table.name, column.name): (table, column) for table, column in steps.columns}
    owned = [
        (place, [columns[key] for name in place.columns if (key := (place.table, name)) in columns])
        for place in coming.places
    ]
    yield Piece([place for place, mine in owned if not mine], steps.tables)
    part: list[tuple[Place, list[NewColumn]]] = []
    for place, mine in owned:
        if part and sum(len(each) for _, each in part) + len(mine) > most:
            yield _joined(part)
            part = []
        if mine:
            part.append((place, mine))
    yield _joined(part)


def _joined(part: Sequence[tuple[Place, Sequence[NewColumn]]]) -> Piece:
    return Piece([place for place, _ in part], columns=[each for _, columns in part for each in columns])


def make(company: Company, coming: Coming, piece: Piece, connection: Connection) -> None:
    """Enter what is new into the ledger as being prepared, then make it: who reads these tables waits then."""
    revisions.put_places(connection, piece.places, coming.parent + 1, "preparing")
    make_tables(connection, piece.tables)
    with company.database.changing(connection) as operations:
        add_columns(operations, piece.columns)


def begin(company: Company, connection: Connection, coming: Coming) -> None:
    """In one transaction alone with the company, when all is made since a key to fill may look at any: watch tables."""
    started = dict(connection.execute(select(tables.preparations.c.table_name, tables.preparations.c.plan)).all())
    for filling in coming.fillings:
        name, plan = filling.after.table.name, coming.signature(filling)
        if started.pop(name, None) == plan:
            continue
        clear(company, connection, [name])
        watched = [column.name for column in filling.before.table.columns if column.name not in filling.columns]
        company.database.watch(connection, name, watched)
        connection.execute(insert(tables.preparations).values(table_name=name, plan=plan, last_id=None, done=False))
    clear(company, connection, list(started))


def clear(company: Company, connection: Connection, names: Sequence[str]) -> None:
    """End the preparation of the tables `names`; the columns stay, and are used when they are wanted again."""
    for name in names:
        company.database.unwatch(connection, name)
    connection.execute(delete(tables.preparations).where(tables.preparations.c.table_name.in_(names)))
    connection.execute(delete(tables.touched).where(tables.touched.c.table_name.in_(names)))


def abandon(company: Company, connection: Connection, coming: Coming) -> None:
    """Take back what could be felt of a preparation that led nowhere: triggers, unique keys."""
    clear(company, connection, [filling.after.table.name for filling in coming.fillings])
    for index in coming.early_uniques:
        drop_index(connection, str(index.name))


def fill(company: Company, connection: Connection, coming: Coming) -> None:
    """Fill every column, batch by batch, then what was written meanwhile, then index the unique keys."""
    for filling in coming.fillings:
        _fill(company, connection, coming, filling)
    for _ in range(ROUNDS):
        if not any(_catch_up(company, connection, coming, filling) for filling in coming.fillings):
            break
    for index in coming.early_uniques:
        company.database.create_index(connection, index)


def _fill(company: Company, connection: Connection, coming: Coming, filling: Filling) -> None:
    row = tables.preparations.c.table_name == filling.after.table.name
    while True:
        with connection.begin():
            company.database.begin_write(connection)
            last, done = connection.execute(
                select(tables.preparations.c.last_id, tables.preparations.c.done).where(row)
            ).one()
            if done:
                return
            filler = _filler(company, connection, coming, filling)
            ids = filler.after(last)
            filler.fill(ids)
            done = len(ids) < ROWS
            connection.execute(
                update(tables.preparations).where(row).values(last_id=ids[-1] if ids else last, done=done)
            )
        time.sleep(PAUSE_SECONDS)


def _catch_up(company: Company, connection: Connection, coming: Coming, filling: Filling) -> int:
    with connection.begin():
        company.database.begin_write(connection)
        return catch_up(_filler(company, connection, coming, filling))


def finish(company: Company, connection: Connection, coming: Coming) -> None:
    """Within the switch: fill what is left. `clear` ends the preparation."""
    for filling in coming.fillings:
        filler = _filler(company, connection, coming, filling)
        while catch_up(filler):
            pass


def _filler(company: Company, connection: Connection, coming: Coming, filling: Filling) -> Filler:
    return Filler(filling, Unit(company, connection, coming.runtime, SYSTEM, datetime.now(UTC)))
