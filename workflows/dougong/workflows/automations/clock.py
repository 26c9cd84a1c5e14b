"""What the clock sets off: dates of records, and schedules.

One task waits for the next moment of each such automation; when it has been carried out, it asks for the one after. Up
to which moment an automation was looked at is kept, so what a downtime left out is made up for: each date of each
record once, a schedule once for all the times it missed. `dg_occurrence` says what was done, whoever asks again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, extract, or_, select, update

from dougong.base.language import msg
from dougong.engine import outbox
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.dialects.statements import upsert
from dougong.engine.jobs import Job
from dougong.engine.outbox import Task
from dougong.engine.saving.plan import plan_of
from dougong.engine.unit import Unit
from dougong.engine.variables import formula_context
from dougong.formulas import EvaluationError
from dougong.metadata.automation import Automation, Trigger
from dougong.metadata.model import Model
from dougong.metadata.steps import Step
from dougong.workflows.automations import moments, splitting, starting
from dougong.workflows.automations.starting import AT_ONCE, Cause
from dougong.workflows.automations.tables import clocks
from dougong.workflows.steps.doing import Doing

DAY, CLOCK = "automation.day", "automation.clock"

LONGEST_GAP = timedelta(days=62)
"""How far back what was left out is made up for."""


def timed(model: Model) -> Iterator[Automation]:
    """The automations that the clock sets off."""
    return (each for each in model.workflows.automations.values() if each.trigger.type in ("date", "schedule"))


# -- asking for the next moment -----------------------------------------------------------------------------------
def ask(company: Company, connection: Connection, model: Model, now: datetime) -> None:
    """In a transaction: let the clock look at every automation that it sets off, from now on where that is new."""
    for each in timed(model):
        begin = upsert(connection.dialect.name, clocks).values(automation=each.name, until=now)
        connection.execute(begin.on_conflict_do_nothing())
        until = connection.scalar(select(clocks.c.until).where(clocks.c.automation == each.name))
        if until is not None:
            _ask_one(company, connection, each, until, now)


def _ask_one(company: Company, connection: Connection, automation: Automation, until: datetime, now: datetime) -> None:
    moment = next_moment(automation.trigger, until, company)
    payload = {"automation": automation.name}
    id = outbox.put(connection, CLOCK, payload, f"{CLOCK}:{automation.name}:{moment.isoformat()}", now, moment)
    if id is not None:
        company.database.announce(connection, id, moment)


def next_moment(trigger: Trigger, after: datetime, company: Company) -> datetime:
    """The first moment after another at which the clock looks at an automation."""
    if trigger.type == "schedule":
        from dougong.metadata.schedules import moments as of_schedule

        return next(of_schedule(str(trigger.cron), company.zone, after))
    day = after.astimezone(company.zone).date()
    found = moments.at(day, trigger.at, company.zone)
    return found if found > after else moments.at(day + timedelta(days=1), trigger.at, company.zone)


def _plan(company: Company, task: Task) -> None:
    """The daily job: ask for what nobody asked for, however that came about."""
    company.write(SYSTEM, lambda unit: ask(company, unit.connection, unit.runtime.model, unit.now))


# -- at the moment ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Occasion:
    """What is due: records with such a date (all of the object for a schedule), and what ``$Trigger`` knows."""

    trigger: Mapping[str, Any]
    where: ColumnElement[bool] | None
    name: str


def _tick(company: Company, task: Task) -> None:
    """The job: do what is due by now, then ask for the next moment; done twice it does nothing twice."""
    name = str(task.payload["automation"])
    with company.read(SYSTEM) as unit:
        automation = unit.runtime.model.workflows.automations.get(name)
        until = unit.connection.scalar(select(clocks.c.until).where(clocks.c.automation == name))
        now = unit.now
    if automation is None or until is None or automation.trigger.type not in ("date", "schedule"):
        return  # it left the metadata; publishing it again asks again
    look(company, automation, until, now)
    company.write(SYSTEM, lambda unit: _looked(unit, automation, now))


def _looked(unit: Unit, automation: Automation, now: datetime) -> None:
    unit.connection.execute(update(clocks).where(clocks.c.automation == automation.name).values(until=now))
    _ask_one(unit.company, unit.connection, automation, now, unit.now)


def look(company: Company, automation: Automation, since: datetime, now: datetime) -> None:
    """Set an automation off for everything that fell due after `since`, up to `now`."""
    with company.read(SYSTEM) as unit:
        if not is_on(unit, automation):
            return
        due = list(occasions(unit, automation, max(since, now - LONGEST_GAP), now))
    for occasion in due:
        some = functools.partial(_some, automation=automation, occasion=occasion)
        _through(lambda after, some=some: company.write(SYSTEM, functools.partial(some, after=after)))  # type: ignore[misc]


def look_within(unit: Unit, automation: Automation, since: datetime) -> None:
    """`look`, in the transaction of `unit` and up to its moment: for what is tried and undone."""
    if is_on(unit, automation):
        for occasion in list(occasions(unit, automation, since, unit.now)):
            _through(functools.partial(_some, unit, automation, occasion))


def _through(some: Callable[[str], str | None]) -> None:
    """Take records a part at a time: each part says after which the next begins."""
    last: str | None = ""
    while last is not None:
        last = some(last)


def is_on(unit: Unit, automation: Automation) -> bool:
    """Whether the settings switch an automation on."""
    if isinstance(automation.active, bool):
        return automation.active
    try:
        return bool(automation.active.evaluate(lambda path: None, formula_context(unit)))
    except EvaluationError:
        return False


def occasions(unit: Unit, automation: Automation, since: datetime, now: datetime) -> Iterator[Occasion]:
    """What fell due after `since`, up to `now`, the earliest first."""
    trigger, zone = automation.trigger, unit.company.zone
    moment = next_moment(trigger, since, unit.company)
    if trigger.type == "schedule":
        if moment <= now:  # once for all the times that were missed
            on = now.astimezone(zone).date().isoformat()
            yield Occasion({"event": "schedule", "on": on}, None, f"schedule:{moment.isoformat()}")
        return
    while moment <= now:
        today = moment.astimezone(zone).date()
        for text in trigger.offsets:
            by = moments.offset(text)
            days = moments.days_due_on(today, trigger, by, unit.runtime.model.working_calendar)
            if days:
                given = {"event": "date", "offset": by.amount, "on": today.isoformat()}
                yield Occasion(given, _dated(unit, automation, days), text)
        moment = next_moment(trigger, moment, unit.company)


def _dated(unit: Unit, automation: Automation, days: Sequence[date]) -> ColumnElement[bool]:
    """The records whose date is one of `days`, or for a yearly one has its anniversary then."""
    plan, name = plan_of(unit.runtime, automation.object), str(automation.trigger.field)
    column = plan.table.c[plan.slots[name].keys[0]]
    if automation.trigger.yearly:
        return or_(*(_anniversary(column, day) for day in days))
    if plan.object.fields[name].type.formula_type == "date":
        return column.in_(days)
    zone = unit.company.zone
    spans = ((_start(day, zone), _start(day + timedelta(days=1), zone)) for day in days)
    return or_(*(and_(column >= start, column < end) for start, end in spans))


def _start(day: date, zone: Any) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _anniversary(column: ColumnElement[Any], day: date) -> ColumnElement[bool]:
    born = [(day.month, day.day)]
    if (day.month, day.day) == (2, 28) and moments.anniversary(date(2024, 2, 29), day.year) == day:
        born.append((2, 29))
    same = or_(*(and_(extract("month", column) == month, extract("day", column) == number) for month, number in born))
    return and_(same, column < day)


def _some(unit: Unit, automation: Automation, occasion: Occasion, after: str) -> str | None:
    """Set off the next records in the order of their ids; the last of them, None where that were all."""
    plan = plan_of(unit.runtime, automation.object)
    name = automation.trigger.field
    value = plan.table.c[plan.slots[name].keys[0]] if name else plan.table.c.id
    wanted = select(plan.table.c.id, value.label("value")).where(plan.table.c.deleted_at.is_(None))
    if occasion.where is not None:
        wanted = wanted.where(occasion.where)
    if after:
        wanted = wanted.where(plan.table.c.id > after)
    rows = [(str(id), kept) for id, kept in unit.connection.execute(wanted.order_by(plan.table.c.id).limit(AT_ONCE))]
    meant = set(meant_of(unit, automation, [id for id, _ in rows], occasion.trigger))
    new: set[str] = set()
    for kept, group in groupby(sorted(rows, key=lambda row: str(row[1])), key=lambda row: row[1]):
        ids = [id for id, _ in group if id in meant]
        if ids:
            new |= starting.once(unit, automation.name, ids, _occurrence(automation, occasion, kept))
    cause = Cause(event=str(occasion.trigger["event"]), trigger=occasion.trigger, actor_id=None)
    starting.start(unit, automation, [id for id, _ in rows if id in new], cause)
    return rows[-1][0] if len(rows) == AT_ONCE else None


def _occurrence(automation: Automation, occasion: Occasion, value: Any) -> str:
    """What happens once: an offset of a date, for an anniversary in its year; a moment of a schedule."""
    if automation.trigger.type == "schedule":
        return occasion.name
    year = f":{occasion.trigger['on'][:4]}" if automation.trigger.yearly else ""
    return f"{occasion.name}:{value.isoformat()}{year}"


def meant_of(unit: Unit, automation: Automation, ids: Sequence[str], trigger: Mapping[str, Any]) -> list[str]:
    """Those of `ids` for which an automation's condition holds now."""
    if automation.when is None or not ids:
        return list(ids)
    asking = Step(key="when", do="when", given={}, formulas={"/when": automation.when})
    doing = Doing(
        unit=unit, step=asking, object=automation.object, ids=ids, key="", values={}, people={},
        name=f"automation:{automation.name}", trigger=trigger,
    )  # fmt: skip
    return list(splitting.holding(doing).taken[""])


JOBS = (
    Job(DAY, _plan, daily=True, label=msg("Automations of the day")),
    Job(CLOCK, _tick, attempts=1000, label=msg("Automations by the clock")),
)
"""What the workers do by the clock."""
