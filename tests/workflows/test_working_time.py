"""Time that counts: by hours, by days, in shifts; with pauses and without the days somebody is away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.formulas import WorkingCalendar
from dougong.metadata.calendar import WorkingHours
from dougong.workflows.away import Away
from dougong.workflows.working_time import (
    MOST_DAYS,
    Length,
    WorkingTime,
    counted_between,
    due_at,
    length_of,
    worked_between,
)

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")

WEEK = WorkingTime(zone=SHANGHAI, calendar=WorkingCalendar(holidays=frozenset({date(2026, 3, 4)})))
"""Monday to Friday without a Wednesday; nine to twelve and one to six."""

SHORT = WorkingTime(
    zone=SHANGHAI,
    calendar=WorkingCalendar(weekdays=frozenset(range(6))),
    hours=WorkingHours(by_weekday={5: ((time(10), time(12)),), 4: ((time(9), time(12)), (time(20), time(0)))}),
)
"""A short Saturday, a break, and a night that ends with the day."""

SHIFTS = WorkingTime(zone=SHANGHAI, hours=WorkingHours(every=((time(8), time(16, 30)), (time(16), time(2)))))
"""Two shifts that hand over for half an hour, Monday to Friday; the second runs until two in the night."""

ALWAYS = WorkingTime(
    zone=SHANGHAI,
    calendar=WorkingCalendar(weekdays=frozenset(range(7))),
    hours=WorkingHours(every=((time(0), time(0)),)),
)

AWAY = WorkingTime(zone=SHANGHAI, away=Away(date(2026, 3, 3), date(2026, 3, 5)))
"""Somebody away from Tuesday to Thursday."""

SUMMER = WorkingTime(zone=BERLIN, calendar=ALWAYS.calendar, hours=WorkingHours(every=((time(22), time(6)),)))
"""Nights of Berlin, where the clocks were put forward on 29 March 2026 at two."""


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=zone)


CASES = [
    (WEEK, "03-02T09:00", "8 working hours", "03-02T18:00"),
    (WEEK, "03-02T16:00", "4 working hours", "03-03T11:00"),
    (WEEK, "03-03T17:00", "2 working hours", "03-05T10:00"),  # over a holiday
    (WEEK, "03-06T17:30", "1 working hour", "03-09T09:30"),  # over a weekend
    (WEEK, "03-07T12:00", "8 working hours", "03-09T18:00"),
    (WEEK, "03-02T12:30", "1 working hour", "03-02T14:00"),
    (WEEK, "03-03T10:00", "1 working day", "03-05T10:00"),
    (WEEK, "03-07T12:00", "1 working day", "03-10T00:00"),  # begun on a Saturday: Monday, to its end
    (WEEK, "03-03T10:00", "3d", "03-06T10:00"),
    (WEEK, "03-03T10:00", "90min", "03-03T11:30"),
    (WEEK, "03-07T10:00", "0 working hours", "03-07T10:00"),
    (SHORT, "03-06T11:00", "1 working hour", "03-06T12:00"),
    (SHORT, "03-06T11:00", "2 working hours", "03-06T21:00"),
    (SHORT, "03-06T11:00", "5 working hours", "03-07T00:00"),
    (SHORT, "03-06T11:00", "7 working hours", "03-07T12:00"),
    (SHORT, "03-06T11:00", "8 working hours", "03-09T10:00"),
    (SHIFTS, "03-02T15:00", "3 working hours", "03-02T18:00"),  # what two shifts share counts once
    (SHIFTS, "03-03T01:00", "2 working hours", "03-03T09:00"),  # in a shift of the day before
    (SHIFTS, "03-07T01:00", "2 working hours", "03-09T09:00"),  # the night of Friday ends on a Saturday that is off
    (SHIFTS, "03-09T01:00", "1 working hour", "03-09T09:00"),  # no shift of Sunday's
    (ALWAYS, "03-07T12:00", "30 working hours", "03-08T18:00"),
    (AWAY, "03-02T17:00", "2 working hours", "03-06T10:00"),
    (AWAY, "03-02T10:00", "2 working days", "03-09T10:00"),
    (AWAY, "03-02T10:00", "1d", "03-06T10:00"),
    (AWAY, "03-04T10:00", "1h", "03-06T01:00"),
]


@pytest.mark.parametrize(("by", "start", "length", "end"), CASES)
def test_when_so_much_has_been_counted(by: WorkingTime, start: str, length: str, end: str) -> None:
    assert due_at(at(start), length, by) == at(end)


PAUSES = [
    ("8 working hours", [("03-02T10:00", "03-02T12:00")], "03-03T11:00"),
    ("8 working hours", [("03-02T12:00", "03-02T13:00")], "03-02T18:00"),  # nothing was worked then
    ("8 working hours", [("03-02T10:00", "03-02T11:30"), ("03-02T11:00", "03-02T12:00")], "03-03T11:00"),
    ("8 working hours", [("03-02T15:00", "03-03T10:00")], "03-03T14:00"),
    ("8 working hours", [("03-02T18:00", "03-09T10:00")], "03-02T18:00"),  # over before it
    ("2 working days", [("03-02T15:00", "03-03T15:00")], "03-06T09:00"),
    ("3d", [("03-02T15:00", "03-02T16:00"), ("03-08T00:00", "03-09T00:00")], "03-05T10:00"),
]


@pytest.mark.parametrize(("length", "pauses", "end"), PAUSES)
def test_pauses_do_not_count(length: str, pauses: list[tuple[str, str]], end: str) -> None:
    stopped = [(at(begins), at(ends)) for begins, ends in pauses]
    assert due_at(at("03-02T09:00"), length, WEEK, stopped) == at(end)
    said = length_of(length)
    assert counted_between(at("03-02T09:00"), at(end), said.counting, WEEK, stopped) == said.time


def test_nothing_is_counted_backwards() -> None:
    assert worked_between(at("03-03T09:00"), at("03-02T09:00"), WEEK) == timedelta()


def test_a_night_is_as_long_as_it_is() -> None:
    """Clocks that are put forward make a night of seven hours; a working day is a day all the same."""
    evening = at("03-28T22:00", BERLIN)
    assert due_at(evening, "7 working hours", SUMMER) == at("03-29T06:00", BERLIN)
    assert due_at(evening, "1 working day", SUMMER) == at("03-29T22:00", BERLIN)


def test_whoever_is_away_without_end_is_never_late() -> None:
    """What is waited for lies where the days that are looked at end."""
    gone = WorkingTime(zone=SHANGHAI, away=Away(date(2026, 3, 3)))
    for length in ("3 working hours", "1 working day", "1d"):
        assert due_at(at("03-02T17:00"), length, gone) == at("03-02T17:00") + timedelta(days=MOST_DAYS)
    assert worked_between(at("03-02T17:00"), at("12-31T00:00"), gone) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "by", "worked"),
    [
        ("03-02T09:00", WEEK, True),
        ("03-02T12:00", WEEK, False),
        ("03-04T09:00", WEEK, False),
        ("03-06T23:59", SHORT, True),
        ("03-07T00:00", SHORT, False),
        ("03-07T01:59", SHIFTS, True),
        ("03-07T08:00", SHIFTS, False),
        ("03-09T01:00", SHIFTS, False),
        ("03-03T09:00", AWAY, False),
    ],
)
def test_whether_a_moment_is_working_time(moment: str, by: WorkingTime, worked: bool) -> None:
    assert by.at_work(at(moment)) is worked


@pytest.mark.parametrize(
    ("text", "end"),
    [("75%", "03-02T16:00"), ("100%", "03-02T18:00"), ("150%", "03-03T14:00"), ("1h", "03-02T10:00")],
)
def test_a_share_of_a_target_is_counted_as_the_target_is(text: str, end: str) -> None:
    assert due_at(at("03-02T09:00"), length_of(text, length_of("8 working hours")), WEEK) == at(end)


def test_how_much_of_a_target_has_been_counted() -> None:
    target = length_of("8 working hours")
    assert [target.percent(timedelta(minutes=each)) for each in (0, 5, 359, 360, 480, 600)] == [0, 1, 74, 75, 100, 125]
    assert Length(timedelta()).percent(timedelta()) == 100


@pytest.mark.parametrize("text", ["75%", "-3d", "soon", "8 working weeks"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no length of time"):
        length_of(text)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda each: each.replace(tzinfo=UTC))
LENGTHS = st.sampled_from(["time", "working hours", "working days"]).flatmap(
    lambda counting: st.timedeltas(timedelta(), timedelta(days=20)).map(lambda time: Length(time, counting))
)
STOPS = st.lists(st.tuples(MOMENTS, st.timedeltas(timedelta(), timedelta(days=9))), max_size=3)


@given(st.sampled_from([WEEK, SHORT, SHIFTS, ALWAYS, AWAY]), MOMENTS, LENGTHS, STOPS, MOMENTS)
def test_when_and_how_much_undo_each_other(
    by: WorkingTime, start: datetime, length: Length, stops: list[tuple[datetime, timedelta]], between: datetime
) -> None:
    """So much is counted until it is due, nothing less does, and what is counted up to a moment and from it adds up."""
    pauses = [(begins, begins + lasting) for begins, lasting in stops]
    due = due_at(start, length, by, pauses)
    assert counted_between(start, due, length.counting, by, pauses) == length.time
    if length.time:
        before = due - timedelta(microseconds=1)
        assert counted_between(start, before, length.counting, by, pauses) < length.time
    parts = [(start, between), (between, due)] if start <= between <= due else [(start, due)]
    assert sum((counted_between(*each, length.counting, by, pauses) for each in parts), timedelta()) == length.time
