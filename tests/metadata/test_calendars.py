"""Calendars from documents to what formulas ask, and the calendar that ships."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from importlib.resources import files
from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.formulas import MONDAY_TO_FRIDAY, WorkingCalendar
from dougong.metadata.calendar import EIGHT, calendar_of
from dougong.metadata.check import check, load
from dougong.metadata.component import Component
from dougong.metadata.documents import read_folder
from dougong.metadata.model import Model
from tests.metadata.unsound import calendar, formula
from tests.metadata.workshop import documents

BASE = files("dougong.metadata") / "packages/base"
CHOSEN = Component(
    "overlay",
    "our_calendar",
    {"kind": "overlay", "name": "our_calendar", "target": "calendar:china", "set": {"default": True}},
)


def model_of(**keys: Any) -> Model:
    return load(documents({"calendar/ours.json": calendar(**keys)}))


def base(*more: Component) -> Model:
    return load((*read_folder(BASE, "base").components, *more))


@pytest.fixture(scope="module")
def china() -> WorkingCalendar:
    """The calendar that ships, chosen by an overlay."""
    return base(CHOSEN).working_calendar


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(each) for each in range((last - first).days + 1))


def test_without_a_calendar_of_the_company_the_plain_week_is_worked() -> None:
    assert base().working_calendar == MONDAY_TO_FRIDAY
    assert model_of(days=["sunday"]).working_calendar == MONDAY_TO_FRIDAY
    assert model_of(days=["sunday"]).calendars["ours"].working.weekdays == {6}


def test_hours_are_those_of_the_weekday_or_of_every_day() -> None:
    """A calendar that says none has eight; a weekday with hours of its own has those alone, made-up days the others."""
    assert calendar_of(model_of().calendars).hours.on(date(2026, 3, 2)) == EIGHT
    morning, rest = {"key": "a", "from": "08:30", "to": "12:00"}, {"key": "b", "from": "13:30", "to": "00:00"}
    saturday = {"key": "c", "days": ["saturday"], "from": "10:00", "to": "12:00"}
    hours = calendar_of(model_of(default=True, hours=[rest, morning, saturday]).calendars).hours
    plain = ((time(8, 30), time(12)), (time(13, 30), time(0)))
    assert hours.on(date(2026, 3, 2)) == hours.on(date(2026, 3, 8)) == plain
    assert hours.on(date(2026, 3, 7)) == ((time(10), time(12)),)


def test_shifts_are_all_those_of_the_weekday() -> None:
    """Those without days and those that name it, in place of any hours; the company's calendar is named by no name."""
    day, night = {"key": "a", "from": "08:00", "to": "20:00"}, {"key": "b", "days": ["friday"], "from": "20:00"}
    calendars = model_of(default=True, shifts=[{**night, "to": "06:00"}, day]).calendars
    hours = calendar_of(calendars).hours
    assert hours.on(date(2026, 3, 5)) == hours.on(date(2026, 3, 7)) == ((time(8), time(20)),)
    assert hours.on(date(2026, 3, 6)) == ((time(8), time(20)), (time(20), time(6)))
    assert calendar_of(calendars, "ours") is calendar_of(calendars) is calendar_of(calendars, "gone")


def test_a_calendar_that_is_not_the_company_s_goes_by_its_name() -> None:
    calendars = model_of(days=["sunday"]).calendars
    assert calendar_of(calendars, "ours").working.weekdays == {6}
    assert calendar_of(calendars).working == MONDAY_TO_FRIDAY


def test_every_key_counts() -> None:
    found = model_of(
        default=True,
        days=["monday", "saturday"],
        holidays=[{"key": "a", "from": "2025-12-29", "to": "2026-01-03"}, {"key": "b", "from": "2026-05-04"}],
        workdays=[{"key": "a", "from": "2026-01-04"}],
        fiscal_year={"month": 4, "named_after": "end"},
    ).working_calendar
    assert found == WorkingCalendar(
        weekdays=frozenset({0, 5}),
        holidays=frozenset({*days(date(2025, 12, 29), date(2026, 1, 3)), date(2026, 5, 4)}),
        workdays=frozenset({date(2026, 1, 4)}),
        fiscal_month=4,
        named_after_end=True,
    )


@pytest.mark.parametrize(("year", "count"), [(2024, 251), (2025, 248), (2026, 248)])
def test_the_working_days_of_a_year_in_china(china: WorkingCalendar, year: int, count: int) -> None:
    assert china.between(date(year - 1, 12, 31), date(year, 12, 31)) == count


def test_a_company_adds_days_of_its_own() -> None:
    """An overlay adds to the lists of the calendar that ships; the rest stays."""
    founding = {"key": "founding_2026", "from": "2026-06-08"}
    added = Component("overlay", "our_calendar", {**CHOSEN.body, "add": {"holidays": [founding]}})
    found = base(added).working_calendar
    assert not found.is_workday(date(2026, 6, 8))
    assert found.between(date(2025, 12, 31), date(2026, 12, 31)) == 247


def test_days_that_are_made_up_are_at_weekends(china: WorkingCalendar) -> None:
    """And next to the holiday: within two weeks of a weekday that is off."""
    for day in china.workdays:
        assert day.weekday() in (5, 6)
        near = days(day - timedelta(14), day + timedelta(14))
        assert any(each in china.holidays and each.weekday() < 5 for each in near), day


def test_tests_of_formulas_follow_the_calendar() -> None:
    """A test beside a formula is told by the days that the company works."""
    tests = [{"key": "spring", "given": {"closes_on": "2026-01-04"}, "expect": True}]
    field = formula("ISWORKDAY(closes_on)", "boolean", tests=tests)
    worked = calendar(default=True, workdays=[{"key": "a", "from": "2026-01-04"}])
    with_day = {"object/deal.json#fields/worth": field, "calendar/ours.json": worked}
    assert check(documents(with_day)).errors == ()
    assert [each.code for each in check(documents({**with_day, "calendar/ours.json": calendar()})).errors] == [
        "formula-test"
    ]
