"""Numbers that the system gives: HT-{YYYY}{MM}-{department.code}-{0001}.

| in braces | means |
|---|---|
| `YYYY`, `YY`, `MM`, `DD` | the day of assignment in the company's zone |
| `0001` | the counter, with at least as many digits; the number written is where it starts |
| a field path | the value of the record, as text |

A counter runs per field, period (`reset`) and values of the pattern's fields, so that each department counts its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import Text

from dougong.base.field_types import FIELD_TYPES, FieldLike, Part, Reading
from dougong.base.language import Message, msg
from dougong.engine.fields.text import TextLike, check_length, clean_text

_TOKEN = re.compile(r"\{([^{}]*)\}")
_COUNTER = re.compile(r"\d{1,12}")
_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){0,4}")
_DATES: Mapping[str, str] = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d"}
_PERIODS: Mapping[str, tuple[str, ...]] = {
    "never": (),
    "year": ("%Y",),
    "month": ("%Y", "%m"),
    "day": ("%Y", "%m", "%d"),
}
_PERIOD_NAMES: Mapping[str, Message] = {"year": msg("year"), "month": msg("month"), "day": msg("day")}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern taken apart: texts, and tokens as (kind, text) with kind "date", "counter" or "path"."""

    pieces: tuple[tuple[str, str], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The field paths whose values go into the number."""
        return tuple(text for kind, text in self.pieces if kind == "path")

    @property
    def width(self) -> int:
        """The least digits of the counter."""
        return next(len(text) for kind, text in self.pieces if kind == "counter")

    @property
    def start(self) -> int:
        """The counter's first value."""
        return next(int(text) for kind, text in self.pieces if kind == "counter")

    def write(self, counter: int, day: date, value: Callable[[str], str]) -> str:
        """The number for `counter` on `day`; `value` gives the text of a field path."""
        return "".join(self._piece(kind, text, counter, day, value) for kind, text in self.pieces)

    def _piece(self, kind: str, text: str, counter: int, day: date, value: Callable[[str], str]) -> str:
        match kind:
            case "date":
                return f"{day.year:04d}"[-len(text) :] if text[0] == "Y" else day.strftime(_DATES[text])
            case "counter":
                return str(counter).zfill(len(text))
            case "path":
                return value(text)
            case _:
                return text


@functools.lru_cache(maxsize=1024)
def parse_pattern(text: str) -> Pattern:
    """The pattern that `text` says.

    Raises:
        ValueError: it says none; `pattern_problems` has the reasons.
    """
    problems = pattern_problems(text)
    if problems:
        raise ValueError("; ".join(map(str, problems)))
    return Pattern(tuple(_pieces(text)))


def _pieces(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            found.append(("text", text[end : token.start()]))
        found.append((_kind(token[1]), token[1]))
        end = token.end()
    return [*found, ("text", text[end:])] if end < len(text) else found


def _kind(token: str) -> str:
    if token in _DATES:
        return "date"
    if _COUNTER.fullmatch(token):
        return "counter"
    return "path" if _PATH.fullmatch(token) else "wrong"


def pattern_problems(text: str, reset: str = "never") -> list[Message]:
    """What is wrong with a pattern; empty when nothing is.

    A counter that starts anew each month needs year and month in the number, or numbers would repeat.
    """
    problems: list[Message] = []
    pieces = _pieces(text)
    for kind, piece in pieces:
        if kind == "wrong" or (kind == "text" and ("{" in piece or "}" in piece)):
            problems.append(msg("The pattern has “{piece}”, which means nothing.", piece=piece))
    if sum(kind == "counter" for kind, _ in pieces) != 1:
        problems.append(msg("The pattern needs exactly one counter, such as {example}.", example="{0001}"))
    present = {_DATES[piece].replace("%y", "%Y") for kind, piece in pieces if kind == "date"}
    if not present.issuperset(_PERIODS.get(reset, ())):
        problems.append(
            msg(
                "The counter starts anew each {period}, but the pattern does not name it: numbers would repeat.",
                period=_PERIOD_NAMES[reset],
            )
        )
    return problems


def counter_scope(field: FieldLike, pattern: Pattern, day: date, value: Callable[[str], str]) -> str:
    """Which counter gives the next number: the key under which it is kept, without the field itself."""
    period = "".join(day.strftime(each) for each in _PERIODS[field.options.get("reset") or "never"])
    return "|".join((period, *(value(path) for path in pattern.paths)))


@FIELD_TYPES.register
class AutoNumberType(TextLike):
    """A running number. Saving assigns it, on creation or when the document takes effect; nobody types it."""

    name = "auto_number"
    writable = False
    required_keys = ("pattern",)
    keys: ClassVar[Mapping[str, Any]] = {
        "pattern": {"type": "string", "minLength": 3, "maxLength": 120},
        "reset": {"enum": list(_PERIODS), "default": "never"},
        "by_record_type": {
            "type": "object",
            "additionalProperties": {"type": "string", "minLength": 3, "maxLength": 120},
        },
        "assign": {"enum": ["create", "effective"], "default": "create"},
    }

    def parts(self, field: FieldLike) -> tuple[Part, ...]:
        """One column of text."""
        return (Part("", Text()),)

    def pattern(self, field: FieldLike, record_type: str | None = None) -> Pattern:
        """The pattern for records of `record_type`."""
        own = (field.options.get("by_record_type") or {}).get(record_type)
        return parse_pattern(own or field.options["pattern"])

    def coerce(self, field: FieldLike, value: Any, reading: Reading) -> str | None:
        """The number as text: imports bring numbers that another system gave."""
        text = clean_text(value)
        if text is None:
            return None
        text = text.strip()
        check_length(text, 200)
        return text
