"""When a time limit ends: hours and days as they pass, or as they are worked by the company's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

from dougong.formulas import WorkingCalendar
from dougong.metadata.calendar import WorkingHours
from dougong.metadata.durations import duration

PLAIN = WorkingHours()
"""The hours of a company whose calendar says none."""

MOST_DAYS = 4000
"""How many days are looked at for working hours: a limit of some years ends there."""


def due_at(
    start: datetime, text: str, calendar: WorkingCalendar, zone: tzinfo, hours: WorkingHours = PLAIN
) -> datetime:
    """The moment that lies `text` ("8 working hours", "3d") after `start`, in UTC.

    Raises:
        ValueError: no duration.
    """
    length = duration(text)
    if length is None:
        raise ValueError(f"{text!r} is no duration")
    match length.unit:
        case "working hours":
            return _worked(start, timedelta(hours=length.amount), calendar, zone, hours)
        case "working days":
            return _days(start, length.amount, calendar, zone)
    units = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
    return start + length.amount * units[length.unit]


def _days(start: datetime, count: int, calendar: WorkingCalendar, zone: tzinfo) -> datetime:
    """The same time of day so many working days on."""
    local = start.astimezone(zone)
    day = calendar.after(local.date(), count) or local.date()
    return datetime.combine(day, local.timetz()).astimezone(UTC)


def _worked(start: datetime, left: timedelta, calendar: WorkingCalendar, zone: tzinfo, hours: WorkingHours) -> datetime:
    """When so much has been worked since `start`."""
    local = start.astimezone(zone)
    day = local.date()
    for _ in range(MOST_DAYS):
        if calendar.is_workday(day):
            for begins, ends in hours.on(day):
                since = max(local, datetime.combine(day, begins, zone))
                until = datetime.combine(day if ends > begins else day + timedelta(days=1), ends, zone)
                if since >= until:
                    continue
                if since + left <= until:
                    return (since + left).astimezone(UTC)
                left -= until - since
        day += timedelta(days=1)
    return datetime.combine(day, time(9), zone).astimezone(UTC)


def worked_between(
    start: datetime, end: datetime, calendar: WorkingCalendar, zone: tzinfo, hours: WorkingHours = PLAIN
) -> timedelta:
    """The working time between two moments; none where `end` is not later."""
    since, until = start.astimezone(zone), end.astimezone(zone)
    total, day = timedelta(), since.date() - timedelta(days=1)  # a night shift may have begun the day before
    for _ in range(min((until.date() - day).days + 1, MOST_DAYS)):
        if calendar.is_workday(day):
            for begins, ends in hours.on(day):
                over = datetime.combine(day if ends > begins else day + timedelta(days=1), ends, zone)
                first = max(since, datetime.combine(day, begins, zone))
                total += max(min(until, over) - first, timedelta())
        day += timedelta(days=1)
    return total
