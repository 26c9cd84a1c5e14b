"""What masks leave of values, and which fields can have one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dougong.engine.fields  # noqa: F401  fills the registry of field types
from dougong.metadata.check import check
from dougong.metadata.documents import from_bodies
from dougong.metadata.masks import KINDS, LEAST, STARS, Mask, ends, mask_of
from dougong.metadata.trees import Tree


@pytest.mark.parametrize(("show", "value", "shown"), [
    ("phone", "+8613812341234", "138****1234"),
    ("phone", "138 1234 1234", "138****1234"),
    ("phone", "+8657188886666;ext=801", "571****6666"),
    ("phone", "+16502530000", "+16****0000"),
    ("phone", "95588", "****"),
    ("email", "lin.zhihao@example.com", "l****@example.com"),
    ("email", "l@example.com", "****@example.com"),
    ("email", "not an address", "****"),
    ("id_card", "110105194912310020", "110****0020"),
    ("bank_account", "6222 0202 0000 1234", "****1234"),
    ("name", "张三丰", "张**"),
    ("name", "张", "**"),
    ("nothing", "anything", "****"),
    ((0, 2), "A-10042", "****42"),
    ((2, 2), "A-1004", "****04"),
    ((2, 4), "A-104", "****"),
])  # fmt: skip
def test_what_is_shown(show: Any, value: str, shown: str) -> None:
    """By the kind of value, and by how many characters at each end."""
    assert Mask(show).of(value) == shown


@given(st.text(min_size=1), st.integers(0, 20), st.integers(0, 20))
def test_at_least_four_characters_are_hidden(text: str, first: int, last: int) -> None:
    """However much a mask is told to show."""
    shown = ends(text, first, last)
    assert len(shown) - len(STARS) <= max(0, len(text) - LEAST)


@given(st.sampled_from(sorted(KINDS)), st.text(min_size=1).filter(lambda text: "*" not in text))
def test_a_mask_is_never_the_value(kind: str, text: str) -> None:
    """Every mask has stars, and so tells itself apart."""
    assert "**" in KINDS[kind](text)


def test_a_document_says_its_mask() -> None:
    """What it leaves out is as the type is usually masked."""
    assert mask_of({}, "phone") == Mask("phone", "reveal", True)
    said = {"show": {"last": 4}, "reveal_right": "view_audit", "reason": False}
    assert mask_of(said, "phone") == Mask((0, 4), "view_audit", False)


def label(text: str) -> dict[str, str]:
    return {"en": text, "zh-CN": text}


@pytest.mark.parametrize(("field", "extra", "code"), [
    ("amount", {"type": "decimal", "precision": 10, "scale": 2}, "mask-type"),
    ("name", {"type": "text"}, "mask-title"),
    ("phone", {"type": "phone"}, None),
])  # fmt: skip
@pytest.mark.parametrize("by", ["field", "permission_set"])
def test_what_can_be_masked(field: str, extra: dict[str, Any], code: str | None, by: str) -> None:
    """Texts that no record is called by, whether the field says so or a permission set."""
    fields: dict[str, Any] = {"name": {"type": "text", "label": label("Name")}, field: {**extra, "label": label("F")}}
    bodies: list[dict[str, Any]] = [
        {"kind": "object", "name": "thing", "label": label("Thing"), "title": {"field": "name"}, "fields": fields}
    ]
    if by == "field":
        fields[field]["mask"] = {}
    else:
        masked = {f"thing.{field}": {"read": "masked"}}
        bodies.append({"kind": "permission_set", "name": "desk", "label": label("Desk"), "fields": masked})
    found = {each.code for each in check(Tree.of(from_bodies(bodies))).problems}
    assert found == ({code} if code else set())
