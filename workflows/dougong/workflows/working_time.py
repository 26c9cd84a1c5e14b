"""Time that counts: as it passes, or as it is worked by a calendar; without pauses and the days somebody is away.

What is counted is additive: the time from a to b and the time from b to c are the time from a to c. So a clock may stop
and go on, and `due_at` and `counted_between` undo each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from dougong.formulas import MONDAY_TO_FRIDAY, WorkingCalendar
from dougong.metadata.calendar import WorkingHours, calendar_of
from dougong.metadata.durations import Unit, duration
from dougong.workflows.away import NEVER, Away

if TYPE_CHECKING:
    from dougong.metadata.model import Model

Counting = Literal["time", "working hours", "working days"]
"""What counts: all time, the working hours of working days, or every hour of working days."""

Span = tuple[datetime, datetime]

MOST_DAYS = 20_000
"""How many days are looked at: what takes longer, and what waits for somebody away without end, ends there."""

DAY = timedelta(days=1)

UNITS: Mapping[Unit, timedelta] = {
    "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY,
    "working hours": timedelta(hours=1), "working days": DAY,
}  # fmt: skip
_PERCENT = re.compile(r"([0-9]{1,4})%")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTime:
    """The days and hours that are worked, in a time zone, without those on which somebody is away."""

    zone: tzinfo
    calendar: WorkingCalendar = MONDAY_TO_FRIDAY
    hours: WorkingHours = WorkingHours()
    away: Away = NEVER

    def at_work(self, moment: datetime) -> bool:
        """Whether a moment is working time."""
        at = moment.astimezone(UTC)
        return next((begins <= at for begins, ends in _worked(at, self) if at < ends), False)


@dataclass(frozen=True, slots=True)
class Length:
    """So much time of what counts; of working days, a day is one day."""

    time: timedelta
    counting: Counting = "time"

    def share(self, percent: int) -> Length:
        """So many percent of it."""
        return Length(self.time * percent / 100, self.counting)

    def percent(self, counted: timedelta) -> int:
        """How many percent of it have been counted, cut to a whole number; 100 of what takes no time."""
        return 100 * counted // self.time if self.time else 100


def working_time(model: Model, zone: tzinfo, calendar: str | None = None, away: Away = NEVER) -> WorkingTime:
    """The working time by the calendar of that name, or by the company's."""
    found = calendar_of(model.calendars, calendar)
    return WorkingTime(zone=zone, calendar=found.working, hours=found.hours, away=away)


def length_of(text: str, target: Length | None = None) -> Length:
    """The length that `text` says: "8 working hours", "3d", or "75%" of a target.

    Raises:
        ValueError: no duration, one before something, or a share of no target.
    """
    share = _PERCENT.fullmatch(text)
    if share is not None and target is not None:
        return target.share(int(share[1]))
    said = duration(text)
    if said is None or said.amount < 0:
        raise ValueError(f"{text!r} is no length of time")
    return length(said.amount, said.unit)


def length(amount: int | Decimal, unit: Unit) -> Length:
    """So many of a unit; what is longer than anybody looks ahead is cut there."""
    one, most = UNITS[unit], MOST_DAYS * DAY
    time = float(amount) * one if amount < most / one else most
    return Length(time, unit if unit in ("working hours", "working days") else "time")


def due_at(start: datetime, length: Length | str, by: WorkingTime, pauses: Sequence[Span] = ()) -> datetime:
    """The first moment at which so much has been counted since `start`, in UTC; `pauses` do not count.

    Raises:
        ValueError: a text that `length_of` does not read.
    """
    length = length_of(length) if isinstance(length, str) else length
    left = length.time
    if not left:
        return start.astimezone(UTC)
    for begins, ends in _counted(start, length.counting, by, pauses):
        if begins + left <= ends:
            return _moment(begins + left, by)
        left -= ends - begins
    return start.astimezone(UTC) + MOST_DAYS * DAY


def counted_between(
    start: datetime, end: datetime, counting: Counting, by: WorkingTime, pauses: Sequence[Span] = ()
) -> timedelta:
    """How much of the time between two moments counts; none where `end` is not later."""
    until = _place(end, counting, by)
    spans = _until(until, _counted(start, counting, by, pauses))
    return sum((min(ends, until) - begins for begins, ends in spans), timedelta())


def worked_between(start: datetime, end: datetime, by: WorkingTime) -> timedelta:
    """The working time between two moments; none where `end` is not later."""
    return counted_between(start, end, "working hours", by)


# -- spans of time that count -----------------------------------------------------------------------------------------
def _place(moment: datetime, counting: Counting, by: WorkingTime) -> datetime:
    """Where a moment stands on the line that is counted along.

    Hours are counted as they pass, in UTC. A working day is a day whatever the clocks do in its night, so working days
    are counted along local times, which here have no zone.
    """
    if counting == "working days":
        return moment.astimezone(by.zone).replace(tzinfo=None)
    return moment.astimezone(UTC)


def _moment(place: datetime, by: WorkingTime) -> datetime:
    return (place if place.tzinfo is not None else place.replace(tzinfo=by.zone)).astimezone(UTC)


def _counted(start: datetime, counting: Counting, by: WorkingTime, pauses: Iterable[Span]) -> Iterator[Span]:
    """What counts from `start` on, in order and apart from each other."""
    since = _place(start, counting, by)
    match counting:
        case "working hours":
            spans = _worked(since, by)
        case "working days":
            spans = (_whole(day) for day in _days(since.date(), by) if by.calendar.is_workday(day))
        case _ if by.away == NEVER:
            spans = iter(((since, since + MOST_DAYS * DAY),))
        case _:
            local = start.astimezone(by.zone).date()
            spans = (_in_utc(*_whole(day), by) for day in _days(local, by))
    stopped = sorted((_place(begins, counting, by), _place(ends, counting, by)) for begins, ends in pauses)
    for begins, ends in spans:
        yield from _without(max(begins, since), ends, stopped)


def _without(begins: datetime, ends: datetime, pauses: Iterable[Span]) -> Iterator[Span]:
    """What is left of a span; pauses stand in the order in which they begin."""
    for pause, over in pauses:
        if pause >= ends:
            break
        if begins < pause:
            yield begins, pause
        begins = max(begins, over)
    if begins < ends:
        yield begins, ends


def _worked(since: datetime, by: WorkingTime) -> Iterator[Span]:
    """The working hours from the day before on, in UTC: a night shift may have begun then. Shifts that meet are one."""
    last = datetime.min.replace(tzinfo=UTC)
    for day in _days(since.astimezone(by.zone).date() - DAY, by):
        if not by.calendar.is_workday(day):
            continue
        for begins, ends in by.hours.on(day):
            over = day if ends > begins else day + DAY
            first, last_here = _in_utc(datetime.combine(day, begins), datetime.combine(over, ends), by)
            if last_here > last:
                yield max(first, last), last_here
                last = last_here


def _in_utc(begins: datetime, ends: datetime, by: WorkingTime) -> Span:
    return _moment(begins.replace(tzinfo=by.zone), by), _moment(ends.replace(tzinfo=by.zone), by)


def _days(first: date, by: WorkingTime) -> Iterator[date]:
    """The days from `first` on, without those on which somebody is away."""
    for number in range(MOST_DAYS):
        day = first + number * DAY
        if not by.away.on(day):
            yield day
        elif by.away.until is None:
            return


def _until(end: datetime, spans: Iterator[Span]) -> Iterator[Span]:
    """The spans that begin before `end`."""
    for span in spans:
        if span[0] >= end:
            return
        yield span


def _whole(day: date) -> Span:
    return datetime.combine(day, time()), datetime.combine(day + DAY, time())
