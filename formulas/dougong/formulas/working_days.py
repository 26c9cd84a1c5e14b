"""Working days: a working week, the holidays that interrupt it and the days off that are worked instead (调休)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

LAST = date.max.toordinal()


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are worked, and when the fiscal year begins.

    `weekdays` counts from Monday, 0; there is at least one. `holidays` are off whatever the weekday, `workdays` are
    worked whatever the weekday; no day is both. The fiscal year begins with the first of `fiscal_month`, and is
    called by the year in which it begins, or where `named_after_end` in which it ends.
    """

    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    fiscal_month: int = 1
    named_after_end: bool = False

    def is_workday(self, day: date) -> bool:
        """Whether a day is worked."""
        if day in self.holidays:
            return False
        return day in self.workdays or day.weekday() in self.weekdays

    def between(self, start: date, end: date) -> int:
        """How many working days come after `start`, up to and with `end`; negative where `end` is earlier."""
        return self._until(end.toordinal()) - self._until(start.toordinal())

    def after(self, day: date, count: int) -> date | None:
        """The working day number `count` after a day, or before it where negative; the day itself for 0.

        None where that is outside the years 1 to 9999.
        """
        if not count:
            return day
        before = day.toordinal() - (count < 0)
        # Counted from the beginning of the calendar, the day that is looked for has this number.
        wanted = self._until(before) + count + (count < 0)
        if not 1 <= wanted <= self._until(LAST):
            return None
        return date.fromordinal(1 + bisect_left(range(1, LAST + 1), wanted, key=self._until))

    def fiscal_year(self, day: date) -> int:
        """The fiscal year of a day."""
        return day.year - (day.month < self.fiscal_month) + (self.named_after_end and self.fiscal_month > 1)

    def fiscal_quarter(self, day: date) -> int:
        """The quarter, 1 to 4, of its fiscal year that a day is in."""
        return (day.month - self.fiscal_month) % 12 // 3 + 1

    @cached_property
    def text(self) -> str:
        """What `parsed` reads: the week from Monday as 1 and 0, the weekdays off, the days off that are worked.

        Days are numbers, 1 for 0001-01-01. It is what the databases' routines are given.
        """
        week = "".join(str(int(each in self.weekdays)) for each in range(7))
        return f"{week}|{','.join(map(str, self._off))}|{','.join(map(str, self._made_up))}"

    def _until(self, number: int) -> int:
        """How many of the days 1 to `number` are worked; day 1 is a Monday."""
        weeks, days = divmod(number, 7)
        usual = weeks * len(self.weekdays) + self._begun[days]
        return usual - bisect_right(self._off, number) + bisect_right(self._made_up, number)

    @cached_property
    def _begun(self) -> tuple[int, ...]:
        """How many of the first so many days of a week are worked, from none to six."""
        return tuple(sum(each < days for each in self.weekdays) for days in range(7))

    @cached_property
    def _off(self) -> tuple[int, ...]:
        """Holidays that would be worked, in order."""
        return _numbers(each for each in self.holidays if each.weekday() in self.weekdays)

    @cached_property
    def _made_up(self) -> tuple[int, ...]:
        """Working days that would be off, in order."""
        return _numbers(each for each in self.workdays if each.weekday() not in self.weekdays)


def _numbers(days: Iterable[date]) -> tuple[int, ...]:
    return tuple(sorted(each.toordinal() for each in days))


@lru_cache(maxsize=32)
def parsed(text: str) -> WorkingCalendar:
    """The calendar whose working days `text` spells; its fiscal year is not in it."""
    week, off, made_up = text.split("|")
    return WorkingCalendar(
        weekdays=frozenset(at for at, each in enumerate(week) if each == "1"),
        holidays=frozenset(date.fromordinal(int(each)) for each in off.split(",") if each),
        workdays=frozenset(date.fromordinal(int(each)) for each in made_up.split(",") if each),
    )


MONDAY_TO_FRIDAY = WorkingCalendar()
"""The calendar of whoever has none: no holidays, the calendar year."""
