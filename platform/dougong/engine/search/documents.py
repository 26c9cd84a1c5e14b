"""What search knows of a record: the texts of its search fields, with pinyin where the object asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dougong.base.field_types import Reading
from dougong.engine.search.tokens import index_tokens, spellings
from dougong.metadata.model import Field, Object


def search_paths(obj: Object) -> tuple[str, ...]:
    """The paths that search reads of a record: those the object names, its title, and searchable fields."""
    named = [each.field for each in obj.search]
    own = [each.name for each in obj.fields.values() if each.searchable and each.name not in named]
    return tuple(dict.fromkeys([*named, *([] if named else [obj.title]), *own]))


def pinyin_paths(obj: Object) -> frozenset[str]:
    """The search paths that are also found by pinyin and initials: as stated, and the title always."""
    return frozenset({each.field for each in obj.search if each.pinyin} | {obj.title})


def texts_of(field: Field, value: Any, reading: Reading, pinyin: bool) -> Iterable[str]:
    """The texts under which one value is found."""
    if value is None:
        return
    shown = (
        value.title
        if hasattr(value, "title") and hasattr(value, "object")
        else field.type.display(field, value, reading)
    )
    if not shown:
        return
    yield shown
    if pinyin:
        full, initials = spellings(shown)
        if full:
            yield full
            yield initials


def tokens_of(
    obj: Object, fields: Mapping[str, Field], values: Mapping[str, Any], reading: Reading
) -> list[list[str]]:
    """The tokens of a record. `fields` and `values` are by search path; a lookup's value is its title's text."""
    spelt = pinyin_paths(obj)
    found: list[str] = []
    for path, field in fields.items():
        found.extend(texts_of(field, values.get(path), reading, path in spelt))
    return index_tokens(found)
