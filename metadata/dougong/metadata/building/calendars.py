"""Calendars from documents: days by name and by range become what formulas ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from types import MappingProxyType
from typing import Any

from dougong.formulas import MONDAY_TO_FRIDAY, WorkingCalendar
from dougong.metadata.building.fields import labels
from dougong.metadata.calendar import Calendar, Span, WorkingHours
from dougong.metadata.index import Index

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def build_calendars(index: Index) -> Mapping[str, Calendar]:
    """Every calendar by name."""
    return MappingProxyType({name: _calendar(name, each.body) for name, each in index.named("calendar").items()})


def company_calendar(index: Index) -> WorkingCalendar:
    """The company's calendar in documents that are still being checked; Monday to Friday where it is not sound."""
    bodies = (each.body for each in index.named("calendar").values())
    body = next((each for each in bodies if each.get("default")), {})
    try:
        return _working(body)
    except ValueError:
        return MONDAY_TO_FRIDAY


def _calendar(name: str, body: Mapping[str, Any]) -> Calendar:
    label, default = labels(body["label"]), body.get("default", False)
    return Calendar(name=name, label=label, working=_working(body), hours=_hours(body), default=default)


def _hours(body: Mapping[str, Any]) -> WorkingHours:
    if "shifts" in body:
        return _shifts(body["shifts"])
    every: list[Span] = []
    by_weekday: dict[int, list[Span]] = {}
    for each in body.get("hours", ()):
        span = _span(each)
        if "days" not in each:
            every.append(span)
        for name in each.get("days", ()):
            by_weekday.setdefault(WEEK.index(name), []).append(span)
    if not every:
        return WorkingHours()
    return WorkingHours(
        tuple(sorted(every)), MappingProxyType({day: tuple(sorted(spans)) for day, spans in by_weekday.items()})
    )


def _shifts(shifts: Sequence[Mapping[str, Any]]) -> WorkingHours:
    """The hours of each weekday: all its shifts, also those that lie in each other."""
    by_weekday = {
        number: tuple(sorted(_span(each) for each in shifts if name in each.get("days", WEEK)))
        for number, name in enumerate(WEEK)
    }
    return WorkingHours(by_weekday=MappingProxyType(by_weekday))


def _span(body: Mapping[str, Any]) -> Span:
    return time.fromisoformat(body["from"]), time.fromisoformat(body["to"])


def _working(body: Mapping[str, Any]) -> WorkingCalendar:
    year = body.get("fiscal_year", {})
    return WorkingCalendar(
        weekdays=frozenset(WEEK.index(each) for each in body.get("days", WEEK[:5])),
        holidays=_all(body.get("holidays", ())),
        workdays=_all(body.get("workdays", ())),
        fiscal_month=year.get("month", 1),
        named_after_end=year.get("named_after") == "end",
    )


def _all(spans: Iterable[Mapping[str, Any]]) -> frozenset[date]:
    return frozenset(each for span in spans for each in days_of(span))


def days_of(span: Mapping[str, Any]) -> Iterator[date]:
    """The days from the first to the last of a span, both in it.

    Raises:
        ValueError: a text that names no day.
    """
    first = date.fromisoformat(span["from"])
    last = date.fromisoformat(span.get("to", span["from"]))
    return (first + timedelta(each) for each in range((last - first).days + 1))
