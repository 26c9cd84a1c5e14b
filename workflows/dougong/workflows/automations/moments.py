"""Moments that automations wait for: days and working days are those of the company."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dougong.formulas import WorkingCalendar
from dougong.metadata.automation import Trigger
from dougong.metadata.durations import Duration, duration

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def later(unit: Unit, start: datetime, text: str) -> datetime:
    """The moment a duration after `start`; days keep the time of day in the company's zone."""
    said = duration(text)
    assert said is not None, "schemas let no other text through"
    match said.unit:
        case "min":
            return start + timedelta(minutes=said.amount)
        case "h":
            return start + timedelta(hours=said.amount)
    local = start.astimezone(unit.company.zone)
    day = shifted(local.date(), said, unit.runtime.model.working_calendar)
    return datetime.combine(day, local.timetz().replace(tzinfo=None), unit.company.zone).astimezone(UTC)


def shifted(day: date, by: Duration, calendar: WorkingCalendar) -> date:
    """The day so many days, or working days, from another."""
    if by.unit == "working days":
        return calendar.after(day, by.amount) or day
    return day + timedelta(days=by.amount)


def offset(text: str) -> Duration:
    """An offset of a trigger: ``-7d``, ``2 working days``."""
    said = duration(text)
    assert said is not None, "schemas let no other text through"
    return said


def due(day: date, trigger: Trigger, by: Duration, calendar: WorkingCalendar) -> date:
    """The day on which what belongs to `day` is done: moved by the offset, and to a working day where so stated."""
    found = shifted(day, by, calendar)
    while trigger.days == "working" and not calendar.is_workday(found):
        found += timedelta(days=1)
    return found


def days_due_on(today: date, trigger: Trigger, by: Duration, calendar: WorkingCalendar) -> list[date]:
    """The days whose turn it is on `today`. Found by trying: holidays and made-up days follow no rule."""
    reach = abs(by.amount) * (3 if by.unit == "working days" else 1) + 20
    tried = (today + timedelta(days=each) for each in range(-reach, reach + 1))
    return [day for day in tried if due(day, trigger, by, calendar) == today]


def anniversary(day: date, year: int) -> date:
    """The day of a year that is the anniversary of `day`; of 29 February it is 28 February in other years."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """A time of day (``09:00``) on a day in a zone, in UTC."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
