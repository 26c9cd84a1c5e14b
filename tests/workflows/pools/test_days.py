"""When a record is due: days that count, and what a warning is good for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.formulas import MONDAY_TO_FRIDAY
from dougong.workflows.away import NEVER, Away
from dougong.workflows.pools.days import due_on, verdict

D = date.fromisoformat


@pytest.mark.parametrize(
    ("start", "days", "count", "away", "not_before", "expected"),
    [
        ("2026-03-02", 30, "all", NEVER, None, "2026-04-01"),
        ("2026-03-02", 5, "working", NEVER, None, "2026-03-09"),
        ("2026-03-06", 1, "working", NEVER, None, "2026-03-09"),
        ("2026-03-02", 30, "all", Away(D("2026-03-10"), D("2026-03-19")), None, "2026-04-11"),
        ("2026-03-02", 5, "working", Away(D("2026-03-04"), D("2026-03-05")), None, "2026-03-11"),
        ("2026-03-02", 3, "all", Away(D("2026-03-20"), None), None, "2026-03-05"),
        ("2026-03-02", 30, "all", Away(D("2026-03-20"), None), None, None),
        ("2026-03-02", 3, "all", NEVER, "2026-03-20", "2026-03-20"),
        ("2026-03-02", 3, "all", Away(D("2026-03-18"), D("2026-03-22")), "2026-03-20", "2026-03-23"),
    ],
)
def test_due_on(start: str, days: int, count: str, away: Away, not_before: str | None, expected: str | None) -> None:
    """Each kind of day, absence, and protection."""
    found = due_on(D(start), days, count, MONDAY_TO_FRIDAY, away, D(not_before) if not_before else None)
    assert (found.isoformat() if found else None) == expected


@given(st.integers(1, 400), st.integers(0, 60), st.integers(0, 60), st.sampled_from(["all", "working"]))
def test_absence_never_brings_the_day_nearer(days: int, begins: int, length: int, count: str) -> None:
    """Whoever is away loses nothing earlier, and nothing on a day of their absence."""
    start = D("2026-01-01")
    away = Away(start + timedelta(days=begins), start + timedelta(days=begins + length))
    here, gone = (due_on(start, days, count, MONDAY_TO_FRIDAY, each) for each in (NEVER, away))
    assert here is not None
    assert gone is not None
    assert gone >= here
    assert not away.on(gone)


@pytest.mark.parametrize(
    ("today", "due", "warn", "warned", "expected"),
    [
        ("2026-03-09", "2026-03-10", 0, None, "later"),
        ("2026-03-10", "2026-03-10", 0, None, "take"),
        ("2026-03-06", "2026-03-10", 3, None, "later"),
        ("2026-03-07", "2026-03-10", 3, None, "warn"),
        ("2026-04-20", "2026-03-10", 3, None, "warn"),
        ("2026-03-08", "2026-03-10", 3, ("2026-03-10", "2026-03-10"), "warned"),
        ("2026-03-10", "2026-03-10", 3, ("2026-03-10", "2026-03-10"), "take"),
        ("2026-04-22", "2026-03-10", 3, ("2026-03-10", "2026-04-23"), "warned"),
        ("2026-04-23", "2026-03-10", 3, ("2026-03-10", "2026-04-23"), "take"),
        ("2026-04-23", "2026-05-10", 3, ("2026-03-10", "2026-04-23"), "later"),
        ("2026-05-07", "2026-05-10", 3, ("2026-03-10", "2026-04-23"), "warn"),
    ],
)
def test_nothing_is_taken_that_was_not_warned_of_in_time(
    today: str, due: str, warn: int, warned: tuple[str, str] | None, expected: str
) -> None:
    """A warning for an earlier day than the present one is no warning; a late one moves the day."""
    known = (D(warned[0]), D(warned[1])) if warned else (None, None)
    assert verdict(D(today), D(due), warn, *known) == expected
