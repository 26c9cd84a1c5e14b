"""A calendar of a company as the compiled model has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from types import MappingProxyType

from dougong.base.language import Labels
from dougong.formulas import MONDAY_TO_FRIDAY, WorkingCalendar

Span = tuple[time, time]
"""From one time of a day to another; an end that is not later is on the next day, so 00:00 is the end of the day."""

EIGHT: tuple[Span, ...] = ((time(9), time(12)), (time(13), time(18)))
"""The hours of a day where a calendar says none: eight, with an hour at noon."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of a day that is worked: those of its weekday (Monday is 0) where that has any, else of `every` day.

    Of shifts they may lie in each other, and go over midnight: they are of the day on which they begin.
    """

    every: tuple[Span, ...] = EIGHT
    by_weekday: Mapping[int, tuple[Span, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def on(self, day: date) -> tuple[Span, ...]:
        """The hours of a day that is worked, the earliest first."""
        return self.by_weekday.get(day.weekday(), self.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days and hours are worked and when the fiscal year begins; `default` marks the company's."""

    name: str
    label: Labels
    working: WorkingCalendar
    hours: WorkingHours = WorkingHours()
    default: bool = False


PLAIN = Calendar(name="", label={}, working=MONDAY_TO_FRIDAY)
"""What holds where a company has no calendar: nine to twelve and one to six, Monday to Friday."""


def calendar_of(calendars: Mapping[str, Calendar], name: str | None = None) -> Calendar:
    """The calendar of that name; the company's where none is named, or the one that was named is gone."""
    company = next((each for each in calendars.values() if each.default), PLAIN)
    return company if name is None else calendars.get(name, company)
