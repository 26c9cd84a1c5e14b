"""What an automation would do to one record: its steps are carried out in a transaction that is undone.

Nothing stays, nothing leaves: mails, calls and runs that are set off are asked for by rows of the transaction, which go
with it. What those other automations would do in turn is not carried out; they are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from dougong.base.errors import DougongError, Problem, Rejected
from dougong.base.ids import record_id
from dougong.base.language import Labels, Message, label, msg
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.tables import outbox
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.metadata.steps import Step
from dougong.workflows.automations import chain as chains
from dougong.workflows.automations import clock, moments, starting
from dougong.workflows.automations.kept import Run
from dougong.workflows.automations.people import person
from dougong.workflows.automations.runs import Execution, Failed, Frame
from dougong.workflows.automations.tables import runs
from dougong.workflows.automations.watching import Written, watching
from dougong.workflows.notices.tables import notices
from dougong.workflows.steps import call


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What one step would do. `told` are (user id, title), `calls` what web hooks would be sent, `sets_off` the names
    of automations; `problems` say why it would fail, and then it would have done nothing."""

    path: str
    do: str
    output: Any = None
    written: tuple[Written, ...] = ()
    told: tuple[tuple[str, Labels], ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()
    sets_off: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an automation would do to a record. `meant`: whether it is for this record at all; `remarks` say what was
    taken for granted; `people` are the names of those who would be told."""

    automation: Automation
    meant: bool
    steps: tuple[Foreseen, ...]
    remarks: tuple[Message, ...]
    people: Mapping[str, str] = field(default_factory=dict)


class _Undone(Exception):
    """Ends the transaction with what it found, so that nothing of it stays."""

    def __init__(self, found: Preview) -> None:
        super().__init__()
        self.found = found


def preview(
    company: Company, automation: Automation, id: str, *, by: str | None = None, offset: str | None = None
) -> Preview:
    """What `automation` would do now to the record `id`, set off by the user `by` (the clock or nobody: None).

    `offset` is which of a date's offsets ``$Trigger`` means, the first where it is left out.

    Raises:
        NotFound: there is no such record.
        Rejected: the automation runs while saving, or has no such offset.
        Forbidden: it acts as a person, and `by` is nobody who may sign in.
    """
    refuse(automation, offset)
    actor: Actor = replace(SYSTEM, channel="workflow")
    if automation.run_as == "person":
        actor = person(company, by, automation)

    def work(unit: Unit) -> None:
        raise _Undone(_foreseen(unit, automation, id, by, offset))

    try:
        company.write(actor, work, why=label(automation.label, company.language) or automation.name)
    except _Undone as undone:
        return undone.found
    raise AssertionError("the transaction is always undone")


def refuse(automation: Automation, offset: str | None = None) -> None:
    """Refuse what cannot be previewed.

    Raises:
        Rejected: the automation runs while saving, or has no such offset.
    """
    thing = f"automation:{automation.name}"
    if automation.trigger.before_save:
        reason = msg("What is set while a record is saved cannot be previewed yet.")
        raise Rejected(Problem(code="preview-before-save", thing=thing, reason=reason))
    if offset is not None and offset not in automation.trigger.offsets:
        reason = msg("The automation has no offset {offset}.", offset=offset)
        raise Rejected(Problem(code="preview-offset", thing=thing, reason=reason))


def _foreseen(unit: Unit, automation: Automation, id: str, by: str | None, offset: str | None) -> Preview:
    values = unit.records.get(automation.object, id).values
    trigger = _trigger(unit, automation, values, offset)
    rehearsal = Rehearsal(unit, automation, _run(unit, automation, id, by, trigger))
    meant = rehearsal.carry_out()
    users = {user for step in rehearsal.foreseen for user, _ in step.told}
    names = {user: str(unit.acting(SYSTEM).records.get("user", user).values.get("name") or user) for user in users}
    remarks = (*_remarks(unit, automation), *rehearsal.remarks)
    return Preview(
        automation=automation, meant=meant, steps=tuple(rehearsal.foreseen), remarks=remarks, people=names
    )  # fmt: skip


def _remarks(unit: Unit, automation: Automation) -> list[Message]:
    found = []
    if not clock.is_on(unit, automation):
        found.append(msg("It is switched off: this is what it would do if it were on."))
    if automation.when is not None and automation.when.save_only:
        found.append(msg("Its condition asks what changed: it is taken to hold."))
    if automation.trigger.type == "hook":
        found.append(msg("What a call brings is blank here."))
    return found


def _trigger(unit: Unit, automation: Automation, values: Mapping[str, Any], offset: str | None) -> dict[str, Any]:
    """What ``$Trigger`` knows: as if the record's own date had come, or as if it were set off now."""
    trigger, today = automation.trigger, unit.now.astimezone(unit.company.zone).date()
    match trigger.type:
        case "record":
            return {"event": next(each for each in ("change", "create", "delete") if each in trigger.on)}
        case "date":
            by = moments.offset(offset or trigger.offsets[0])
            found = _day(unit, values.get(str(trigger.field)))
            if found is not None and trigger.yearly:
                found = moments.anniversary(found, today.year)
            calendar = unit.runtime.model.working_calendar
            on = moments.due(found, trigger, by, calendar) if found is not None else today
            return {"event": "date", "offset": by.amount, "on": on.isoformat()}
        case "schedule":
            return {"event": "schedule", "on": today.isoformat()}
    return {"event": trigger.type, "payload": {}}


def _day(unit: Unit, value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(unit.company.zone).date()
    return value if isinstance(value, date) else None


def _run(unit: Unit, automation: Automation, id: str, by: str | None, trigger: Mapping[str, Any]) -> Run:
    """The run that would be asked for; it is kept nowhere."""
    run = record_id()
    return Run(
        id=run, automation=automation.name, hash=starting.hash_of(automation), revision=unit.runtime.revision,
        object=automation.object, event=str(trigger["event"]), records=(id,), trigger=trigger, actor_id=by,
        chain=run, depth=0, way=(), cause=None, status="running", created_at=unit.now, started_at=unit.now,
        ended_at=None, error=None,
    )  # fmt: skip


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
        try:
            with watching() as written, chains.acting(self.chain), self.unit.connection.begin_nested():
                output = self.perform(self.unit, step, frame, path)
        except DougongError as error:
            self.foreseen.append(Foreseen(path=path, do=step.do, problems=tuple(error.problems)))
            raise Failed from error
        self.foreseen.append(self._seen(step, path, output, written))
        if step.do == "wait" and not self.remarks:
            self.remarks.append(msg("It would wait: what comes after is shown as if nothing changed until then."))
        return output

    def _seen(self, step: Step, path: str, output: Any, written: Sequence[Written]) -> Foreseen:
        key, its = f"{self.run.id}:{path}", self.unit.connection
        told = its.execute(
            select(notices.c.user_id, notices.c.title)
            .where(notices.c.key.startswith(f"{key}:", autoescape=True))
            .order_by(notices.c.id)
        ).all()
        asked = outbox.c.key.startswith(f"{call.JOB}:{key}:", autoescape=True)
        calls = its.scalars(select(outbox.c.payload).where(outbox.c.job == call.JOB, asked).order_by(outbox.c.id))
        known = {name for each in self.foreseen for name in each.sets_off}
        others = its.scalars(select(runs.c.automation).where(runs.c.cause == self.run.id).order_by(runs.c.id))
        return Foreseen(
            path=path, do=step.do, output=output, written=tuple(written),
            told=tuple((str(user), title) for user, title in told),
            calls=tuple({"url": each["url"], "body": each["body"]} for each in calls),
            sets_off=tuple(dict.fromkeys(name for name in others if name not in known)),
        )  # fmt: skip
