"""Languages: message catalogs, labels in metadata, and which language a reader gets.

The English text is the key of a message; other languages come from the `.po` files of the theme room
(`dougong/themes/locale/<language>/*.po`, one file per room that speaks), read as they are: no build step.
Placeholders are named and in braces: ``"{count} records"``.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from babel.messages.pofile import read_po

LANGUAGES = ("en", "zh-CN")
"""The languages that are complete, as BCP 47 tags; the first is the source and the last resort."""

Labels = Mapping[str, str]
"""A text of metadata by language tag: ``{"en": "Stage", "zh-CN": "销售阶段"}``."""

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@functools.cache
def catalog(language: str) -> Mapping[str, str | tuple[str, ...]]:
    """Every translated message of `language`; plural ones as a tuple of forms. Empty for English."""
    found: dict[str, str | tuple[str, ...]] = {}
    folder = importlib.resources.files("dougong.themes") / "locale" / language.replace("-", "_")
    if not folder.is_dir():
        return MappingProxyType(found)
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".po"):
            continue
        with entry.open("rb") as file:
            for message in read_po(file):
                if not message.id or message.fuzzy or not message.string:
                    continue
                key = message.id if isinstance(message.id, str) else message.id[0]
                text = message.string
                if text if isinstance(text, str) else all(text):
                    found[key] = text if isinstance(text, str) else tuple(text)
    return MappingProxyType(found)


def translate(language: str, text: str, plural: str | None = None, /, **values: Any) -> str:
    """`text` in `language` with its placeholders filled.

    With `plural`, ``values["n"]`` chooses the form. A value that is itself a `Message` or a mapping of
    labels is translated too.
    """
    found = catalog(language).get(text)
    if found is None:
        chosen = text if plural is None or values.get("n") == 1 else plural
    elif isinstance(found, tuple):
        chosen = found[min(len(found) - 1, 0 if values.get("n") == 1 else 1)]
    else:
        chosen = found
    if not values:
        return chosen
    return chosen.format(**{key: _value(language, value) for key, value in values.items()})


def _value(language: str, value: Any) -> Any:
    if isinstance(value, Message):
        return value.to(language)
    if isinstance(value, Mapping):
        return label(value, language)
    return value


def label(labels: Labels | None, language: str, fallback: str = "") -> str:
    """The text of `labels` for a reader of `language`: that language, else its base, else English, else any."""
    if not labels:
        return fallback
    for tag in (language, language.partition("-")[0], LANGUAGES[0]):
        if tag in labels:
            return labels[tag]
    return next(iter(labels.values()))


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people that is not yet in anyone's language."""

    text: str
    values: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    plural: str | None = None

    def to(self, language: str) -> str:
        """The sentence in `language`."""
        return translate(language, self.text, self.plural, **self.values)

    def __str__(self) -> str:
        return self.to(LANGUAGES[0])


def msg(text: str, plural: str | None = None, /, **values: Any) -> Message:
    """Mark `text` for translation. Extraction looks for this name, so `text` must be a literal."""
    return Message(text, values, plural)
