"""Dates and times out of what people type and files hold, in Chinese, English and ISO 8601.

What could mean two days is refused unless `Reading.date_order` decides it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from dougong.base.field_types import Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.operators import clip

YEARS = (1000, 9998)
"""The years that a date may lie in: what both databases, all zones and four-digit texts can say."""

_EXCEL_EPOCH = date(1899, 12, 30)
_WORDS: Mapping[str, int] = {
    "today": 0, "tomorrow": 1, "yesterday": -1, "今天": 0, "明天": 1, "后天": 2, "昨天": -1, "前天": -2,
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CHINESE = re.compile(r"(?:(\d{4}|\d{2})年)?(\d{1,2})月(\d{1,2})[日号]?", re.ASCII)
_CHINESE_MONTH = re.compile(r"(\d{4})年(\d{1,2})月?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([-/. ])(\d{1,2})\2(\d{1,2})\.?", re.ASCII)
_THREE = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_MONTH_ONLY = re.compile(r"(\d{4})[-/.](\d{1,2})", re.ASCII)
_DAY_FIRST_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[- ]?([a-z]{3,9})\.?,?[- ]?(\d{4}|\d{2})", re.ASCII)
_NAME_FIRST = re.compile(r"([a-z]{3,9})\.? ?(\d{1,2})(?:st|nd|rd|th)?,? ?(\d{4})", re.ASCII)
_TIME = re.compile(
    r"(?P<before>凌晨|早上|上午|中午|下午|傍晚|晚上|am|pm)?\s*(?P<hour>\d{1,2})"
    r"(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"|[时点](?:(?P<half>半)|(?P<minute2>\d{1,2})分?(?:(?P<second2>\d{1,2})秒)?)?|(?=\s*[ap]\.?m))"
    r"\s*(?P<after>[ap]\.?m\.?)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2}){0,2})?$",
    re.ASCII,
)
_LATE = frozenset({"下午", "傍晚", "晚上", "pm"})


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().lower()


def check_year(day: date, typed: object) -> date:
    """`day`, if its year is one of `YEARS`.

    Raises:
        ValueRefused: it is not.
    """
    if YEARS[0] <= day.year <= YEARS[1]:
        return day
    raise ValueRefused(
        "year-out-of-range",
        msg("The year of “{value}” is out of range.", value=clip(typed)),
        msg("Write a year from {first} to {last}.", first=YEARS[0], last=YEARS[1]),
    )


def read_day(typed: str, reading: Reading) -> date | None:
    """The day that a text says; None for blank.

    Raises:
        ValueRefused: it says none, or could mean two.
    """
    text = _plain(typed)
    if not text:
        return None
    try:
        found = date.fromisoformat(text) if _ISO.fullmatch(text) else _day(text, reading)
    except ValueError:
        found = None
    if found is None:
        found = _day_of_moment(text, reading)
    if found is None:
        raise ValueRefused(
            "value-not-date",
            msg("“{value}” is not a date.", value=clip(typed)),
            msg("Write it as {example}.", example=reading.today.isoformat()),
        )
    return check_year(found, typed)


def _day(text: str, reading: Reading) -> date | None:
    """The day, None where the text has no known form; ValueError where there is no such day."""
    if text in _WORDS:
        return reading.today + timedelta(days=_WORDS[text])
    if found := _CHINESE.fullmatch(text.replace(" ", "")):
        return date(_year(found[1]) if found[1] else reading.today.year, int(found[2]), int(found[3]))
    if found := _YEAR_FIRST.fullmatch(text):
        return date(int(found[1]), int(found[3]), int(found[4]))
    if found := _THREE.fullmatch(text):
        return _ordered(found, reading, text)
    if found := _DAY_FIRST_NAME.fullmatch(text):
        return date(_year(found[3]), _month(found[2]), int(found[1]))
    if found := _NAME_FIRST.fullmatch(text):
        return date(int(found[3]), _month(found[1]), int(found[2]))
    if found := _CHINESE_MONTH.fullmatch(text.replace(" ", "")) or _MONTH_ONLY.fullmatch(text):
        return date(int(found[1]), int(found[2]), 1)
    if len(text) == 5 and text.isdecimal():
        return excel_day(int(text))
    return date.fromisoformat(text) if len(text) == 8 and text.isdecimal() else None


def excel_day(serial: float) -> date | None:
    """The day that a spreadsheet's serial number means; None for numbers outside 1954 to 2119."""
    return _EXCEL_EPOCH + timedelta(days=int(serial)) if 20_000 <= serial < 80_500 else None


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 69 else 1900)


def _month(name: str) -> int:
    if name[:3] not in _MONTHS:
        raise ValueError(name)
    return _MONTHS.index(name[:3]) + 1


def _ordered(found: re.Match[str], reading: Reading, text: str) -> date:
    """Three numbers: the stated order decides; with the year stated first, only what has one meaning passes."""
    first, second, last = int(found[1]), int(found[3]), found[4]
    order = reading.date_order
    if order == "ymd" and len(last) == 2:
        return date(_year(found[1].zfill(2)), second, int(last))
    if order in ("dmy", "mdy"):
        month, day = (second, first) if order == "dmy" else (first, second)
        return date(_year(last), month, day)
    if first <= 12 and second <= 12 and first != second:
        raise ValueRefused(
            "date-ambiguous",
            msg("“{value}” can mean two days.", value=clip(text)),
            msg("Write the year first, for example {example}.", example=reading.today.isoformat()),
        )
    month, day = (second, first) if first > 12 else (first, second)
    return date(_year(last), month, day)


def _day_of_moment(text: str, reading: Reading) -> date | None:
    """The day of a text with a time behind the date, as spreadsheets write them."""
    try:
        moment = _moment(text, reading)
    except ValueError:
        return None
    return moment.astimezone(reading.zone).date() if moment else None


def read_moment(typed: str, reading: Reading) -> datetime | None:
    """The point in time that a text says, in UTC; without an offset it is a time of the reader's zone.

    A date alone is the beginning of that day.

    Raises:
        ValueRefused: it says none.
    """
    text = _plain(typed)
    if not text:
        return None
    try:
        found = _moment(text, reading)
        if found is None:
            day = _day(text, reading)
            found = None if day is None else local_moment(check_year(day, typed), time(), reading)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise ValueRefused(
            "value-not-datetime",
            msg("“{value}” is not a date and time.", value=clip(typed)),
            msg("Write it as {example}.", example=f"{reading.today.isoformat()} 09:30"),
        )
    check_year(found, typed)
    return found


def local_moment(day: date, clock: time, reading: Reading) -> datetime:
    """A day and time of the reader's zone as a point in time in UTC."""
    return datetime.combine(day, clock, reading.zone).astimezone(UTC)


def _moment(text: str, reading: Reading) -> datetime | None:
    found = _TIME.search(text)
    if not found or not found.start():
        return None
    day = _day(text[: found.start()].rstrip(" t,"), reading)
    if day is None:
        return None
    check_year(day, text)
    clock = _clock(found)
    if found["zone"] is None:
        return local_moment(day, clock, reading)
    zone = "+00:00" if found["zone"] in ("z", "utc", "gmt") else found["zone"]
    return datetime.fromisoformat(f"{day.isoformat()}T{clock.isoformat()}{zone}").astimezone(UTC)


def read_clock(typed: str) -> time | None:
    """The time of day that a text says; None for blank.

    Raises:
        ValueRefused: it says none.
    """
    text = _plain(typed)
    if not text:
        return None
    found = _TIME.fullmatch(text)
    try:
        if found and found["zone"] is None:
            return _clock(found)
    except ValueError:
        pass
    raise ValueRefused(
        "value-not-time", msg("“{value}” is not a time of day.", value=clip(typed)), msg("Write it as 09:30.")
    )


def _clock(found: re.Match[str]) -> time:
    hour = int(found["hour"])
    mark = found["before"] or (found["after"] or "").replace(".", "")
    if mark in _LATE and hour < 12:
        hour += 12
    elif mark in ("am", "凌晨") and hour == 12:
        hour = 0
    minute = 30 if found["half"] else int(found["minute"] or found["minute2"] or 0)
    second = int(found["second"] or found["second2"] or 0)
    return time(hour, minute, second, int((found["part"] or "").ljust(6, "0")[:6]))
