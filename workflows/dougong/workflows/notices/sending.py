"""The log of messages that leave: each is asked for here, sent by a job of its own, and its fate kept.

waiting → sent        or → failed, after so many attempts → waiting again, where somebody asks for it
      ↘ dropped       where there is nobody, or nothing, to send it to any more
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select, update

from dougong.base.failures import Failure
from dougong.base.ids import record_id
from dougong.base.language import LANGUAGES
from dougong.engine.actor import SYSTEM
from dougong.engine.jobs import enqueue
from dougong.engine.lanes import lane
from dougong.workflows.notices.tables import deliveries

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.outbox import Task
    from dougong.engine.unit import Unit

DELIVER, DIGEST = "notices.deliver", "notices.digest"
"""The jobs that send one message, and what was gathered for one person."""

CALL = "call"
"""What stands for a channel where a step calls an address."""

ATTEMPTS = 8
"""How often a message is tried: for some four hours."""

KEPT = timedelta(days=90)
"""How long the fate of a message is kept, but of one that failed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to write into the log. `due_at`: when it leaves; with others of the moment where it is a `digest`.

    One that is `dropped` for a reason is in the log alone.
    """

    channel: str
    user_id: str
    notice_id: str
    subject: str
    due_at: datetime
    digest: bool
    dropped: Failure | None = None
    content: Mapping[str, str] | None = None
    """What this way says otherwise than the notice: `subject`, `text`, `html`."""
    about: tuple[str, str] | None = None
    """The record that it tells of: object and id."""
    origin: str | None = None
    """The step of a run that tells it."""
    in_order: bool = False
    """Whether it must not overtake what was told by this channel about the same record before."""


def send(unit: Unit, wanted: Sequence[Delivery]) -> None:
    """Write messages into the log, with a job for each; those of a digest share one."""
    if not wanted:
        return
    rows = [_row(unit, each) for each in wanted]
    unit.connection.execute(insert(deliveries), rows)
    for row, each in zip(rows, wanted, strict=True):
        if row["state"] == "dropped":
            continue
        if row["digest"]:
            whose = {"user": row["user_id"], "channel": row["channel"], "due": row["due_at"].isoformat()}
            enqueue(unit, DIGEST, whose, row["job_key"], run_at=row["due_at"])
        else:
            within = _lanes(unit, each)
            enqueue(unit, DELIVER, {"delivery": row["id"]}, row["job_key"], run_at=row["due_at"], within=within)


def _lanes(unit: Unit, wanted: Delivery) -> tuple[str, ...]:
    """The lane of what must not be overtaken; what is to leave later keeps nobody waiting until then."""
    if not wanted.in_order or wanted.about is None or wanted.due_at > unit.now:
        return ()
    return (lane("channel", wanted.channel, *wanted.about),)


def _row(unit: Unit, wanted: Delivery) -> dict[str, Any]:
    id, due = record_id(), max(wanted.due_at, unit.now)
    object_name, record = wanted.about or (None, None)
    gathered = f"{DIGEST}:{wanted.user_id}:{wanted.channel}:{due.isoformat()}"
    return {
        "id": id, "channel": wanted.channel, "user_id": wanted.user_id, "notice_id": wanted.notice_id,
        "subject": wanted.subject, "content": wanted.content, "message_id": id,
        "state": "waiting" if wanted.dropped is None else "dropped", "digest": wanted.digest,
        "attempts": 0, "at": unit.now, "due_at": due, "endpoint": wanted.channel, "object": object_name,
        "record": record, "origin": wanted.origin, "job_key": gathered if wanted.digest else f"{DELIVER}:{id}",
        **_why(wanted.dropped),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a step to write into the log; nobody in particular is told by it."""

    id: str
    task: str
    job_key: str
    url: str
    subject: str
    about: tuple[str, str]
    origin: str


def log_call(unit: Unit, call: Call) -> None:
    """Write a call of a step into the log, under the id that its job names."""
    row = {
        "id": call.id, "channel": CALL, "user_id": None, "notice_id": None,
        "subject": f"{call.subject} → {endpoint_of(call.url)}"[:500], "message_id": f"call_{call.task}",
        "state": "waiting", "digest": False, "attempts": 0, "at": unit.now, "due_at": unit.now,
        "endpoint": endpoint_of(call.url), "object": call.about[0], "record": call.about[1], "origin": call.origin,
        "job_key": call.job_key,
    }  # fmt: skip
    unit.connection.execute(insert(deliveries), row)


def _why(failure: Failure | None) -> dict[str, Any]:
    """The columns that say why a message has not left."""
    if failure is None:
        return {"error": None, "failure": None}
    return {"error": failure.to(LANGUAGES[0]), "failure": failure.kept()}


def endpoint_of(url: str) -> str:
    """An address as the log tells it: without its query and whoever it signs in as, which may be secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def note(
    company: Company,
    ids: Sequence[str],
    state: str,
    task: Task,
    failure: Failure | None = None,
    answer: str | None = None,
) -> None:
    """Keep what became of messages that `task` has tried to send, why, and what the other side answered."""

    def work(unit: Unit) -> None:
        values = {"state": state, "attempts": task.attempt, **_why(failure)}
        if answer is not None:
            values["answer"] = answer
        if state == "sent":
            values["sent_at"] = unit.now
        mine = (deliveries.c.id.in_(ids)) & (deliveries.c.state != "sent")
        unit.connection.execute(update(deliveries).where(mine).values(**values))

    company.write(SYSTEM, work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """A line of the log, for people."""

    id: str
    channel: str
    state: str
    attempts: int
    error: str | None
    failure: Mapping[str, Any] | None
    due_at: datetime
    sent_at: datetime | None

    def why(self, language: str) -> str:
        """Why it has not left; "" where nothing went wrong."""
        found = Failure.read(self.failure, self.error)
        return found.to(language) if found is not None else ""


def fates(unit: Unit, notice_ids: Sequence[str]) -> Iterator[tuple[str, Fate]]:
    """What became of the messages of some notices: (notice, line)."""
    columns = [deliveries.c[name] for name in Fate.__slots__]
    asked = select(deliveries.c.notice_id, *columns).where(deliveries.c.notice_id.in_(notice_ids))
    for row in unit.connection.execute(asked.order_by(deliveries.c.id)):
        values = dict(row._mapping)
        yield values.pop("notice_id"), Fate(**values)
