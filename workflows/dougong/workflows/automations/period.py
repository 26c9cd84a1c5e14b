"""What an automation would have done in a period: set off by what really happened, with nothing written.

Changes come out of the history, with the values of then, so a condition that compares before and after is asked as it
would have been; what stands behind lookups is as it is now. Dates and schedules come from the calendar, buttons, calls
and other automations from the runs that they asked for. The steps are rehearsed on the records as they are now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select

from dougong.base.errors import DougongError, Problem
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM, Channel
from dougong.engine.company import Company
from dougong.engine.dialects.among import among
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Doing, Row
from dougong.engine.tables import history
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.workflows.automations import clock, triggers
from dougong.workflows.automations.clock import Occasion
from dougong.workflows.automations.previewing import Preview, preview, refuse
from dougong.workflows.automations.tables import runs

MOST_EVENTS = 20_000
"""Events of a period that are looked at; whether there were more is said."""

MOST_REHEARSED = 50
"""Records for which the steps are rehearsed: each is a transaction of its own."""

AT_ONCE = 500

DOING: Mapping[str, Doing] = {"create": "create", "update": "update", "derive": "derive", "delete": "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that would have set it off: for which record, when, and by whom (None: the clock)."""

    record: str
    at: datetime
    by: str | None
    offset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What it would write for one event; `problems` say why that cannot be told."""

    event: Event
    preview: Preview | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`fired` counts the events that would have set it off, `records` those concerned; `seen` how many were looked at.

    `rehearsed` are the latest of them, one for each record; `complete` says whether every event was looked at.
    """

    automation: Automation
    fired: int
    records: int
    seen: int
    complete: bool
    rehearsed: tuple[Rehearsed, ...]
    remarks: tuple[Message, ...]


def over(company: Company, automation: Automation, since: datetime, rehearse: int = MOST_REHEARSED) -> Period:
    """What `automation` would have done since a moment; the steps are rehearsed for at most `rehearse` records.

    Raises:
        Rejected: the automation runs while saving.
    """
    refuse(automation)
    fired: list[Event] = []
    seen = 0
    with company.read(SYSTEM) as unit:
        for event in events(unit, replace(automation, active=True), since):
            seen += 1
            if event is not None:
                fired.append(event)
            if seen >= MOST_EVENTS:
                break
        on = clock.is_on(unit, automation)
    latest: dict[str, Event] = {}
    for event in sorted(fired, key=lambda each: each.at, reverse=True):
        latest.setdefault(event.record, event)
    wanted = list(latest.values())[: max(0, min(rehearse, MOST_REHEARSED))]
    remarks = [msg("The steps are shown with the records as they are now.")]
    if not on:
        remarks.append(msg("It is switched off: this is what it would do if it were on."))
    return Period(
        automation=automation,
        fired=len(fired),
        records=len(latest),
        seen=seen,
        complete=seen < MOST_EVENTS,
        rehearsed=tuple(_rehearsed(company, automation, each) for each in wanted),
        remarks=tuple(remarks),
    )


def _rehearsed(company: Company, automation: Automation, event: Event) -> Rehearsed:
    try:
        found = preview(company, automation, event.record, by=event.by, offset=event.offset)
    except DougongError as error:
        return Rehearsed(event=event, preview=None, problems=tuple(error.problems))
    return Rehearsed(event=event, preview=found)


def events(unit: Unit, automation: Automation, since: datetime) -> Iterator[Event | None]:
    """Each event of the period, as it is found; None for one that would not have set it off."""
    match automation.trigger.type:
        case "record":
            return _changes(unit, automation, since)
        case "date" | "schedule":
            return _dates(unit, automation, since)
    return _asked(unit, automation, since)


# -- changes ----------------------------------------------------------------------------------------------------------
def _changes(unit: Unit, automation: Automation, since: datetime) -> Iterator[Event | None]:
    """The changes of the period by the history, the latest first, in chunks."""
    plan, columns, last = plan_of(unit.runtime, automation.object), history.c, ""
    while True:
        wanted = select(history).where(columns.object == plan.object.id, columns.at >= since)
        if last:
            wanted = wanted.where(columns.id < last)
        rows = unit.connection.execute(wanted.order_by(columns.id.desc()).limit(AT_ONCE)).all()
        yield from _meant(unit, automation, plan, rows)
        if len(rows) < AT_ONCE:
            return
        last = str(rows[-1].id)


def _meant(unit: Unit, automation: Automation, plan: ObjectPlan, told: Sequence[Any]) -> Iterator[Event | None]:
    """Those of some changes that would have set it off, each asked with the values of then.

    All changes of a channel are asked together: what their conditions see behind lookups is loaded once.
    """
    values = _after(unit, plan, told)
    channels: dict[Channel, list[Row]] = {}
    for number, one in enumerate(told, 1):
        doing = DOING.get(one.action)
        if doing is not None and one.id in values:
            before, after = values[one.id]
            before = {} if doing == "create" else before
            row = Row(number, doing, plan, str(one.record_id), {}, before=before, values=after)
            channels.setdefault(one.channel, []).append(row)
    meant: set[int] = set()
    for channel, rows in channels.items():
        acting = unit.acting(replace(SYSTEM, channel=channel))
        found = triggers.meant(Expressions(acting, Related(acting)), plan, automation, rows)
        meant.update(row.number for row in found)
    for number, one in enumerate(told, 1):
        yield Event(record=str(one.record_id), at=one.at, by=one.actor_id) if number in meant else None


def _after(unit: Unit, plan: ObjectPlan, told: Sequence[Any]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By change, the values before and after it: those of now, with every later change taken back."""
    if not told:
        return {}
    ids = list({str(each.record_id) for each in told})
    stored = select(*plan.columns).where(among(plan.table.c.id, "ids"))
    now = {str(row["id"]): dict(row) for row in map(plan.read, unit.connection.execute(stored, {"ids": ids}))}
    first = min(str(each.id) for each in told)
    later = select(history.c.id, history.c.record_id, history.c.changes).where(
        among(history.c.record_id, "ids"), history.c.id >= first
    )
    by_id = {field.id: field for field in plan.object.fields.values() if field.name in plan.slots}
    reading = unit.acting(SYSTEM).reading
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for id, record, changes in unit.connection.execute(later.order_by(history.c.id.desc()), {"ids": ids}):
        after = now.get(str(record))
        if after is None:
            continue
        before = dict(after)
        for key, pair in changes.items():
            field = by_id.get(key)
            if field is not None:
                old = pair[0]
                before[field.name] = None if old is None else field.type.coerce(field, old, reading)
        found[str(id)] = (before, after)
        now[str(record)] = before
    return found


# -- dates, schedules, and what asked for runs ------------------------------------------------------------------------
def _dates(unit: Unit, automation: Automation, since: datetime) -> Iterator[Event | None]:
    plan = plan_of(unit.runtime, automation.object)
    for at, occasion in _occasions(unit, automation, since):
        last = ""
        while True:
            wanted = select(plan.table.c.id).where(plan.table.c.deleted_at.is_(None))
            if last:
                wanted = wanted.where(plan.table.c.id > last)
            if occasion.where is not None:
                wanted = wanted.where(occasion.where)
            ids = [str(each) for each in unit.connection.scalars(wanted.order_by(plan.table.c.id).limit(AT_ONCE))]
            meant = set(clock.meant_of(unit, automation, ids, occasion.trigger))
            offset = occasion.name if automation.trigger.type == "date" else None
            yield from (Event(record=id, at=at, by=None, offset=offset) if id in meant else None for id in ids)
            if len(ids) < AT_ONCE:
                break
            last = ids[-1]


def _occasions(unit: Unit, automation: Automation, since: datetime) -> Iterator[tuple[datetime, Occasion]]:
    """Every moment of the period at which the clock would have looked, with what was due then."""
    moment = since
    while (following := clock.next_moment(automation.trigger, moment, unit.company)) <= unit.now:
        for each in clock.occasions(unit, automation, moment, following):
            yield following, each
        moment = following


def _asked(unit: Unit, automation: Automation, since: datetime) -> Iterator[Event | None]:
    """What buttons, calls and other automations really asked for."""
    columns = runs.c
    wanted = select(columns.records, columns.created_at, columns.actor_id).where(
        columns.automation == automation.name, columns.created_at >= since
    )
    for records, at, by in unit.connection.execute(wanted.order_by(columns.id.desc()).limit(MOST_EVENTS)):
        yield from (Event(record=str(id), at=at, by=by) for id in cast(Sequence[str], records))
