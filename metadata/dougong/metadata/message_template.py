"""Templates of messages, as the compiled model has them: texts by language with places for what a record holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dougong.base.language import Labels
from dougong.formulas import Formula
from dougong.metadata.fill import PLACE

MERGE = re.compile(r"\{([^{}]*)\}")
"""A place in a text: ``{account.name}``, or ``{= formula}``."""

FORMULA = "="
"""What a place begins with that holds a formula."""

TEXTS = ("subject", "body")
"""The texts of a template, and of what a way of telling says otherwise."""

WAYS = ("mail", "bot")
"""Ways of telling that may say something else."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A place in a text: the path of a field, or a formula."""

    path: str = ""
    formula: Formula | None = None
    source: str = ""
    """The formula as it is written."""


Text = tuple[str | Merge, ...]
"""A text in one language: what stands there, and places."""

Texts = Mapping[str, Text]
"""By language."""

_NOTHING: Texts = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A subject and a body by language; an empty one means that of the template."""

    subject: Texts = field(default_factory=lambda: _NOTHING)
    body: Texts = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """What people are told of a record of `object`; `ways` are what mail and bots say otherwise (a mail in HTML)."""

    name: str
    object: str
    label: Labels
    said: Wording
    ways: Mapping[str, Wording]

    def merges(self) -> Iterator[Merge]:
        """Every place of every text."""
        for wording in (self.said, *self.ways.values()):
            for texts in (wording.subject, wording.body):
                for text in texts.values():
                    yield from (each for each in text if isinstance(each, Merge))


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it is written: between which characters of the text, and what stands between the brackets."""

    start: int
    end: int
    inside: str

    @property
    def formula(self) -> str | None:
        """The formula; None where it is a path or nothing that is known."""
        return self.inside[len(FORMULA) :] if self.inside.startswith(FORMULA) else None

    @property
    def path(self) -> str | None:
        """The path of a field; None where it is none."""
        return self.inside if PLACE.fullmatch(f"{{{self.inside}}}") else None


def places_in(text: str) -> Iterator[Place]:
    """The places of a text, in order."""
    for found in MERGE.finditer(text):
        yield Place(found.start(1), found.end(1), found[1])


def texts_of(body: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a document with the keys that lead to it: ``("mail", "body", "en")``."""
    for way in ((), *((each,) for each in WAYS)):
        wording = body.get(way[0], {}) if way else body
        for key in TEXTS:
            for language, text in wording.get(key, {}).items():
                yield (*way, key, language), text
