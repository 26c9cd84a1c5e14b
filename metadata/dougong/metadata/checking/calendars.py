"""Rules of calendars: days that exist, none both off and worked; hours in order, shifts on each day.

One of them is the company's at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.building.calendars import WEEK, days_of
from dougong.metadata.calendar import Span
from dougong.metadata.checking.report import Spot, enumerated, repeated, spots
from dougong.metadata.index import Index

LONGEST = 366
"""Days of one holiday."""


def calendars(index: Index) -> Iterator[Problem]:
    """Each calendar, and which is the company's."""
    default = ""
    for spot, body in spots(index, "calendar"):
        off = yield from _days(spot, "holidays", body)
        worked = yield from _days(spot, "workdays", body)
        for day, at in worked.items():
            if day in off:
                reason = msg("{day} is a holiday and is worked.", day=day.isoformat())
                fix = msg("Take it out of one of the two.")
                yield (spot / "workdays" / at).problem("calendar-day-twice", reason, fix)
        yield from _hours(spot, body)
        yield from _shifts(spot, body, set(worked) - set(off))
        if body.get("default"):
            if default:
                reason = msg("{name} is the company's calendar already.", name=default)
                fix = msg('Leave "default" to one of them.')
                yield (spot / "default").problem("calendar-default-twice", reason, fix)
            default = spot.component.name


def _hours(spot: Spot, body: Mapping[str, Any]) -> Iterator[Problem]:
    """Spans that end after they begin, none in another of its day, and some for days that are not named."""
    yield from repeated(spot, "hours", body)
    said: dict[str | None, list[Span]] = {}
    for below, each in enumerated(spot, "hours", body):
        span = time.fromisoformat(each["from"]), time.fromisoformat(each["to"])
        if span[1] <= span[0] and span[1] != time(0):
            reason = msg("The hours end before they begin.")
            yield (below / "to").problem("calendar-hours-reversed", reason, msg("Write 00:00 for the end of the day."))
            continue
        for day in each.get("days", (None,)):
            if any(_meet(span, other) for other in said.setdefault(day, [])):
                yield below.problem("calendar-hours-overlap", msg("These hours lie in others of the same day."))
                break
            said[day].append(span)
    if said and None not in said:
        reason = msg("No hours are given for days that are not named, such as a Saturday that is made up for.")
        yield (spot / "hours").problem("calendar-hours-missing", reason, msg('Give hours without "days" as well.'))


def _shifts(spot: Spot, body: Mapping[str, Any], made_up: Iterable[date]) -> Iterator[Problem]:
    """Shifts in place of hours, some on each day that is worked, none on a day that never is."""
    if "shifts" not in body:
        return
    yield from repeated(spot, "shifts", body)
    if "hours" in body:
        reason = msg("A calendar has hours or shifts, not both.")
        yield (spot / "shifts").problem("calendar-shifts-and-hours", reason, msg("Leave one of the two out."))
    worked = {*body.get("days", WEEK[:5]), *(WEEK[day.weekday()] for day in made_up)}
    for below, each in enumerated(spot, "shifts", body):
        for at, name in enumerate(each.get("days", ())):
            if name not in worked:
                reason = msg("No {day} is worked, so the shift never begins on one.", day=name)
                yield (below / "days" / at).problem("calendar-shift-day-off", reason, msg('Add the day to "days".'))
    without = worked.difference(*(each.get("days", WEEK) for each in body["shifts"]))
    for name in sorted(without, key=WEEK.index):
        reason = msg("No shift begins on a {day}, which is worked.", day=name)
        yield (spot / "shifts").problem("calendar-shift-missing", reason, msg("Give a shift for that day as well."))


def _meet(one: Span, other: Span) -> bool:
    ends = [time.max if each[1] == time(0) else each[1] for each in (one, other)]
    return one[0] < ends[1] and other[0] < ends[0]


def _days(spot: Spot, key: str, body: Mapping[str, Any]) -> Any:
    """The problems of a list of days; returns each day with the place of the element that it is in."""
    yield from repeated(spot, key, body)
    found: dict[date, int] = {}
    for at, (below, span) in enumerate(enumerated(spot, key, body)):
        problem = _wrong(below, span)
        if problem is not None:
            yield problem
        else:
            found.update((day, at) for day in days_of(span))
    return found


def _wrong(spot: Spot, span: Mapping[str, Any]) -> Problem | None:
    """What is wrong with one span of days; None where it is sound."""
    ends = {}
    for key in ("from", "to"):
        text = span.get(key, span["from"])
        try:
            ends[key] = date.fromisoformat(text)
        except ValueError:
            return (spot / key).problem("calendar-day", msg("There is no day {day}.", day=text))
    if ends["to"] < ends["from"]:
        reason = msg("The last day is before the first.")
        return (spot / "to").problem("calendar-days-reversed", reason, msg("Swap the two."))
    if (ends["to"] - ends["from"]).days >= LONGEST:
        reason = msg("{count} days are too many for one entry.", count=(ends["to"] - ends["from"]).days + 1)
        return (spot / "to").problem("calendar-days-many", reason, msg("Write no more than a year in one entry."))
    return None
