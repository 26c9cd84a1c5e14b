"""Values as people read them: what CLDR says, and our own words for how long ago."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from dougong.web.context import hue, initials
from dougong.web.formats import formats

NUMBERS = st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("language", "locale"), [("en", "en"), ("zh-CN", "zh_CN")])
@given(value=NUMBERS)
def test_numbers_are_grouped_as_babel_groups_them(language: str, locale: str, value: Decimal) -> None:
    if value != 0:  # babel says -0.00 of a negative zero; nobody stores one
        assert formats(language).number(value, 2) == format_decimal(value, "#,##0.00", locale=locale)


@pytest.mark.parametrize(
    ("language", "day", "said"),
    [
        ("en", date(2026, 11, 24), "24 Nov"),
        ("en", date(2025, 2, 3), "3 Feb 2025"),
        ("zh-CN", date(2026, 11, 24), "11月24日"),
        ("zh-CN", date(2025, 2, 3), "2025-02-03"),
    ],
)
def test_days_leave_out_this_year(language: str, day: date, said: str) -> None:
    assert formats(language).date(day, today=date(2026, 11, 22)) == said


NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # noon in Shanghai


@pytest.mark.parametrize(
    ("ago", "english", "chinese"),
    [
        (timedelta(seconds=5), "just now", "刚刚"),
        (timedelta(minutes=1), "1 minute ago", "1 分钟前"),
        (timedelta(minutes=50), "50 minutes ago", "50 分钟前"),
        (timedelta(hours=2), "2 hours ago", "2 小时前"),
        (timedelta(hours=13), "yesterday 23:00", "昨天 23:00"),
        (timedelta(days=5), "5 days ago", "5 天前"),
        (timedelta(days=200), "6 May", "5月6日"),
        (timedelta(days=-1), "tomorrow 12:00", "明天 12:00"),
    ],
)
def test_moments_are_said_from_now(ago: timedelta, english: str, chinese: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert formats("en").relative(NOW - ago, NOW, zone) == english
    assert formats("zh-CN").relative(NOW - ago, NOW, zone) == chinese


@pytest.mark.parametrize(
    ("name", "said"),
    [("王一帆", "王"), ("Sarah Whitfield", "SW"), ("Li", "L"), ("", "?"), ("Dr. Anneliese Krämer", "DK")],
)
def test_initials(name: str, said: str) -> None:
    assert initials(name) == said


@given(key=st.text())
def test_a_person_keeps_their_colour(key: str) -> None:
    assert hue(key) == hue(key)
