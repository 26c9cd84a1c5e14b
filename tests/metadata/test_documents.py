"""Documents: what is read, split and placed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.base.errors import MetadataError
from dougong.metadata.component import Component, canonical_json, content_hash, same
from dougong.metadata.documents import from_bodies, read_folder, read_texts
from dougong.metadata.positions import escape, inside_text, line_and_column, offsets, steps

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def pointers(value: Any, above: str = "") -> list[tuple[str, Any]]:
    found = [(above, value)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in members:
        found += pointers(below, f"{above}/{escape(key)}")
    return found


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_every_value_is_found_where_it_stands(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    found = offsets(text)
    assert {pointer for pointer, _ in pointers(value)} == set(found)
    for pointer, each in pointers(value):
        _, at = found[pointer]
        assert same(json.JSONDecoder().raw_decode(text, at)[0], each)


@given(st.text(), st.data())
def test_characters_of_a_text_are_found(text: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, max(len(text) - 1, 0)))
    written = json.dumps(text, ensure_ascii=False)
    if text:
        at = inside_text(written, 0, index)
        assert text[index:] == json.loads(f'"{written[at:]}')


@given(st.lists(st.text(max_size=5), max_size=4))
def test_pointers_say_their_steps(keys: list[str]) -> None:
    assert tuple(keys) == steps("".join(f"/{escape(key)}" for key in keys))


def test_lines_and_columns_count_from_one() -> None:
    assert line_and_column("{}", 0) == (1, 1)
    assert line_and_column("{\n  x", 4) == (2, 3)


def test_fields_inside_an_object_become_components() -> None:
    body = {"kind": "object", "name": "deal", "fields": {"name": {"type": "text"}}}
    deal, name = read_texts({"object/deal.json": json.dumps(body, indent=2).encode()}).components
    assert deal.body == {"kind": "object", "name": "deal"}
    assert name.body == {"kind": "field", "name": "deal.name", "type": "text"}
    assert name.place("/type").pointer == "/fields/name/type"
    assert name.place("/type").line == 6


def test_the_layer_is_the_name_of_the_package() -> None:
    files = {
        "package.json": b'{"kind": "package", "name": "tools"}',
        "label/hi.json": b'{"kind": "label", "name": "hi"}',
    }
    assert {"tools"} == {each.layer for each in read_texts(files).components}
    assert {"company"} == {each.layer for each in read_texts(files, "company").components}


def test_only_documents_are_read(tmp_path: Path) -> None:
    for name in ("data/demo.json", ".hidden/x.json", "README.md", "label/hi.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"kind": "label", "name": "hi"}')
    assert [each.address for each in read_folder(tmp_path).components] == ["label:hi"]


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_texts({"a.json": b'\xef\xbb\xbf{"kind": "label", "name": "hi"}'}).problems == ()


def test_numbers_without_end_are_refused() -> None:
    digits = "1" * (sys.get_int_max_str_digits() + 1)
    (problem,) = read_texts({"a.json": f'{{"kind": "label", "name": "x", "n": {digits}}}'.encode()}).problems
    assert problem.code == "json-broken"


def test_bodies_without_a_name_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(MetadataError, match="name"):
        from_bodies([{"kind": "label"}])


def test_equal_bodies_have_equal_hashes() -> None:
    assert content_hash({"a": 1, "b": [True]}) == content_hash({"b": [True], "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": True})
    assert canonical_json({"a": "中"}) == '{"a":"中"}'


def test_overlays_of_two_layers_have_addresses_of_their_own() -> None:
    one, other = (Component("overlay", "x", {}, layer) for layer in ("first", "second"))
    assert one.address != other.address
    assert Component("field", "deal.name", {}).address == "field:deal.name"
