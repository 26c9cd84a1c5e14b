"""The reference pages are those that the schemas make, and every key says what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.field_types import FIELD_TYPES
from dougong.metadata.reference import page
from dougong.metadata.schema import KINDS, field_schema, kind_schema, type_meaning

FOLDER = Path(__file__).parents[2] / "docs/reference"


@pytest.mark.parametrize(("file", "language"), [("metadata.md", "en"), ("metadata.zh-CN.md", "zh-CN")])
def test_the_reference_is_current(file: str, language: str) -> None:
    """`make reference` writes it anew."""
    assert (FOLDER / file).read_text("utf-8") == page(language)


def silent(part: Any, path: str) -> Iterator[str]:
    """Keys without a meaning in both languages."""
    if not isinstance(part, Mapping):
        return
    for key, below in part.get("properties", {}).items():
        if not {"description", "x-zh-CN"} <= set(below):
            yield f"{path}.{key}"
        yield from silent(below, f"{path}.{key}")
    for key in ("items", "additionalProperties"):
        yield from silent(part.get(key), path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_says_what_it_is_for(kind: str) -> None:
    assert list(silent(kind_schema(kind), kind)) == []


@pytest.mark.parametrize("name", [name for name in FIELD_TYPES if type_meaning(name)])
def test_every_key_of_a_field_type_says_what_it_is_for(name: str) -> None:
    properties = field_schema(FIELD_TYPES[name])["properties"]
    assert [key for key, each in properties.items() if not {"description", "x-zh-CN"} <= set(each)] == []


def test_every_field_type_is_described() -> None:
    assert {"id"} == {name for name in FIELD_TYPES if not type_meaning(name)}
