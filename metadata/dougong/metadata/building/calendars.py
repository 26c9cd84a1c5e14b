"""Calendars from documents: days by name and by range become what formulas ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from dougong.formulas import WorkingCalendar
from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index
from dougong.metadata.model import Calendar

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def build_calendars(index: Index) -> Mapping[str, Calendar]:
    """Every calendar by name."""
    return MappingProxyType({name: _calendar(name, each.body) for name, each in index.named("calendar").items()})


def _calendar(name: str, body: Mapping[str, Any]) -> Calendar:
    year = body.get("fiscal_year", {})
    working = WorkingCalendar(
        weekdays=frozenset(WEEK.index(each) for each in body.get("days", WEEK[:5])),
        holidays=_all(body.get("holidays", ())),
        workdays=_all(body.get("workdays", ())),
        fiscal_month=year.get("month", 1),
        named_after_end=year.get("named_after") == "end",
    )
    return Calendar(name=name, label=labels(body["label"]), working=working, default=body.get("default", False))


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
