"""Stretches of days that filters name: this week, last 30 days, next quarter. Weeks start on Monday.

A stretch is half open, ``[first, after)``. Names without a number are in `NAMED`; with one they read
``last_n_days:30`` (today and the 30 days before it), ``next_n_weeks:2`` (the two whole weeks after this one),
``n_days_ago:3`` (that one day), ``n_months_ahead:1``. Years are calendar years.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from dougong.base.field_types import ValueRefused
from dougong.base.language import Message, msg
from dougong.engine.fields.operators import clip

Days = tuple[date, date]
MOST = 10_000
"""The largest number that a named stretch may carry."""


def _add_months(day: date, count: int) -> date:
    """The first of the month `count` months after that of `day`; the ends of the calendar are not passed."""
    months = min(max(day.year * 12 + day.month - 1 + count, 12), 9999 * 12 + 11)
    return date(months // 12, months % 12 + 1, 1)


def _add_days(day: date, count: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + count, 1), date.max.toordinal()))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


_UNITS: Mapping[str, tuple[Callable[[date], date], Callable[[date, int], date]]] = {
    "day": (lambda day: day, _add_days),
    "week": (_monday, lambda day, count: _add_days(day, 7 * count)),
    "month": (lambda day: day.replace(day=1), _add_months),
    "quarter": (_quarter, lambda day, count: _add_months(day, 3 * count)),
    "year": (lambda day: date(day.year, 1, 1), lambda day, count: _add_months(day, 12 * count)),
}
"""Of each unit: where the one that holds a day begins, and the beginning of the one so many further on."""

NAMED: Mapping[str, tuple[str, int, Message]] = {
    "today": ("day", 0, msg("today")),
    "yesterday": ("day", -1, msg("yesterday")),
    "tomorrow": ("day", 1, msg("tomorrow")),
    "this_week": ("week", 0, msg("this week")),
    "last_week": ("week", -1, msg("last week")),
    "next_week": ("week", 1, msg("next week")),
    "this_month": ("month", 0, msg("this month")),
    "last_month": ("month", -1, msg("last month")),
    "next_month": ("month", 1, msg("next month")),
    "this_quarter": ("quarter", 0, msg("this quarter")),
    "last_quarter": ("quarter", -1, msg("last quarter")),
    "next_quarter": ("quarter", 1, msg("next quarter")),
    "this_year": ("year", 0, msg("this year")),
    "last_year": ("year", -1, msg("last year")),
    "next_year": ("year", 1, msg("next year")),
}
"""By name: the unit, how many units from the present one, and what people call it."""

NUMBERED: Mapping[str, Message] = {
    "last_n_days": msg("the last {n} days"),
    "next_n_days": msg("the next {n} days"),
    "last_n_weeks": msg("the last {n} weeks"),
    "next_n_weeks": msg("the next {n} weeks"),
    "last_n_months": msg("the last {n} months"),
    "next_n_months": msg("the next {n} months"),
    "last_n_quarters": msg("the last {n} quarters"),
    "next_n_quarters": msg("the next {n} quarters"),
    "last_n_years": msg("the last {n} years"),
    "next_n_years": msg("the next {n} years"),
    "n_days_ago": msg("{n} days ago"),
    "n_days_ahead": msg("{n} days ahead"),
    "n_weeks_ago": msg("{n} weeks ago"),
    "n_weeks_ahead": msg("{n} weeks ahead"),
    "n_months_ago": msg("{n} months ago"),
    "n_months_ahead": msg("{n} months ahead"),
    "n_quarters_ago": msg("{n} quarters ago"),
    "n_quarters_ahead": msg("{n} quarters ahead"),
    "n_years_ago": msg("{n} years ago"),
    "n_years_ahead": msg("{n} years ahead"),
}
"""Those that take a number, and what people call them."""

_NUMBERED = re.compile(r"(?:(last|next)_n_(\w+?)s|n_(\w+?)s_(ago|ahead)):(\d{1,5})", re.ASCII)


def period(name: str, today: date) -> Days | None:
    """The days that `name` means on `today`; None where it is no name of a stretch."""
    named = NAMED.get(name)
    if named:
        return _stretch(today, named[0], named[1], 1)
    numbered = _NUMBERED.fullmatch(name)
    if not numbered or int(numbered[5]) > MOST:
        return None
    way, unit, count = numbered[1] or numbered[4], numbered[2] or numbered[3], int(numbered[5])
    if unit not in _UNITS:
        return None
    if way == "last":
        # As people say it: the last 30 days end with today, the last two months with the month before this one.
        return _stretch(today, unit, -count, count + 1 if unit == "day" else count)
    if way == "next":
        return _stretch(today, unit, 1, count)
    return _stretch(today, unit, -count if way == "ago" else count, 1)


def _stretch(today: date, unit: str, offset: int, length: int) -> Days:
    begin, further = _UNITS[unit]
    first = further(begin(today), offset)
    return first, further(first, length)


def period_label(name: str) -> Message | None:
    """What people call the stretch `name`; None where it is none."""
    if name in NAMED:
        return NAMED[name][2]
    stem, _, number = name.partition(":")
    found = NUMBERED.get(stem)
    return Message(found.text, {"n": int(number)}) if found and number.isdigit() else None


def unknown_period(value: object) -> ValueRefused:
    """The refusal of what is neither a date nor the name of a stretch."""
    return ValueRefused(
        "period-unknown",
        msg("“{value}” is neither a date nor a period.", value=clip(value)),
        msg("Write a date such as 2026-11-22, or a period such as today, this_month or last_n_days:30."),
    )
