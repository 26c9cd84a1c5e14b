"""The log of what leaves, as people read it: each message and call, how it stands, and when it is tried next.

Whoever looks after background work sees all of it, but of its contents only what they may see elsewhere too: see
`Seeing`. An address is told without its query, which may hold secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from dougong.base.errors import NotFound, Problem
from dougong.base.failures import Failure
from dougong.base.ids import is_record_id
from dougong.base.language import LANGUAGES, Labels, label, msg
from dougong.engine import lanes
from dougong.engine.reading.readers import titles
from dougong.engine.tables import outbox
from dougong.workflows.notices import sending
from dougong.workflows.notices.tables import deliveries, notices
from dougong.workflows.steps.reads import may_read, of_objects

if TYPE_CHECKING:
    from dougong.engine.unit import Unit
    from dougong.metadata.model import Object

STATES = ("waiting", "failed", "sent", "dropped")
"""What becomes of a message, as the log has it."""

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message or call. `job` is the work that sends it, with its state and when it is tried next, while known."""

    id: str
    at: datetime
    channel: str
    endpoint: str | None
    user_id: str | None
    object: str | None
    record: str | None
    origin: str | None
    subject: str
    message_id: str
    state: str
    digest: bool
    attempts: int
    error: str | None
    failure: Mapping[str, Any] | None
    answer: str | None
    due_at: datetime
    sent_at: datetime | None
    kind: str | None
    title: Labels | None
    """What the notice is called in each language, while it is known; `subject` is one language of it, or other."""
    job: str | None
    job_state: str | None
    run_at: datetime | None
    waits: bool
    """Whether it waits for an earlier one that it must not overtake."""

    @property
    def why(self) -> Failure | None:
        """Why it has not left; None where nothing went wrong."""
        return Failure.read(self.failure, self.error)

    def called(self, language: str) -> str:
        """What a message is about, for a reader of `language`: what this way said itself stays as it was said."""
        ours = self.title is not None and self.subject == label(self.title, LANGUAGES[0])
        return label(self.title, language) if ours else self.subject

    @property
    def next_try(self) -> datetime | None:
        """When it is tried next; None where it is not, or waits for another."""
        return self.run_at if self.job_state == "ready" and not self.waits else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which lines somebody wants to see: of a state, to an endpoint, about a record, of a step of a run."""

    state: str = ""
    endpoint: str = ""
    record: str = ""
    origin: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on the log."""
        named = {"state": self.state, "endpoint": self.endpoint, "record": self.record, "origin": self.origin}
        return [deliveries.c[name] == value for name, value in named.items() if value]


def listed(unit: Unit, asked: Asked, before: str = "", limit: int = PAGE) -> tuple[Sequence[Line], str]:
    """Lines of the log, the newest first; and the id before which the next page begins, "" at the end."""
    wanted = _lines().where(*asked.conditions())
    if is_record_id(before):
        wanted = wanted.where(deliveries.c.id < before)
    rows = unit.connection.execute(wanted.order_by(deliveries.c.id.desc()).limit(limit + 1)).all()
    found = [Line(**row._mapping) for row in rows[:limit]]
    return found, found[-1].id if len(rows) > limit else ""


def get(unit: Unit, id: str) -> Line:
    """One line.

    Raises:
        NotFound: there is none, or it is forgotten.
    """
    row = unit.connection.execute(_lines().where(deliveries.c.id == id)).one_or_none() if is_record_id(id) else None
    if row is None:
        raise NotFound(Problem(code="delivery-unknown", thing=id, reason=msg("There is no such message.")))
    return Line(**row._mapping)


def _lines() -> Select[Any]:
    its, work = deliveries.c, outbox.c
    known = [its[name] for name in Line.__slots__ if name in its]
    waits = and_(work.ordered, work.state == "ready", ~lanes.is_first())
    more = (notices.c.kind, notices.c.title, work.id.label("job"), work.state.label("job_state"), work.run_at)
    return (
        select(*known, *more, func.coalesce(waits, False).label("waits"))
        .select_from(deliveries.outerjoin(notices, notices.c.id == its.notice_id))
        .outerjoin(outbox, work.key == its.job_key)
    )


def open_counts(unit: Unit) -> Mapping[str, Mapping[str, int]]:
    """How many messages wait and how many have failed, by endpoint."""
    its = deliveries.c
    asked = select(its.endpoint, its.state, func.count()).where(its.state.in_(("waiting", "failed")))
    found: dict[str, dict[str, int]] = {}
    for endpoint, state, count in unit.connection.execute(asked.group_by(its.endpoint, its.state)):
        found.setdefault(endpoint or "", {})[state] = int(count)
    return found


def steps_with_any(unit: Unit, origins: Iterable[str]) -> frozenset[str]:
    """Those of some steps of runs by which something was to leave."""
    asked = select(deliveries.c.origin).where(deliveries.c.origin.in_(list(origins))).distinct()
    return frozenset(unit.connection.scalars(asked))


def body_of(unit: Unit, line: Line) -> tuple[Any, Sequence[str]] | None:
    """What a call tells, and the fields (``object.name``) that it was made of; None where that is forgotten."""
    if line.channel != sending.CALL or line.job is None:
        return None
    payload = unit.connection.scalar(select(outbox.c.payload).where(outbox.c.id == line.job))
    return (payload.get("body"), payload.get("reads", ())) if payload and "reads" in payload else None


class Seeing:
    """What of the contents of some lines a person may see: one statement for each object that they are about.

    The subject and the answer to a message where they may read its record and every field of it, or it is theirs; what
    a call tells where they may read the fields that it was made of.
    """

    def __init__(self, unit: Unit, lines: Sequence[Line]) -> None:
        """Ask which of the records, and of the people, `unit`'s actor may see."""
        self.unit = unit
        wanted: dict[str, set[str]] = {}
        for each in lines:
            for name, id in ((each.object, each.record), ("user", each.user_id)):
                if name and id and self._reads(name):
                    wanted.setdefault(name, set()).add(id)
        self.titles = titles(unit, wanted)

    def _object(self, name: str | None) -> Object | None:
        return self.unit.runtime.model.objects.get(name or "")

    def _reads(self, name: str) -> bool:
        obj = self._object(name)
        return obj is not None and self.unit.access.may("read", obj)

    def record(self, line: Line) -> str | None:
        """The title of the record that a line is about; None where the person may not see it."""
        return self.titles.get((line.object, line.record)) if line.object and line.record else None

    def receiver(self, line: Line) -> str:
        """Whom a message is for."""
        return self.titles.get(("user", line.user_id), "") if line.user_id else ""

    def contents(self, line: Line) -> bool:
        """Whether the person may see the subject of a message, and what was said to it."""
        if line.user_id is not None and line.user_id == self.unit.actor.user_id:
            return True
        return self.record(line) is not None and line.object in self._whole

    @cached_property
    def _whole(self) -> frozenset[str]:
        """The objects of which the person may read every field."""
        model, names = self.unit.runtime.model, {name for name, _ in self.titles}
        return frozenset(name for name in names if may_read(self.unit, of_objects(model, (name,)), name))

    def told(self, line: Line, reads: Sequence[str]) -> bool:
        """Whether the person may see what a call tells: the record, the fields, and all records that it looked up."""
        return self.record(line) is not None and may_read(self.unit, reads, line.object)
