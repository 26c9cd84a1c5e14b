"""The record of an import: one row of `dg_import` and one of `dg_operation`, kept up with every batch.

A killed run stands there as running, with how far it came: it can be resumed or undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from dougong.base.errors import BadRequest, Problem
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.audit import Event, record

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(slots=True)
class Progress:
    """How far a run came: `done` rows of its order are behind it, of which `refused` (by row number) were left out.

    `source` is what the file and the mapping were, so that another one is not taken for them.
    """

    rows: int
    source: str
    done: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[int] = field(default_factory=list)

    def count(self, action: str) -> None:
        """One more record that was created, updated or left as it was."""
        name = {"create": "created", "update": "updated", "unchanged": "unchanged"}[action]
        setattr(self, name, getattr(self, name) + 1)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was begun and neither finished nor undone."""

    id: str
    object: str
    source: str
    at: Any
    progress: Progress


def begin(unit: Unit, run: str, object_name: str, title: str, progress: Progress) -> None:
    """Note a new run, in the transaction of its first batch or before it."""
    common = {"id": run, "object": object_name, "actor_id": unit.actor.user_id, "at": unit.now, "state": "running"}
    unit.connection.execute(
        insert(tables.operations).values(**common, kind="import", title=title, actor=unit.actor.name)
    )
    unit.connection.execute(insert(tables.imports).values(**common, source=title, batches=0, details=asdict(progress)))


def note(unit: Unit, run: str, progress: Progress) -> None:
    """Note one more batch, in its own transaction."""
    counted = {"batches": tables.imports.c.batches + 1, "details": asdict(progress)}
    statement = update(tables.imports).where(tables.imports.c.id == run).values(counted)
    unit.begin(lambda connection: connection.execute(statement))


def finish(unit: Unit, run: str, progress: Progress) -> None:
    """Note that a run is done."""
    counts: Mapping[str, Any] = {**asdict(progress), "refused": len(progress.refused)}
    for table in (tables.imports, tables.operations):
        unit.connection.execute(update(table).where(table.c.id == run).values(state="done", details=counts))
    found = unit.connection.execute(select(tables.imports).where(tables.imports.c.id == run)).one()
    numbers = {name: value for name, value in counts.items() if name != "source"}
    record(unit, Event("imported", f"object:{found.object}", {"run": run, **numbers}, {"file": found.source}))


def resumed(unit: Unit, run: str, source: str) -> Progress:
    """How far the unfinished run of the same file and mapping came.

    Raises:
        BadRequest: there is no such run.
    """
    row = unit.connection.execute(
        select(tables.imports.c.state, tables.imports.c.details).where(tables.imports.c.id == run)
    ).first()
    if row is None or row.state != "running":
        reason = msg("There is no unfinished import {run}.", run=run)
        raise BadRequest(Problem(code="import-resume", thing=run, reason=reason))
    if row.details.get("source") != source:
        reason = msg("The import {run} was of another file or with another mapping.", run=run)
        fix = msg("Give it the same ones, or take the run back.")
        raise BadRequest(Problem(code="import-resume", thing=run, reason=reason, fix=fix))
    return Progress(**row.details)


def unfinished(unit: Unit) -> Iterable[Unfinished]:
    """The runs that were begun and neither finished nor undone, newest first."""
    found = tables.imports
    query = select(found).where(found.c.state == "running").order_by(found.c.id.desc())
    for row in unit.connection.execute(query):
        yield Unfinished(str(row.id), row.object, row.source, row.at, Progress(**row.details))
