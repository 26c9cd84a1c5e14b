"""One metadata document: its address, its body, the layer it belongs to and the file it was read from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dougong.base.errors import Place
from dougong.metadata.positions import Offsets, inside_text, line_and_column, offsets

COMPANY = "company"
"""The layer of what the company made itself."""

PLATFORM = "platform"
"""The layer of what every company has."""


OF_LAYER = frozenset({"overlay", "translation"})
"""Kinds whose names count within a layer alone."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a component came from. `inside` is the pointer of its body in the file ("" for all of it)."""

    file: str
    text: str
    inside: str = ""

    def place(self, pointer: str = "", character: int | None = None) -> Place:
        """The place of `pointer` in the file; of the nearest enclosing value where nothing stands there.

        With `character`, the place of that character of the text that is the value.
        """
        where = _offsets(self.text)
        asked = self.inside + pointer
        near = asked
        while near and near not in where:
            near = near.rpartition("/")[0]
        key, value = where.get(near, (0, 0))
        if character is not None and near == asked:
            key = inside_text(self.text, value, character)
        line, column = line_and_column(self.text, key)
        return Place(file=self.file, pointer=asked, line=line, column=column)


@lru_cache(maxsize=64)
def _offsets(text: str) -> Offsets:
    return offsets(text)


@dataclass(frozen=True, slots=True)
class Component:
    """One document. `body` is its JSON in full, `kind` and `name` included; nobody changes it."""

    kind: str
    name: str
    body: Mapping[str, Any] = field(hash=False)
    layer: str = COMPANY
    source: Source | None = field(default=None, compare=False, repr=False)
    _digest: str = field(default="", init=False, compare=False, repr=False)

    @classmethod
    def stored(cls, kind: str, name: str, body: Mapping[str, Any], layer: str, digest: str) -> Component:
        """A document whose hash is known, as it was found by it."""
        made = cls(kind, name, body, layer)
        object.__setattr__(made, "_digest", digest)
        return made

    @property
    def address(self) -> str:
        """``kind:name``; of an overlay or a translation, which every layer names for itself, ``kind:layer/name``."""
        if self.kind in OF_LAYER:
            return f"{self.kind}:{self.layer}/{self.name}"
        return f"{self.kind}:{self.name}"

    @property
    def object(self) -> str | None:
        """The object that the component stands below, None for one that stands alone."""
        above, dot, _ = self.name.rpartition(".")
        return above if dot else self.body.get("object")

    @property
    def own_name(self) -> str:
        """The name without the object that the component stands below."""
        return self.name.rpartition(".")[2]

    def place(self, pointer: str = "", character: int | None = None) -> Place:
        """Where `pointer` of the body stands; without a file only the pointer is known.

        A field that stands inside its object's file has its kind and name from there, not in its own body.
        """
        if self.source and self.source.inside and pointer in ("/kind", "/name"):
            pointer = ""
        return self.source.place(pointer, character) if self.source else Place(pointer=pointer or None)

    @property
    def content_hash(self) -> str:
        """The SHA-256 of the canonical JSON of the body, in hex."""
        if not self._digest:
            object.__setattr__(self, "_digest", content_hash(self.body))
        return self._digest


def canonical_json(value: Any) -> str:
    """`value` as JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_hash(value: Any) -> str:
    """The SHA-256 of the canonical JSON of `value`, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def same(first: Any, second: Any) -> bool:
    """Whether two JSON values are one: as Python compares, but ``true`` is not 1."""
    return bool(first == second) and canonical_json(first) == canonical_json(second)
