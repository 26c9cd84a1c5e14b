"""The outbox: work asked for in a transaction and done after it, at least once.

A row of `dg_outbox` is written with what it belongs to, so it is there exactly when that is. It is the truth about
the job; whatever carries it to a worker (`Database.announce`) carries its id alone.

    ready → claimed → done        a worker that dies leaves "claimed"; past `LEASE` the row may be claimed again
      ↑        │
      └─ later ┴→ failed          after so many attempts as the job allows
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from dougong.base.ids import record_id
from dougong.engine.dialects.statements import upsert
from dougong.engine.tables import outbox

LEASE = timedelta(minutes=15)
"""How long a job may run before its worker is taken for dead."""

BACKOFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""How long after each failure a job is tried again; the last one counts for all further."""


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed row: `attempt` counts from 1."""

    id: str
    job: str
    key: str | None
    payload: Mapping[str, Any]
    attempt: int


def put(
    connection: Connection, job: str, payload: Mapping[str, Any], key: str | None, now: datetime, run_at: datetime
) -> str | None:
    """Write a row; its id, or None where a row of the same `key` is there already."""
    values = {
        "id": record_id(), "job": job, "key": key, "payload": dict(payload), "state": "ready",
        "run_at": run_at, "attempts": 0, "created_at": now,
    }  # fmt: skip
    if key is None:
        connection.execute(insert(outbox).values(values))
        return str(values["id"])
    statement = upsert(connection.dialect.name, outbox).values(values).on_conflict_do_nothing(index_elements=["key"])
    id: str | None = connection.scalar(statement.returning(outbox.c.id))
    return id


def due(connection: Connection, jobs: Iterable[str], now: datetime, limit: int = 100) -> Sequence[str]:
    """Ids of rows of `jobs` that may be claimed, the longest due first."""
    wanted = select(outbox.c.id).where(_claimable(now), outbox.c.job.in_(list(jobs)))
    return connection.scalars(wanted.order_by(outbox.c.run_at).limit(limit)).all()


def claim(connection: Connection, id: str, jobs: Iterable[str], now: datetime) -> Task | None:
    """Take a row for this worker; None where another has it, it is done, not due yet, or a job that is not in `jobs`.

    A process that lacks the plugin of a job leaves it to one that has it.
    """
    columns = outbox.c
    row = connection.execute(
        update(outbox)
        .where(columns.id == id, _claimable(now), columns.job.in_(list(jobs)))
        .values(state="claimed", claimed_at=now, attempts=columns.attempts + 1)
        .returning(columns.id, columns.job, columns.key, columns.payload, columns.attempts)
    ).one_or_none()
    return Task(*row) if row is not None else None


def done(connection: Connection, task: Task, now: datetime) -> None:
    """Note that the job is done."""
    _set(connection, task, state="done", done_at=now, error=None)


def failed(connection: Connection, task: Task, error: str, now: datetime, attempts: int) -> datetime | None:
    """Note a failure; when the job is due again, None where it has been tried `attempts` times."""
    if task.attempt >= attempts:
        _set(connection, task, state="failed", error=error, done_at=now)
        return None
    again = now + BACKOFF[min(task.attempt, len(BACKOFF)) - 1]
    _set(connection, task, state="ready", error=error, run_at=again)
    return again


def _set(connection: Connection, task: Task, **values: Any) -> None:
    # A worker that was taken for dead and is not must leave alone what another one has begun.
    mine = and_(outbox.c.id == task.id, outbox.c.state == "claimed", outbox.c.attempts == task.attempt)
    connection.execute(update(outbox).where(mine).values(**values))


def _claimable(now: datetime) -> Any:
    return or_(
        and_(outbox.c.state == "ready", outbox.c.run_at <= now),
        and_(outbox.c.state == "claimed", outbox.c.claimed_at <= now - LEASE),
    )
