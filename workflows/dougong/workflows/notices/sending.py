"""The log of messages that leave: each is asked for here, sent by a job of its own, and its fate kept.

waiting → sent        or → failed, after so many attempts → waiting again, where somebody asks for it
      ↘ dropped       where there is nobody, or nothing, to send it to any more
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM
from dougong.engine.jobs import enqueue
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
    dropped: str | None = None
    content: Mapping[str, str] | None = None
    """What this way says otherwise than the notice: `subject`, `text`, `html`."""


def send(unit: Unit, wanted: Sequence[Delivery]) -> None:
    """Write messages into the log, with a job for each; those of a digest share one."""
    if not wanted:
        return
    rows = [_row(unit, each) for each in wanted]
    unit.connection.execute(insert(deliveries), rows)
    for row in rows:
        if row["state"] == "dropped":
            continue
        if row["digest"]:
            whose = {"user": row["user_id"], "channel": row["channel"], "due": row["due_at"].isoformat()}
            key = f"{DIGEST}:{whose['user']}:{whose['channel']}:{whose['due']}"
            enqueue(unit, DIGEST, whose, key, run_at=row["due_at"])
        else:
            enqueue(unit, DELIVER, {"delivery": row["id"]}, f"{DELIVER}:{row['id']}", run_at=row["due_at"])


def _row(unit: Unit, wanted: Delivery) -> dict[str, Any]:
    id = record_id()
    return {
        "id": id, "channel": wanted.channel, "user_id": wanted.user_id, "notice_id": wanted.notice_id,
        "subject": wanted.subject, "content": wanted.content, "message_id": id,
        "state": "waiting" if wanted.dropped is None else "dropped", "error": wanted.dropped, "digest": wanted.digest,
        "attempts": 0, "at": unit.now, "due_at": max(wanted.due_at, unit.now),
    }  # fmt: skip


def log_call(unit: Unit, id: str, task_id: str, url: str, subject: str) -> None:
    """Write a call of a step into the log, under the `id` that its job names; nobody in particular is told by it."""
    row = {
        "id": id, "channel": CALL, "user_id": None, "notice_id": None, "subject": f"{subject} → {url}"[:500],
        "message_id": f"call_{task_id}", "state": "waiting", "digest": False, "attempts": 0, "at": unit.now,
        "due_at": unit.now,
    }  # fmt: skip
    unit.connection.execute(insert(deliveries), row)


def note(company: Company, ids: Sequence[str], state: str, task: Task, error: str | None = None) -> None:
    """Keep what became of messages that `task` has tried to send."""

    def work(unit: Unit) -> None:
        values = {"state": state, "attempts": task.attempt, "error": error}
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
    due_at: datetime
    sent_at: datetime | None


def fates(unit: Unit, notice_ids: Sequence[str]) -> Iterator[tuple[str, Fate]]:
    """What became of the messages of some notices: (notice, line)."""
    columns = [deliveries.c[name] for name in Fate.__slots__]
    asked = select(deliveries.c.notice_id, *columns).where(deliveries.c.notice_id.in_(notice_ids))
    for row in unit.connection.execute(asked.order_by(deliveries.c.id)):
        values = dict(row._mapping)
        yield values.pop("notice_id"), Fate(**values)
