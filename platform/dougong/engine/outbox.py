"""The outbox: work asked for in a transaction and done after it, at least once.

A row of `dg_outbox` is written with what it belongs to, so it is there exactly when that is. It is the truth about
the job; whatever carries it to a worker (`Database.announce`) carries its id alone.

    ready → claimed → done        a worker that dies leaves "claimed"; past `LEASE` the row may be claimed again
      ↑        │
      └─ later ┴→ failed          after so many attempts as the job allows: kept, until somebody asks for it again

What must not overtake other work stands in `lanes` with it, and is claimed when it is the first there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, update

from dougong.base.failures import Failure
from dougong.base.ids import record_id
from dougong.engine import lanes
from dougong.engine.dialects.statements import upsert
from dougong.engine.tables import outbox

LEASE = timedelta(minutes=2)
"""How long a worker may give no sign of life before what it has claimed is somebody else's."""

RENEWED = LEASE / 6
"""How often a worker gives a sign of life while it works on one task."""

KEPT = timedelta(days=30)
"""How long what is done is remembered: as long does a key keep the same work from being asked for again."""

BACKOFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""How long after each failure a job is tried again; the last one counts for all further."""


class Lost(Exception):
    """A task went to another worker meanwhile; what this one was about to commit is undone."""


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed row: `attempt` counts from 1; `forgiven` of them were before somebody asked for it once more."""

    id: str
    job: str
    key: str | None
    payload: Mapping[str, Any]
    attempt: int
    forgiven: int = 0
    ordered: bool = False
    """Whether it stands, or stood, in lanes (`dougong.engine.lanes`)."""

    @property
    def tried(self) -> int:
        """Which attempt this is since the task was last asked for."""
        return self.attempt - self.forgiven


HELD: ContextVar[tuple[object, Task] | None] = ContextVar("held_task", default=None)
"""The company and the task that this thread does now: each of its transactions there ends with `confirm`."""


def put(
    connection: Connection,
    job: str,
    payload: Mapping[str, Any],
    key: str | None,
    now: datetime,
    run_at: datetime,
    within: Collection[str] = (),
) -> str | None:
    """Write a row, at the end of the lanes `within`; its id, or None where a row of the same `key` is there already."""
    values = {
        "id": record_id(), "job": job, "key": key, "payload": dict(payload), "state": "ready",
        "run_at": run_at, "attempts": 0, "created_at": now, "ordered": bool(within),
    }  # fmt: skip
    statement = upsert(connection.dialect.name, outbox).values(values).on_conflict_do_nothing(index_elements=["key"])
    id: str | None = connection.scalar(statement.returning(outbox.c.id))
    if id is not None:
        lanes.join(connection, id, within)
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
        .returning(*(columns[name] for name in ("id", "job", "key", "payload", "attempts", "forgiven", "ordered")))
    ).one_or_none()
    return Task(*row) if row is not None else None


def done(connection: Connection, task: Task, now: datetime) -> bool:
    """Note that the job is done; False where the task is somebody else's by now, or was done already."""
    return _set(connection, task, state="done", done_at=now, error=None, failure=None)


def renew(connection: Connection, task: Task, now: datetime) -> bool:
    """Give a sign of life; False where the task is somebody else's by now."""
    return _set(connection, task, claimed_at=now)


def confirm(connection: Connection, task: Task, now: datetime) -> None:
    """Give a sign of life as the last statement of a transaction that `task` writes.

    On SQLite nobody can give one while a transaction is open, and nobody can claim: so right after a transaction of
    however many minutes the task is this worker's, and not anybody's who was waiting.

    Raises:
        Lost: it is another worker's. What is done already is nobody's any more, which is no loss.
    """
    if renew(connection, task, now):
        return
    state = select(outbox.c.attempts, outbox.c.state).where(outbox.c.id == task.id)
    row = connection.execute(state).one_or_none()
    if row is None or row.attempts != task.attempt:
        raise Lost(f"{task.job} {task.id} was taken over by another worker")


def postponed(connection: Connection, task: Task, until: datetime) -> None:
    """Give a task back that cannot be done yet, without counting the attempt."""
    _set(connection, task, state="ready", run_at=until, forgiven=outbox.c.forgiven + 1)


def failed(
    connection: Connection, task: Task, error: str, now: datetime, attempts: int, failure: Failure | None = None
) -> datetime | None:
    """Note a failure, as the program traced it and as people read it.

    When the job is due again; None where it has been tried `attempts` times.
    """
    kept = {"error": error, "failure": failure.kept() if failure is not None else None}
    if task.tried >= attempts:
        _set(connection, task, state="failed", done_at=now, **kept)
        return None
    again = now + BACKOFF[min(task.tried, len(BACKOFF)) - 1]
    _set(connection, task, state="ready", run_at=again, **kept)
    return again


def ask_again(connection: Connection, ids: Sequence[str], now: datetime) -> int:
    """Make failed rows ready once more, with as many attempts as new ones; how many of `ids` were failed rows."""
    columns = outbox.c
    wanted = update(outbox).where(columns.id.in_(ids), columns.state == "failed")
    changed = connection.execute(
        wanted.values(state="ready", run_at=now, done_at=None, forgiven=columns.attempts)
    )  # `error` and `failure` stay: what happened before
    lanes.resume(connection, ids)
    return changed.rowcount


def drop(connection: Connection, id: str, now: datetime) -> bool:
    """Give up a failed or waiting row; False where it is neither."""
    columns = outbox.c
    wanted = update(outbox).where(columns.id == id, columns.state.in_(("failed", "ready")))
    return connection.execute(wanted.values(state="dropped", done_at=now)).rowcount > 0


def forget(connection: Connection, now: datetime, limit: int = 5000) -> int:
    """Remove rows that were done or dropped long ago; how many."""
    columns = outbox.c
    ended = columns.state.in_(("done", "dropped")) & (columns.done_at <= now - KEPT)
    old = select(columns.id).where(ended).limit(limit)
    return connection.execute(delete(outbox).where(columns.id.in_(old))).rowcount


def _set(connection: Connection, task: Task, **values: Any) -> bool:
    # A worker that was taken for dead and is not must leave alone what another one has begun.
    mine = and_(outbox.c.id == task.id, outbox.c.state == "claimed", outbox.c.attempts == task.attempt)
    return connection.execute(update(outbox).where(mine).values(**values)).rowcount > 0


def _claimable(now: datetime) -> Any:
    due = or_(
        and_(outbox.c.state == "ready", outbox.c.run_at <= now),
        and_(outbox.c.state == "claimed", outbox.c.claimed_at <= now - LEASE),
    )
    return and_(due, or_(~outbox.c.ordered, lanes.is_first()))
