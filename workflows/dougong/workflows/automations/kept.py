"""What is kept of runs: their rows, the notes of their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from dougong.base.errors import DougongError, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import LANGUAGES, msg
from dougong.engine import causes
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.unit import Unit
from dougong.workflows.automations.guard import said
from dougong.workflows.automations.tables import run_steps, runs


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as it is kept (`dg_run`)."""

    id: str
    automation: str
    hash: str
    revision: int
    object: str
    event: str
    records: tuple[str, ...]
    trigger: Mapping[str, Any]
    actor_id: str | None
    chain: str
    depth: int
    way: tuple[str, ...]
    cause: str | None
    status: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: Mapping[str, Any] | None
    repeats: str | None = None
    """The run that this one does once more."""


@dataclass(frozen=True, slots=True)
class Note:
    """One try of a step, as it is kept (`dg_run_step`)."""

    path: str
    attempt: int
    state: str
    at: datetime
    input: Any
    output: Any
    error: Any


COLUMNS = tuple(runs.c[name] for name in Run.__slots__)


def read(row: Any) -> Run:
    """A run from a row of `COLUMNS`."""
    values = dict(zip(Run.__slots__, row, strict=True))
    return Run(**{**values, "records": tuple(values["records"]), "way": tuple(values["way"])})


def find(unit: Unit, id: str) -> Run | None:
    """A run by its id; None where nothing is called so."""
    if not is_record_id(id):
        return None
    row = unit.connection.execute(select(*COLUMNS).where(runs.c.id == id)).first()
    return read(row) if row is not None else None


def latest(unit: Unit, limit: int, state: str | None = None, automation: str | None = None) -> tuple[Run, ...]:
    """The newest runs, the newest first; of one state or all, of one automation or all."""
    wanted = select(*COLUMNS).order_by(runs.c.id.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(runs.c.status == state)
    if automation is not None:
        wanted = wanted.where(runs.c.automation == automation)
    return tuple(read(row) for row in unit.connection.execute(wanted))


def repetitions(unit: Unit, id: str) -> Sequence[tuple[str, datetime]]:
    """The runs that do a run once more, the first first: id, when it was asked for."""
    wanted = select(runs.c.id, runs.c.created_at).where(runs.c.repeats == id).order_by(runs.c.id).limit(20)
    return [(str(row.id), row.created_at) for row in unit.connection.execute(wanted)]


def notes_of(unit: Unit, id: str) -> tuple[Note, ...]:
    """Every try of every step of a run, the first first."""
    columns = [run_steps.c[name] for name in Note.__slots__]
    found = select(*columns).where(run_steps.c.run_id == id).order_by(run_steps.c.at, run_steps.c.attempt)
    return tuple(Note(*row) for row in unit.connection.execute(found))


def outputs(unit: Unit, id: str) -> dict[str, Any]:
    """The outputs of the steps of a run that are done, by path."""
    return {each.path: each.output for each in notes_of(unit, id) if each.state == "done"}


def locked(unit: Unit, id: str, path: str) -> Note | None:
    """The note of a step that is done; the run is locked, so that nobody else does the step meanwhile."""
    unit.connection.execute(select(runs.c.id).where(runs.c.id == id).with_for_update())
    columns = [run_steps.c[name] for name in Note.__slots__]
    of_step = (run_steps.c.run_id == id, run_steps.c.path == path, run_steps.c.state == "done")
    row = unit.connection.execute(select(*columns).where(*of_step)).first()
    return Note(*row) if row is not None else None


def note(
    unit: Unit, id: str, path: str, state: str, given: Any, output: Any, error: BaseException | None = None
) -> None:
    """Keep what a step did, or why it did not."""
    tries = select(func.max(run_steps.c.attempt)).where(run_steps.c.run_id == id, run_steps.c.path == path)
    unit.connection.execute(
        insert(run_steps),
        {
            "run_id": id,
            "path": path,
            "attempt": int(unit.connection.scalar(tries) or 0) + 1,
            "state": state,
            "at": unit.now,
            "input": given,
            "output": output,
            "error": {"problems": [said(each) for each in problems_of(error)]} if error is not None else None,
        },
    )


def problems_of(error: BaseException) -> tuple[Problem, ...]:
    """What an error says: its problems, or of what the platform did not expect, its cause."""
    if isinstance(error, DougongError):
        return error.problems
    found = causes.failure(error)
    why = {language: found.to(language) for language in LANGUAGES}
    return (Problem(code="step-broken", reason=msg("The step could not be carried out: {error}", error=why)),)


def begin(company: Company, id: str) -> None:
    """A run is being carried out."""
    company.write(
        SYSTEM, lambda unit: _set(unit, id, status="running", started_at=func.coalesce(runs.c.started_at, unit.now))
    )


def wait(company: Company, id: str) -> None:
    """A run waits."""
    company.write(SYSTEM, lambda unit: _set(unit, id, status="waiting"))


def end(company: Company, id: str, status: str, *problems: Problem) -> None:
    """A run has ended."""
    error = {"problems": [said(each) for each in problems[:20]]} if problems else None
    company.write(SYSTEM, lambda unit: _set(unit, id, status=status, ended_at=unit.now, error=error))


def _set(unit: Unit, id: str, **values: Any) -> None:
    unit.connection.execute(update(runs).where(runs.c.id == id).values(**values))
