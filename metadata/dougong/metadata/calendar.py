"""A calendar of a company as the compiled model has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import MappingProxyType

from dougong.base.language import Labels
from dougong.formulas import WorkingCalendar

Span = tuple[time, time]
"""From one time of a day to another; an end of 00:00 is the end of the day."""

EIGHT: tuple[Span, ...] = ((time(9), time(12)), (time(13), time(18)))
"""The hours of a day where a calendar says none: eight, with an hour at noon."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of a day that is worked: those of its weekday (Monday is 0) where that has any, else of `every` day."""

    every: tuple[Span, ...] = EIGHT
    by_weekday: Mapping[int, tuple[Span, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def on(self, day: date) -> tuple[Span, ...]:
        """The hours of a day that is worked, the earliest first."""
        return self.by_weekday.get(day.weekday(), self.every)

    def hold(self, at: datetime) -> bool:
        """Whether a moment, in its own zone, lies in them, were its day worked."""
        clock = at.time().replace(tzinfo=None)
        return any(begins <= clock and (clock < ends or ends == time(0)) for begins, ends in self.on(at.date()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days and hours are worked and when the fiscal year begins; `default` marks the company's."""

    name: str
    label: Labels
    working: WorkingCalendar
    hours: WorkingHours = WorkingHours()
    default: bool = False


def company_hours(calendars: Mapping[str, Calendar]) -> WorkingHours:
    """The hours of the company's calendar; nine to twelve and one to six where there is none."""
    return next((each.hours for each in calendars.values() if each.default), WorkingHours())
