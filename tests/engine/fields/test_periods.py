"""Named periods: what stretch of days each means on a Sunday, the last day of its week."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.base.language import LANGUAGES
from dougong.engine.fields.periods import NAMED, NUMBERED, period, period_label

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-11-22", "2026-11-22"),
        ("yesterday", "2026-11-21", "2026-11-21"),
        ("tomorrow", "2026-11-23", "2026-11-23"),
        ("this_week", "2026-11-16", "2026-11-22"),
        ("last_week", "2026-11-09", "2026-11-15"),
        ("next_week", "2026-11-23", "2026-11-29"),
        ("this_month", "2026-11-01", "2026-11-30"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("next_month", "2026-12-01", "2026-12-31"),
        ("this_quarter", "2026-10-01", "2026-12-31"),
        ("last_quarter", "2026-07-01", "2026-09-30"),
        ("next_quarter", "2027-01-01", "2027-03-31"),
        ("this_year", "2026-01-01", "2026-12-31"),
        ("last_year", "2025-01-01", "2025-12-31"),
        ("next_year", "2027-01-01", "2027-12-31"),
        ("last_n_days:30", "2026-10-23", "2026-11-22"),
        ("next_n_days:7", "2026-11-23", "2026-11-29"),
        ("last_n_weeks:2", "2026-11-02", "2026-11-15"),
        ("next_n_months:2", "2026-12-01", "2027-01-31"),
        ("last_n_quarters:1", "2026-07-01", "2026-09-30"),
        ("n_days_ago:3", "2026-11-19", "2026-11-19"),
        ("n_weeks_ahead:1", "2026-11-23", "2026-11-29"),
        ("n_months_ago:12", "2025-11-01", "2025-11-30"),
        ("n_years_ago:1", "2025-01-01", "2025-12-31"),
    ],
)
def test_period(name: str, first: str, last: str) -> None:
    """From the first day to the last, both included."""
    found = period(name, SUNDAY)
    assert found == (date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1))


@pytest.mark.parametrize("name", ["someday", "last_n_days", "last_n_days:x", "last_n_days:99999", "next_n_eons:2", ""])
def test_unknown_period(name: str) -> None:
    """What is no period is none."""
    assert period(name, SUNDAY) is None


@given(st.dates(), st.sampled_from([*NAMED, *(f"{stem}:{n}" for stem in NUMBERED for n in (0, 1, 13, 9999))]))
def test_periods_never_break(today: date, name: str) -> None:
    """Every name works on every day of the calendar, and never runs backwards."""
    found = period(name, today)
    assert found is not None
    assert found[0] <= found[1]


@pytest.mark.parametrize("name", [*NAMED, *(f"{stem}:3" for stem in NUMBERED)])
def test_periods_have_names_in_every_language(name: str) -> None:
    """What people read, different in each language, the number in it."""
    label = period_label(name)
    assert label is not None
    said = {label.to(language) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)
    assert all(("3" in text) == (":" in name) for text in said)
