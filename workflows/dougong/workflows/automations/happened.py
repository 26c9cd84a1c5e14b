"""What happened in a period that would have set an automation off, each event as it was then.

Changes come out of the history, with the values of then, so a condition that compares before and after is asked as it
would have been; what stands behind lookups is as it is now. Dates and schedules come from the calendar, buttons, calls
and other automations from the runs that they asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select

from dougong.base.ids import first_id
from dougong.engine.actor import SYSTEM, Channel
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
from dougong.workflows.automations.tables import runs

MOST_EVENTS = 20_000
"""Events of a period that are looked at; whether there were more is said."""

AT_ONCE = 500

DAY = timedelta(days=1)
"""How much of the history is looked at in one go to begin with. No change is kept that much later than it began."""

QUICK_SECONDS = 0.5
"""What took less than this is followed by twice as much in one go."""

DOING: Mapping[str, Doing] = {"create": "create", "update": "update", "derive": "derive", "delete": "delete"}


class TimeUp(Exception):
    """There is no time left to look at more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What is looked at: from `since` to before `until`, as long as there is time (`time.monotonic`)."""

    since: datetime
    until: datetime
    ends: float = math.inf

    def check(self) -> None:
        """Go on while there is time.

        Raises:
            TimeUp: there is none left.
        """
        if time.monotonic() > self.ends:
            raise TimeUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that sets an automation off: for which record, when, and by whom (None: the clock).

    `offset` is which of a date's offsets ``$Trigger`` means, the first where it is left out.
    """

    record: str
    at: datetime
    by: str | None = None
    offset: str | None = None


def events(unit: Unit, automation: Automation, span: Span) -> Iterator[Event | None]:
    """Each event of the period, as it is found; None for one that would not have set it off.

    Raises:
        TimeUp: while it goes on, when there is no time left.
    """
    match automation.trigger.type:
        case "record":
            return _changes(unit, automation, span)
        case "date" | "schedule":
            return _dates(unit, automation, span)
    return _asked(unit, automation, span)


# -- changes ----------------------------------------------------------------------------------------------------------
def _changes(unit: Unit, automation: Automation, span: Span) -> Iterator[Event | None]:
    """The changes of the period by the history, the latest first.

    No index tells of an object when it was changed, but ids are in the order of time: the history is looked at by
    them, so much in one go that there is always time to end.
    """
    plan, begin, width = plan_of(unit.runtime, automation.object), span.until, DAY
    after = first_id(span.until + DAY)
    while begin > span.since:
        span.check()
        began, begin = time.monotonic(), begin - min(width, begin - span.since)
        before, after = after, first_id(begin)
        yield from _between(unit, automation, plan, span, (after, before))
        if time.monotonic() - began < QUICK_SECONDS:
            width *= 2


def _between(
    unit: Unit, automation: Automation, plan: ObjectPlan, span: Span, ids: tuple[str, str]
) -> Iterator[Event | None]:
    """The changes that are kept under ids from one to before another, in chunks."""
    columns, (first, last) = history.c, ids
    here = (columns.object == plan.object.id, columns.at >= span.since, columns.at < span.until)
    while True:
        wanted = select(history).where(*here, columns.id >= first, columns.id < last)
        rows = unit.connection.execute(wanted.order_by(columns.id.desc()).limit(AT_ONCE)).all()
        yield from _meant(unit, automation, plan, rows)
        if len(rows) < AT_ONCE:
            return
        last = str(rows[-1].id)
        span.check()


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
def _dates(unit: Unit, automation: Automation, span: Span) -> Iterator[Event | None]:
    plan = plan_of(unit.runtime, automation.object)
    for at, occasion in _occasions(unit, automation, span):
        last = ""
        while True:
            span.check()
            wanted = select(plan.table.c.id).where(plan.table.c.deleted_at.is_(None))
            if last:
                wanted = wanted.where(plan.table.c.id > last)
            if occasion.where is not None:
                wanted = wanted.where(occasion.where)
            ids = [str(each) for each in unit.connection.scalars(wanted.order_by(plan.table.c.id).limit(AT_ONCE))]
            meant = set(clock.meant_of(unit, automation, ids, occasion.trigger))
            offset = occasion.name if automation.trigger.type == "date" else None
            yield from (Event(record=id, at=at, offset=offset) if id in meant else None for id in ids)
            if len(ids) < AT_ONCE:
                break
            last = ids[-1]


def _occasions(unit: Unit, automation: Automation, span: Span) -> Iterator[tuple[datetime, Occasion]]:
    """Every moment of the period at which the clock would have looked, with what was due then."""
    moment, end = span.since, min(unit.now, span.until)
    while (following := clock.next_moment(automation.trigger, moment, unit.company)) <= end:
        span.check()
        for each in clock.occasions(unit, automation, moment, following):
            yield following, each
        moment = following


def _asked(unit: Unit, automation: Automation, span: Span) -> Iterator[Event | None]:
    """What buttons, calls and other automations really asked for."""
    columns = runs.c
    wanted = select(columns.records, columns.created_at, columns.actor_id).where(
        columns.automation == automation.name, columns.created_at >= span.since, columns.created_at < span.until
    )
    for records, at, by in unit.connection.execute(wanted.order_by(columns.id.desc()).limit(MOST_EVENTS)):
        yield from (Event(record=str(id), at=at, by=by) for id in cast(Sequence[str], records))
