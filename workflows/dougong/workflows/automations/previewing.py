"""What an automation would do to one record: its steps are carried out in a transaction that is undone.

Nothing stays, nothing leaves: mails, calls and runs that are set off are asked for by rows of the transaction, which go
with it. What those other automations would do in turn is not carried out; they are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from dougong.base.errors import Problem, Rejected
from dougong.base.field_types import Reference
from dougong.base.ids import record_id
from dougong.base.language import Message, label, msg
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.reading.readers import titles
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.workflows.automations import clock, moments, starting
from dougong.workflows.automations.happened import Event
from dougong.workflows.automations.kept import Run
from dougong.workflows.automations.people import acting_person
from dougong.workflows.automations.rehearsing import Foreseen, Rehearsal

WORKFLOW: Actor = replace(SYSTEM, channel="workflow")
"""As who automations act that act as nobody."""

MOST_NAMED = 20
"""How much of what one step writes, tells or calls is looked at by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an automation would do to a record. `meant`: whether it is for this record at all; `remarks` say what was
    taken for granted; `people` are the names of those who would be told.

    `then` are the titles that records would have which it would write or name, by object and id: of those that the
    reader would see then, where it is for a reader.
    """

    automation: Automation
    meant: bool
    steps: tuple[Foreseen, ...]
    remarks: tuple[Message, ...]
    people: Mapping[str, str] = field(default_factory=dict)
    then: Mapping[tuple[str, str], str] = field(default_factory=dict)


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
    return rehearse(company, automation, Event(record=id, at=datetime.now(UTC), by=by, offset=offset))


def rehearse(company: Company, automation: Automation, event: Event, reader: Actor | None = None) -> Preview:
    """What `automation` would do now where `event` sets it off; `reader` is for whom it is told.

    Raises:
        NotFound: there is no such record.
        Forbidden: it acts as a person, and nobody who may sign in set it off.
    """

    def work(unit: Unit) -> None:
        if automation.run_as == "person":
            unit = unit.acting(acting_person(unit, event.by, f"automation:{automation.name}"))
        raise _Undone(_foreseen(unit, automation, event, reader))

    try:
        company.write(WORKFLOW, work, why=label(automation.label, company.language) or automation.name)
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


def _foreseen(unit: Unit, automation: Automation, event: Event, reader: Actor | None) -> Preview:
    values = unit.records.get(automation.object, event.record).values
    trigger = _trigger(unit, automation, values, event.offset)
    rehearsal = Rehearsal(unit, automation, _run(unit, automation, event, trigger))
    meant = rehearsal.carry_out()
    steps = tuple(rehearsal.foreseen)
    users = {each.user for step in steps for each in step.told}
    found = titles_for(unit.acting(SYSTEM), (("user", user) for user in users))
    names = {user: found.get(("user", user)) or user for user in users}
    remarks = (*_remarks(unit, automation), *rehearsal.remarks)
    then = titles_for(unit.acting(reader), named(steps)) if reader is not None else {}
    return Preview(automation=automation, meant=meant, steps=steps, remarks=remarks, people=names, then=then)


def named(steps: Iterable[Foreseen]) -> Iterator[tuple[str, str]]:
    """The records that steps would write, and those that stand in their fields: object and id."""
    for step in steps:
        for each in step.written[:MOST_NAMED]:
            yield each.object, each.id
            for pair in each.fields.values():
                yield from ((one.object, one.id) for value in pair for one in references(value))


def references(value: Any) -> tuple[Reference, ...]:
    """The records that the value of a field names."""
    several = value if isinstance(value, tuple | list | frozenset) else (value,)
    return tuple(each for each in several if isinstance(each, Reference))


def titles_for(unit: Unit, records: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The titles of those of some records that the actor may see: one statement for each object."""
    wanted: dict[str, set[str]] = {}
    for name, id in records:
        obj = unit.runtime.model.objects.get(name)
        if obj is not None and unit.access.may("read", obj):
            wanted.setdefault(name, set()).add(id)
    return titles(unit, wanted)


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


def _run(unit: Unit, automation: Automation, event: Event, trigger: Mapping[str, Any]) -> Run:
    """The run that would be asked for; it is kept nowhere."""
    run = record_id()
    return Run(
        id=run, automation=automation.name, hash=starting.hash_of(automation), revision=unit.runtime.revision,
        object=automation.object, event=str(trigger["event"]), records=(event.record,), trigger=trigger,
        actor_id=event.by,
        chain=run, depth=0, way=(), cause=None, status="running", created_at=unit.now, started_at=unit.now,
        ended_at=None, error=None,
    )  # fmt: skip
