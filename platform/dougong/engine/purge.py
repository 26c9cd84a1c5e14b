"""Purging: what the metadata in force no longer name is dropped for good, on purpose and never by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, column, delete, func, select, table

from dougong.engine import audit, revisions, tables
from dougong.engine.actor import SYSTEM
from dougong.engine.audit import Entry, Event
from dougong.engine.company import Company
from dougong.engine.ledger import Place
from dougong.engine.publish import alone, turn
from dougong.engine.schema_steps import drop_table
from dougong.engine.storage import Storage


@dataclass(frozen=True, slots=True)
class Unused:
    """A place that no object or field in force has. `count`: its records or values."""

    place: Place
    count: int

    @property
    def name(self) -> str:
        """How people name it: ``table`` or ``table.column``."""
        return f"{self.place.table}.{self.place.name}" if self.place.columns else self.place.table


def unused(company: Company) -> list[Unused]:
    """Everything that is kept aside."""
    with company.database.readers.connect() as connection:
        company.database.begin_read(connection)
        storage, ledger = company.runtime().storage, revisions.get_ledger(connection)
        found = [place for place in ledger.values() if not _used(storage, place)]
        gone = {place.table for place in found if not place.columns}
        return [
            Unused(place, _count(connection, place)) for place in found if not place.columns or place.table not in gone
        ]


def _used(storage: Storage, place: Place) -> bool:
    known = storage.metadata.tables.get(place.table)
    return known is not None and all(name in known.columns for name in place.columns)


def _count(connection: Connection, place: Place) -> int:
    here = table(place.table, *(column(name) for name in place.columns))
    counted = func.count(here.c[place.columns[0]]) if place.columns else func.count()
    return int(connection.scalar(select(counted).select_from(here)) or 0)


def purge(company: Company, names: Iterable[str] | None = None) -> list[Unused]:
    """Drop what is kept aside under `names` (see `Unused.name`), or all of it; what was dropped.

    With a table go the kept-aside lookups that lead to it.
    """
    wanted = None if names is None else set(names)
    with turn(company):
        found = unused(company)
        chosen = [each for each in found if wanted is None or each.name in wanted]
        # A column must not lead to a table that is gone: SQLite would refuse every write.
        tables_gone = {each.place.component for each in chosen if each.place.kind == "object"}
        chosen += [each for each in found if each not in chosen and each.place.shape.partition("|")[2] in tables_gone]
        if chosen:
            alone(company, lambda connection: _drop(company, connection, chosen))
    return chosen


def _drop(company: Company, connection: Connection, chosen: Sequence[Unused]) -> None:
    ledger = revisions.get_ledger(connection)
    for each in chosen:
        if each.place.columns:
            company.database.drop_columns(connection, each.place.table, each.place.columns)
            revisions.drop_places(connection, [each.place])
    for each in chosen:
        if not each.place.columns:
            drop_table(connection, each.place.table)
            revisions.drop_places(connection, [place for place in ledger.values() if place.table == each.place.table])
            for kept in (tables.history, tables.search):
                connection.execute(delete(kept).where(kept.c.object == each.place.component))
    counts = {each.name: each.count for each in chosen}
    audit.append(connection, [Entry.of(SYSTEM, datetime.now(UTC), Event("purged", data={"dropped": counts}))])
