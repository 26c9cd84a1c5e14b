"""When so much time has been counted: as it passes or as it is worked, without the pauses in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from dougong.formulas import WorkingCalendar
from dougong.metadata.calendar import WorkingHours
from dougong.metadata.durations import Unit, duration
from dougong.workflows.approvals.working_time import days_after, worked_after, worked_between

Gap = tuple[datetime, datetime | None]
"""From when until when no time counts; None where no end is known."""

LONGEST = timedelta(days=3660)
"""Times that are longer count as so much: ten years."""

_HOURS = {"min": Decimal(1) / 60, "h": Decimal(1), "d": Decimal(24), "working hours": Decimal(1)}


@dataclass(frozen=True, slots=True)
class Length:
    """So many of a unit."""

    amount: Decimal
    unit: Unit

    @classmethod
    def read(cls, text: str) -> Length | None:
        """What `text` says: as documents write it ("4 working hours", "30min"), or as `str` does; None for neither."""
        if (known := duration(text)) is not None:
            return cls(Decimal(known.amount), known.unit)
        number, _, unit = text.partition(" ")
        try:
            return cls(Decimal(number), unit) if unit in (*_HOURS, "working days") else None  # type: ignore[arg-type]
        except InvalidOperation:
            return None

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.unit}"

    def part(self, percent: int) -> Length:
        """A part of it; of working days whole ones, so that it is never too early."""
        amount = self.amount * percent / 100
        return Length(amount if self.unit != "working days" else Decimal(-int(-amount // 1)), self.unit)

    @property
    def time(self) -> timedelta:
        """It as a length of time; of working days each is a day."""
        hours = self.amount * _HOURS.get(self.unit, Decimal(24))
        return min(timedelta(hours=float(hours)), LONGEST) if hours < 10**6 else LONGEST


@dataclass(frozen=True, slots=True)
class Counting:
    """By which calendar, hours and time zone time counts."""

    calendar: WorkingCalendar
    hours: WorkingHours
    zone: tzinfo

    def after(self, start: datetime, length: Length, gaps: Sequence[Gap] = ()) -> datetime | None:
        """When `length` has been counted since `start`; None where a pause has no end. `gaps` as of `joined`."""
        here, left = start, length.time
        for begins, ends in gaps:
            if ends is not None and ends <= here:
                continue
            if begins > here:
                passed = self.passed(here, begins, length.unit)
                if passed >= left:
                    break
                left -= passed
            if ends is None:
                return None
            here = max(here, ends)
        return self._later(here, left, length.unit)

    def passed(self, start: datetime, until: datetime, unit: Unit) -> timedelta:
        """How much counts between two moments, no pause in between."""
        if unit == "working hours":
            return worked_between(start, until, self.calendar, self.zone, self.hours)
        if unit != "working days":
            return until - start
        here, end = start.astimezone(self.zone), until.astimezone(self.zone)
        days = (here.date() + timedelta(days=each + 1) for each in range((end.date() - here.date()).days))
        worked = [each for each in days if self.calendar.is_workday(each)]
        if worked and worked[-1] == end.date() and end.timetz() < here.timetz():
            worked.pop()
        return timedelta(days=len(worked))

    def _later(self, start: datetime, left: timedelta, unit: Unit) -> datetime:
        if unit == "working hours":
            return worked_after(start, left, self.calendar, self.zone, self.hours)
        if unit == "working days":
            return days_after(start, left.days, self.calendar, self.zone)
        return start + left


def joined(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Pauses in their order, those that touch as one."""
    found: list[Gap] = []
    for begins, ends in sorted(gaps, key=lambda each: each[0]):
        last = found[-1] if found else None
        if last is not None and (last[1] is None or begins <= last[1]):
            found[-1] = (last[0], None if last[1] is None or ends is None else max(last[1], ends))
        else:
            found.append((begins, ends))
    return tuple(found)
