"""Days of the Chinese lunar calendar, written and read: 农历1990年四月十八, lunar 1990-4-18 (闰, leap: a leap month).

The calendar itself comes from a library; it knows the years 1900 to 2100.
"""

from __future__ import annotations

import re
from datetime import date

from borax.calendars.lunardate import LunarDate, TextUtils

from dougong.base.field_types import ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.operators import clip

_MONTHS = {TextUtils.month_cn(month): month for month in range(1, 13)} | {"一": 1, "正": 1, "十一": 11, "十二": 12}
_DAYS = {TextUtils.day_cn(day): day for day in range(1, 31)}
_TEXT = re.compile(
    r"(?:农历|阴历|lunar)\s*(\d{4})\s*[年/-]\s*(闰|leap\s*)?([^\s月/-]+)\s*[月/-]\s*([^\s日号]+)[日号]?", re.IGNORECASE
)


def lunar_text(day: date, language: str) -> str:
    """The lunar day that `day` is, as people write it; "" outside of the years that the calendar knows."""
    try:
        found = LunarDate.from_solar(day)
    except ValueError:
        return ""
    if language.startswith("zh"):
        return f"农历{found.year}年{'闰' if found.leap else ''}{found.cn_month}月{found.cn_day}"
    return f"lunar {found.year}-{'leap ' if found.leap else ''}{found.month}-{found.day}"


def read_lunar(text: str) -> date | None:
    """The day that a lunar date names; None where `text` is no lunar date.

    Raises:
        ValueRefused: there is no such day in the lunar calendar.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        return None
    year, leap, month, day = found.groups()
    try:
        known: date = LunarDate(
            int(year), _number(month, _MONTHS), _number(day, _DAYS), int(bool(leap))
        ).to_solar_date()
        return known
    except ValueError as error:
        raise ValueRefused(
            "value-not-lunar",
            msg("“{value}” is no day of the lunar calendar.", value=clip(text)),
            msg("Write it as 农历1990年四月十八 or lunar 1990-4-18; the years 1900 to 2100 are known."),
        ) from error


def _number(text: str, words: dict[str, int]) -> int:
    """The number of a month or day, in digits or words.

    Raises:
        ValueError: it is neither.
    """
    return words[text] if text in words else int(text)
