"""`x`: what every template may call to show a value in the reader's language and zone."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from dougong.base.field_types import Reading, Reference
from dougong.base.language import Labels, Message, label
from dougong.metadata.model import Field
from dougong.web.formats import Formats, formats

HUES = ("blue", "teal", "green", "yellow", "orange", "red", "pink", "violet")
_SPACES = re.compile(r"[\s·.]+")


@dataclass(frozen=True, slots=True)
class Context:
    """The functions of one request. Shapes: labels are mappings by language, instants aware datetimes."""

    language: str
    zone: tzinfo
    now: dt.datetime
    today: dt.date
    formats: Formats
    icon: Callable[..., Markup]
    queues: Mapping[str, Labels]
    """The labels of queues by the id of their user."""

    @classmethod
    def of(cls, reading: Reading, icon: Callable[..., Markup], queues: Mapping[str, Labels]) -> Context:
        """The context of a reader of a company with these `queues`."""
        own = formats(reading.language)
        return cls(reading.language, reading.zone, reading.now, reading.today, own, icon, queues)

    def label(self, labels: Labels | None, fallback: str = "") -> str:
        """A label of metadata in the reader's language."""
        return _label(self.language, labels, fallback)

    def noun(self, labels: Labels) -> str:
        """A label within a sentence."""
        return noun(labels, self.language)

    def text(self, message: Message | str) -> str:
        """A message in the reader's language; a plain text as it is."""
        return message.to(self.language) if isinstance(message, Message) else message

    def number(self, value: Decimal | int | float | None, scale: int | None = None) -> str:
        """A grouped number."""
        return self.formats.number(value, scale)

    def quantity(self, value: Decimal | int | None, scale: int) -> str:
        """A grouped number without zeros at the end of its decimals."""
        return self.formats.quantity(value, scale)

    def sum(self, field: Field, value: Decimal | int, scale: int) -> str:
        """A sum of a field's values: of money with all its decimals."""
        return self.number(value, scale) if field.type.money else self.quantity(value, scale)

    def percent(self, value: Decimal | None, scale: int = 0) -> str:
        """A ratio as a percentage."""
        return self.formats.percent(value, scale)

    def money(self, value: Decimal | None, currency: str | None = "", scale: int = 2) -> str:
        """An amount, after its currency where one is given."""
        return self.formats.money(value, currency or "", scale)

    def size(self, value: int | None) -> str:
        """Bytes in the unit that suits."""
        return self.formats.size(value)

    def date(self, value: dt.date | None) -> str:
        """A day in full."""
        return self.formats.date(value)

    def short(self, value: dt.date | dt.datetime | None) -> str:
        """A day without the year while it is this year's; of an instant, its day in the reader's zone."""
        day = value.astimezone(self.zone).date() if isinstance(value, dt.datetime) else value
        return self.formats.date(day, self.today)

    def time(self, value: dt.time | None) -> str:
        """A time of day."""
        return self.formats.time(value)

    def datetime(self, value: dt.datetime | None) -> str:
        """An instant in full, in the reader's zone."""
        return "" if value is None else self.formats.datetime(value.astimezone(self.zone))

    def local(self, value: dt.datetime) -> dt.datetime:
        """An instant in the reader's zone."""
        return value.astimezone(self.zone)

    def iso(self, value: dt.datetime | dt.date | None) -> str:
        """ISO 8601, for the `datetime` attribute."""
        return _iso(value)

    def relative(self, value: dt.datetime | dt.date | None) -> str:
        """How long ago or until."""
        if value is None:
            return ""
        if isinstance(value, dt.datetime):
            return self.formats.relative(value, self.now, self.zone)
        return self.formats.day(value, self.today)

    def duration(self, seconds: int | float | Decimal | None) -> str:
        """A length of time."""
        return "" if seconds is None else self.formats.duration(seconds)

    def url(self, reference: Reference) -> str:
        """The address of a record's page."""
        return record_url(reference.object, reference.id)

    def file_url(self, reference: Reference) -> str:
        """The address of a file's content."""
        return f"/file/{reference.id}"

    def initials(self, name: str) -> str:
        """What stands in a person's circle."""
        return initials(name)

    def hue(self, key: str) -> str:
        """The stable colour of a person or thing."""
        return hue(key)

    def person(self, reference: Reference) -> Markup:
        """A person: initials in their colour, name beside."""
        return person(reference.id, self.called(reference.id, reference.title))

    def called(self, record_id: str, name: str) -> str:
        """What a record of that name is called: a queue as its label says, as far as one may see the name at all."""
        return self.label(self.queues[record_id], name) if name and record_id in self.queues else name


def filters(language: str) -> Mapping[str, Callable[..., Any]]:
    """The functions of a `Context` that depend on the language alone, for cells: as filters they cost Jinja half."""
    said = formats(language)
    return MappingProxyType(
        {
            "label": functools.partial(_label, language),
            "number": said.number,
            "quantity": said.quantity,
            "date": said.date,
            "iso": _iso,
            "url": lambda reference: record_url(reference.object, reference.id),
            "person": lambda reference, x: person(reference.id, x.called(reference.id, reference.title)),
        }
    )


def _label(language: str, labels: Labels | None, fallback: str = "") -> str:
    return (labels.get(language) or label(labels, language, fallback)) if labels else fallback


def _iso(value: dt.datetime | dt.date | None) -> str:
    return "" if value is None else value.isoformat()


@functools.lru_cache(maxsize=4096)
def person(key: str, name: str) -> Markup:
    """A person's initials in the colour of `key`, and the name; few people stand in many rows."""
    circle = f'<span class="av" data-c="{hue(key)}" aria-hidden="true">{escape(initials(name))}</span>'
    return Markup(f'<span class="who">{circle}<span>{escape(name)}</span></span>')


def noun(labels: Labels, language: str) -> str:
    """A label as it stands within a sentence: English ones lose their capital unless they are abbreviations."""
    said = label(labels, language)
    return said[0].lower() + said[1:] if language == "en" and len(said) > 1 and said[1].islower() else said


def record_url(object_name: str, record_id: str) -> str:
    """The address of a record."""
    plain = record_id.replace("-", "").isalnum() and record_id.isascii()  # as all that the database gives are
    return f"/o/{object_name}/{record_id if plain else quote(record_id, safe='')}"


def hue(key: str) -> str:
    """One of the chip colours, the same for the same key in every process."""
    return HUES[zlib.crc32(key.encode()) % len(HUES)]


def initials(name: str) -> str:
    """The first letters of two words, or the first character of a name without spaces (Chinese: the surname)."""
    words = [word for word in _SPACES.split(name) if word]
    if not words:
        return "?"
    if ord(words[0][0]) > 0x2E7F:
        return words[0][0]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
