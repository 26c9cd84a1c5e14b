"""What search knows of a record: the texts of its search fields, with pinyin where the object asks for it."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from dougong.base.field_types import Reading, shown_text
from dougong.engine.search.tokens import run_tokens, spelt_tokens, text_runs
from dougong.metadata.model import Field, Object


def search_paths(obj: Object) -> tuple[str, ...]:
    """The paths that search reads of a record: those the object names, its title, and searchable fields."""
    named = [each.field for each in obj.search]
    own = [each.name for each in obj.fields.values() if each.searchable and each.name not in named]
    return tuple(dict.fromkeys([*named, *([] if named else [obj.title]), *own]))


def pinyin_paths(obj: Object) -> frozenset[str]:
    """The search paths that are also found by pinyin and initials: as stated, and the title always."""
    return frozenset({each.field for each in obj.search if each.pinyin} | {obj.title})


def shown(field: Field, value: Any, reading: Reading) -> str:
    """The text under which one value is found; a lookup is found by its title."""
    if value is None:
        return ""
    if type(value) is not str and hasattr(value, "title") and hasattr(value, "object"):
        return str(value.title)
    return shown_text(field, field.type, value, reading)


def record_words(texts: Iterable[tuple[str, bool]]) -> str:
    """The tokens of a record, separated by blanks, from its texts and whether each is found by pinyin as well.

    What stands in several of them, or twice in one, stands here once: it is found in one place as well as in two.
    """
    found: dict[str, None] = {}
    for text, pinyin in texts:
        if text:
            found.update(_known_words(text, pinyin) if len(text) <= SHORT else _words(text, pinyin))
    return " ".join(found)


SHORT = 200
"""Characters of the longest text whose words are remembered."""


def _words(text: str, pinyin: bool) -> dict[str, None]:
    """The tokens of one text, run by run; with `pinyin` also those of its spelling and initials."""
    found = [run_tokens(run) for run in text_runs(text)]
    if pinyin and not text.isascii():
        found += spelt_tokens(text)
    return dict.fromkeys(found)


_known_words = functools.lru_cache(maxsize=8192)(_words)
"""Customers, products and stages are named again and again."""
