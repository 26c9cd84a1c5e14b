"""The lunar date beside a day: what is shown is read back as the day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.engine.fields.lunar import lunar_text, read_lunar
from tests.engine.fields.cases import CASES


@given(st.dates(date(1900, 1, 31), date(2100, 12, 31)), st.sampled_from(["en", "zh-CN"]))
def test_what_is_shown_is_read_back(day: date, language: str) -> None:
    """Law: over all the years that the calendar knows, in both languages."""
    assert read_lunar(lunar_text(day, language)) == day


@pytest.mark.parametrize(
    ("day", "shown"),
    (
        (date(2026, 2, 17), "农历2026年正月初一"),
        (date(2025, 7, 25), "农历2025年闰六月初一"),
        (date(2025, 1, 28), "农历2024年腊月廿九"),
    ),
)
def test_known_days(day: date, shown: str) -> None:
    """New Year's day, a leap month, New Year's eve."""
    assert lunar_text(day, "zh-CN") == shown


def test_days_outside_of_the_calendar_have_no_lunar_date() -> None:
    assert lunar_text(date(1850, 1, 1), "en") == lunar_text(date(2150, 1, 1), "zh-CN") == ""


def test_a_field_shows_it_where_it_asks_for_it() -> None:
    """Not of a birthday whose year nobody knows."""
    lunar = next(case for case in CASES if case.id == "date_lunar").field
    plain = next(case for case in CASES if case.id == "date").field
    day = date(1990, 5, 12)
    assert lunar.type.lunar(lunar, day, "en") == "lunar 1990-4-18"  # type: ignore[attr-defined]
    assert lunar.type.lunar(lunar, day.replace(year=1604), "en") == ""  # type: ignore[attr-defined]
    assert plain.type.lunar(plain, day, "en") == ""  # type: ignore[attr-defined]
