"""Values as people read them: numbers, money, dates and times by language and zone. No HTML here.

Patterns come from CLDR through babel once per language; each value is then formatted by hand, because a list page
shows hundreds. A test holds every function against babel.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from types import MappingProxyType

from babel import Locale

from dougong.base.language import Message, msg

_WORDS: Mapping[int, Message] = MappingProxyType({0: msg("today"), 1: msg("yesterday"), -1: msg("tomorrow")})
"""What people call the days around today, by days gone since."""


@dataclass(frozen=True)
class Formats:
    """How one language writes values. Shared by all requests; instants are given in the reader's zone."""

    language: str

    @functools.cached_property
    def _months(self) -> tuple[str, ...]:
        names = Locale.parse(self.language, sep="-").months["format"]["abbreviated"]
        return tuple(names[month] for month in range(1, 13))

    def say(self, message: Message) -> str:
        """A message in this language."""
        return message.to(self.language)

    def number(self, value: Decimal | int | float | None, scale: int | None = None) -> str:
        """Grouped in threes, with exactly `scale` decimals where given; "" for None."""
        if value is None:
            return ""
        if scale is not None:
            return f"{value:,.{scale}f}"
        return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"

    def quantity(self, value: Decimal | int | None, scale: int) -> str:
        """Grouped, with at most `scale` decimals and no zeros at their end: 19.000 is 19."""
        text = self.number(value, scale)
        return text.rstrip("0").rstrip(".") if "." in text else text

    def percent(self, value: Decimal | None, scale: int = 0) -> str:
        """A ratio (0.8) as a percentage (80%)."""
        return "" if value is None else f"{value * 100:,.{scale}f}%"

    def money(self, value: Decimal | None, currency: str = "", scale: int = 2) -> str:
        """The amount after its ISO code, where a code is given: ``CNY 1,286,000.00``."""
        if value is None:
            return ""
        return f"{currency} {value:,.{scale}f}" if currency else f"{value:,.{scale}f}"

    def size(self, value: int | None) -> str:
        """Bytes in the unit that suits: ``812 B``, ``34.5 KB``, ``2.0 MB`` (of 1,024 each)."""
        if value is None:
            return ""
        if value < 1024:
            return f"{value} B"
        return f"{value / 1024:,.1f} KB" if value < 1 << 20 else f"{value / (1 << 20):,.1f} MB"

    def date(self, value: dt.date | None, today: dt.date | None = None) -> str:
        """A day; without its year where `today` is given and falls in the same one."""
        if value is None:
            return ""
        same_year = today is not None and value.year == today.year
        if self.language.startswith("zh"):
            return f"{value.month}月{value.day}日" if same_year else f"{value:%Y-%m-%d}"
        short = f"{value.day} {self._months[value.month - 1]}"
        return short if same_year else f"{short} {value.year}"

    def time(self, value: dt.time | None) -> str:
        """Hours and minutes, 24-hour."""
        return "" if value is None else f"{value:%H:%M}"

    def datetime(self, value: dt.datetime | None, today: dt.date | None = None) -> str:
        """dt.date and time of an instant that is already in the reader's zone."""
        return "" if value is None else f"{self.date(value.date(), today)} {value:%H:%M}"

    def relative(self, value: dt.datetime, now: dt.datetime, zone: tzinfo) -> str:
        """How long ago (or until) an instant is: minutes and hours today, then days, then the date."""
        seconds = (now - value).total_seconds()
        if 0 <= seconds < 45:
            return self.say(msg("just now"))
        local, today = value.astimezone(zone), now.astimezone(zone).date()
        if seconds >= 0 and local.date() == today:
            minutes = max(1, round(seconds / 60))
            if minutes < 60:
                return self.say(msg("{n} minute ago", "{n} minutes ago", n=minutes))
            return self.say(msg("{n} hour ago", "{n} hours ago", n=round(minutes / 60)))
        return self.day(local.date(), today, at=local.time() if abs(seconds) < 172800 else None)

    def day(self, value: dt.date, today: dt.date, at: dt.time | None = None) -> str:
        """A day as said from `today`: today, yesterday, tomorrow, a few days ago, else the date."""
        gap = (today - value).days
        if gap in _WORDS:
            said = self.say(_WORDS[gap])
            return f"{said} {self.time(at)}" if at is not None else said
        if 1 < gap <= 30:
            return self.say(msg("{n} day ago", "{n} days ago", n=gap))
        return self.date(value, today)

    def duration(self, seconds: int | float | Decimal) -> str:
        """A length of time in its two largest units."""
        minutes = round(float(seconds) / 60)
        hours, minutes = divmod(minutes, 60)
        parts = []
        if hours:
            parts.append(self.say(msg("{n} h", n=hours)))
        if minutes or not hours:
            parts.append(self.say(msg("{n} min", n=minutes)))
        return " ".join(parts)


def days_between(earlier: dt.datetime, later: dt.datetime, zone: tzinfo) -> int:
    """Whole calendar days from one instant to another as the reader's calendar counts them."""
    return (later.astimezone(zone).date() - earlier.astimezone(zone).date()).days


@functools.cache
def formats(language: str) -> Formats:
    """The one `Formats` of a language."""
    return Formats(language)
