"""A run that is tried out: what each of its steps would do, in a transaction that will be undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from dougong.base.errors import DougongError, Problem
from dougong.base.failures import Failure
from dougong.base.ids import record_id
from dougong.base.language import Labels, Message, msg
from dougong.base.step_types import STEP_TYPES
from dougong.engine.tables import outbox
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.metadata.steps import Step
from dougong.workflows.automations import chain as chains
from dougong.workflows.automations.kept import Run
from dougong.workflows.automations.runs import Execution, Failed, Frame
from dougong.workflows.automations.tables import runs
from dougong.workflows.automations.watching import Written, watching
from dougong.workflows.notices.tables import deliveries, notices
from dougong.workflows.steps import call, reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A message that would leave by a channel: what it says otherwise than the notice, or why it would not leave."""

    channel: str
    content: Mapping[str, str] | None = None
    why: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody would find in the inbox, about which record, and by what `ways` it would leave."""

    user: str
    title: Labels
    body: Labels
    object: str | None
    record: str | None
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What one step would do. `calls` are what web hooks would be sent, `sets_off` the names of automations; `problems`
    say why it would fail, and then it would have done nothing.

    `reads` are the fields (``object.name``) that what it tells, calls and decides is made of; `objects` those that it
    is about or writes.
    """

    path: str
    do: str
    output: Any = None
    written: tuple[Written, ...] = ()
    told: tuple[Told, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()
    sets_off: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    reads: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()


class Rehearsal(Execution):
    """A run in one open transaction that will be undone: no notes are kept, and nothing waits."""

    def __init__(self, unit: Unit, automation: Automation, run: Run) -> None:
        """Carry `run` out with `unit`, whose actor is whom it acts as."""
        super().__init__(unit.company, run, automation, {})
        self.unit = unit
        self.foreseen: list[Foreseen] = []
        """What each step did, the last one what it failed by."""
        self.remarks: list[Message] = []

    def carry_out(self) -> bool:
        """Do every step, up to the first that fails; False where the automation is not for the record."""
        when = self.automation.when
        frame = Frame(self.run.object, {id: (id,) for id in self.records})
        try:
            if when is not None and not when.save_only:
                frame = self._meant(frame)
            self.steps(self.automation.steps, frame)
        except Failed:
            return True
        return bool(frame.members)

    def _now(self) -> datetime:
        """Every wait is over."""
        return datetime.max.replace(tzinfo=UTC)

    def _do(self, step: Step, frame: Frame, path: str) -> Any:
        if step.do == "when":
            return self.perform(self.unit, step, frame, path)
        begun, about = record_id(), self._about(step, frame)
        try:
            with watching() as written, chains.acting(self.chain), self.unit.connection.begin_nested():
                output = self.perform(self.unit, step, frame, path)
        except DougongError as error:
            self.foreseen.append(Foreseen(path=path, do=step.do, problems=tuple(error.problems), **about))
            raise Failed from error
        left = self._left(begun, f"{self.run.id}:{path}")
        self.foreseen.append(Foreseen(path=path, do=step.do, output=output, written=tuple(written), **left, **about))
        if step.do == "wait" and not self.remarks:
            self.remarks.append(msg("It would wait: what comes after is shown as if nothing changed until then."))
        return output

    def _about(self, step: Step, frame: Frame) -> dict[str, Any]:
        """Of which fields and objects tells what the step does, and what it fails by."""
        model = self.unit.runtime.model
        writes = STEP_TYPES[step.do].writes(step.given, frame.object) if step.do in STEP_TYPES else ()
        return {
            "reads": reads.of_step(model, step, frame.object, frame.around_object),
            "objects": frozenset((frame.object, *(each.object for each in writes))),
        }

    def _left(self, begun: str, key: str) -> dict[str, Any]:
        """What the step with this key has left for others to do: whatever was made since it began has a later id."""
        its = self.unit.connection
        asked = (
            outbox.c.job == call.JOB,
            outbox.c.id > begun,
            outbox.c.key.startswith(f"{call.JOB}:{key}:", autoescape=True),
        )
        calls = its.scalars(select(outbox.c.payload).where(*asked).order_by(outbox.c.id))
        others = (runs.c.cause == self.run.id, runs.c.id > begun)
        return {
            "told": tuple(self._told(begun)),
            "calls": tuple({"url": each["url"], "body": each["body"]} for each in calls),
            "sets_off": tuple(dict.fromkeys(its.scalars(select(runs.c.automation).where(*others).order_by(runs.c.id)))),
        }

    def _told(self, begun: str) -> Iterator[Told]:
        """Who would be told what: by the step itself, and by what it begins."""
        its, now = self.unit.connection, self.unit.now
        asked = select(notices).where(notices.c.id > begun, notices.c.at == now)
        told = its.execute(asked.order_by(notices.c.id)).all()
        if not told:
            return
        ways: dict[str, list[Way]] = {}
        leaving = deliveries.c.notice_id, deliveries.c.channel, deliveries.c.content, deliveries.c.failure
        sent = select(*leaving).where(deliveries.c.id > begun, deliveries.c.at == now)
        for notice, channel, content, failure in its.execute(sent.order_by(deliveries.c.id)):
            way = Way(channel=channel, content=content, why=Failure.read(failure, None))
            ways.setdefault(str(notice), []).append(way)
        for each in told:
            yield Told(
                user=str(each.user_id), title=each.title, body=each.body, object=each.object, record=each.record,
                ways=tuple(ways.get(str(each.id), ())),
            )  # fmt: skip
