"""The background work of a company as people see it: what waits and what failed, and what they decide about it.

Who decides is in the audit log, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, select

from dougong.base.errors import Conflict, Forbidden, NotFound, Problem
from dougong.base.failures import Failure
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine import jobs
from dougong.engine import outbox as rows
from dougong.engine.audit import Event, record
from dougong.engine.jobs import JOBS, Verdict
from dougong.engine.tables import outbox

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

RIGHT = "manage_jobs"
PAGE = 50

Group = Literal["failed", "due", "running", "later", "done", "dropped"]


def _groups(now: datetime) -> Mapping[str, ColumnElement[bool]]:
    its = outbox.c
    return {
        "failed": its.state == "failed",
        "due": and_(its.state == "ready", its.run_at <= now),
        "running": its.state == "claimed",
        "later": and_(its.state == "ready", its.run_at > now),
        "done": its.state == "done",
        "dropped": its.state == "dropped",
    }


GROUPS: tuple[Group, ...] = ("failed", "due", "running", "later", "done", "dropped")
"""What becomes of work, in the order in which people want to know of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece of background work."""

    id: str
    job: str
    key: str | None
    payload: Mapping[str, Any]
    state: str
    attempts: int
    created_at: datetime
    run_at: datetime
    claimed_at: datetime | None
    done_at: datetime | None
    error: str | None
    failure: Mapping[str, Any] | None

    def why(self, language: str) -> str:
        """What went wrong, without where in the program; of work that failed long ago the last line of its error."""
        found = Failure.read(self.failure, (self.error or "").strip().rpartition("\n")[2])
        return found.to(language) if found is not None else ""


def require_right(unit: Unit) -> None:
    """Check that the actor may see and decide about background work.

    Raises:
        Forbidden: they may not.
    """
    if not unit.access.has(RIGHT):
        reason = msg("You may not decide about background work.")
        raise Forbidden(Problem(code="right-missing", thing="jobs", reason=reason))


def counts(unit: Unit) -> Mapping[str, int]:
    """How much work there is in each group."""
    columns = [func.count().filter(where).label(name) for name, where in _groups(unit.now).items()]
    return dict(unit.connection.execute(select(*columns).select_from(outbox)).one()._mapping)


def listed(unit: Unit, group: Group, before: str | None = None, limit: int = PAGE) -> tuple[Sequence[Work], str | None]:
    """Work of one group, what was asked for last first; and the id before which the next page begins."""
    asked = _columns().where(_groups(unit.now)[group])
    if before is not None and is_record_id(before):
        asked = asked.where(outbox.c.id < before)
    found = unit.connection.execute(asked.order_by(outbox.c.id.desc()).limit(limit + 1)).all()
    shown = [Work(**row._mapping) for row in found[:limit]]
    return shown, shown[-1].id if len(found) > limit else None


def get(unit: Unit, id: str) -> Work:
    """One piece of work.

    Raises:
        NotFound: there is none, or it is forgotten.
    """
    found = unit.connection.execute(_columns().where(outbox.c.id == id)).one_or_none() if is_record_id(id) else None
    if found is None:
        raise NotFound(Problem(code="job-unknown", thing=id, reason=msg("There is no such work.")))
    return Work(**found._mapping)


def _columns() -> Select[Any]:
    return select(*(outbox.c[name] for name in Work.__slots__))


def retry(unit: Unit, id: str, why: str = "") -> None:
    """Ask for failed work once more.

    Raises:
        Conflict: it has not failed, or somebody was faster.
        NotFound: there is none.
    """
    _decide(unit, id, "retried", why, lambda unit, id: bool(rows.ask_again(unit.connection, [id], unit.now)))
    unit.company.database.announce(unit.connection, id, unit.now)


def retry_together(unit: Unit, ids: Sequence[str]) -> None:
    """Ask for failed work once more; who asks for it says so in the audit log."""
    rows.ask_again(unit.connection, ids, unit.now)
    for id in ids:
        unit.company.database.announce(unit.connection, id, unit.now)


def drop(unit: Unit, id: str, why: str) -> None:
    """Give failed or waiting work up.

    Raises:
        Conflict: it is being done or is done, or somebody was faster.
        NotFound: there is none.
    """
    _decide(unit, id, "dropped", why, jobs.drop)


def _decide(unit: Unit, id: str, verdict: Verdict, why: str, change: Callable[[Unit, str], bool]) -> None:
    found = get(unit, id)
    if not change(unit, id):
        reason = msg("This work has not failed, or somebody has decided about it already.")
        raise Conflict(Problem(code="job-decided", thing=id, reason=reason))
    job = JOBS.get(found.job)
    if job is not None and job.decided is not None:
        job.decided(unit, found.payload, verdict)
    data = {"job": found.job, "attempts": found.attempts}
    record(unit, Event(f"job_{verdict}", f"job:{id}", data=data, why=why))


def shown(work: Work) -> Mapping[str, Any]:
    """What work is about, without the contents of records, which are for those who may see these."""
    job = JOBS.get(work.job)
    hidden = job.hides if job is not None else frozenset()
    return {key: "…" if key in hidden else value for key, value in work.payload.items()}
