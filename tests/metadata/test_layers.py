"""Layers: what overlays change, in which order, and who is known to have said what."""

from __future__ import annotations

from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.metadata.component import Component
from dougong.metadata.documents import from_bodies
from dougong.metadata.keyed import places
from dougong.metadata.layers import Effective, effective, layer_order, package_order
from dougong.metadata.trees import Tree

LAYOUT = {
    "kind": "layout", "name": "deal.default", "object": "deal",
    "tabs": [{
        "key": "main", "label": {"en": "Main"},
        "sections": [
            {"key": "one", "items": [{"field": "a"}, {"field": "b"}, {"field": "c"}]},
            {"key": "two", "items": []},
        ],
    }],
}  # fmt: skip
FIELD = {"kind": "field", "name": "deal.about", "type": "lookup", "targets": ["x", "y"], "label": {"en": "About"}}


def package(name: str, *requires: str) -> Component:
    body = {"kind": "package", "name": name, "requires": dict.fromkeys(requires, ">=0")}
    return Component("package", name, body, name)


def laid(*overlays: tuple[str, dict[str, Any]]) -> Effective:
    """The two documents above in the layer base, with overlays of the layers named."""
    components = [
        package("base"), package("first", "base"), package("second", "first"),
        *from_bodies([LAYOUT, FIELD], "base"),
    ]  # fmt: skip
    for at, (layer, body) in enumerate(overlays):
        overlay = {"kind": "overlay", "name": f"o{at}", "target": "layout:deal.default", **body}
        components += from_bodies([overlay], layer)
    return effective(Tree.of(components))


def body(found: Effective, address: str = "layout:deal.default") -> Any:
    return found.components[address].body


def items(found: Effective) -> list[str]:
    return [each["field"] for each in body(found)["tabs"][0]["sections"][0]["items"]]


ITEMS = "tabs#main/sections#one/items"


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ({"add": {ITEMS: [{"field": "n"}]}}, ["a", "b", "c", "n"]),
        ({"add": {ITEMS: [{"field": "n", "after": "a"}]}}, ["a", "n", "b", "c"]),
        ({"add": {ITEMS: [{"field": "n", "before": "a"}]}}, ["n", "a", "b", "c"]),
        ({"add": {ITEMS: [{"field": "n", "after": "a"}, {"field": "m", "after": "n"}]}}, ["a", "n", "m", "b", "c"]),
        ({"hide": [f"{ITEMS}#b"]}, ["a", "c"]),
        ({"set": {ITEMS: [{"field": "z"}]}}, ["z"]),
    ],
)
def test_what_an_overlay_does_to_a_list(instruction: dict[str, Any], expected: list[str]) -> None:
    found = laid(("company", instruction))
    assert found.misplaced == ()
    assert expected == items(found)


def test_setting_makes_maps_on_the_way() -> None:
    found = laid(("company", {"set": {"for/purpose": ["view"], "tabs#main/label/zh-CN": "基本"}}))
    assert body(found)["for"]["purpose"] == ["view"]
    assert body(found)["tabs"][0]["label"] == {"en": "Main", "zh-CN": "基本"}


def test_a_list_of_names_is_a_set() -> None:
    overlay = {"kind": "overlay", "name": "o", "target": "field:deal.about", "add": {"targets": ["y", "z"]}}
    tree = Tree.of((*from_bodies([FIELD], "base"), *from_bodies([overlay])))
    found = effective(tree)
    assert body(found, "field:deal.about")["targets"] == ["x", "y", "z"]
    assert [each.step for each in found.misplaced] == ["#y"], "what is there already is reported"


def test_the_company_has_the_last_word_whatever_the_names() -> None:
    found = laid(
        ("company", {"set": {"tabs#main/label/en": "Ours"}}),
        ("second", {"set": {"tabs#main/label/en": "Second"}}),
        ("first", {"set": {"tabs#main/label/en": "First", "tabs#main/sections#one/columns": 3}}),
    )
    assert body(found)["tabs"][0]["label"]["en"] == "Ours"
    layers = found.provenance["layout:deal.default"]
    assert layers == {"": "base", "/tabs#main/label/en": "company", "/tabs#main/sections#one/columns": "first"}


def test_the_original_is_not_touched() -> None:
    before = str(LAYOUT)
    laid(("company", {"hide": ["tabs#main"]}))
    assert before == str(LAYOUT)


@pytest.mark.parametrize(
    ("instruction", "step"),
    [
        ({"set": {"tabs#mian/label": {}}}, "#mian"),
        ({"hide": ["related"]}, "related"),
        ({"hide": [f"{ITEMS}#z"]}, "#z"),
        ({"add": {ITEMS: [{"field": "n", "after": "z"}]}}, "#z"),
        ({"add": {ITEMS: [{"field": "a"}]}}, "#a"),
        ({"add": {"tabs#main/label": {"en": "Again"}}}, "en"),
        ({"add": {"tabs#main/label": ["x"]}}, "label"),
        ({"set": {"name/deep": 1}}, "deep"),
    ],
)
def test_what_does_not_fit_is_reported_and_changes_nothing(instruction: dict[str, Any], step: str) -> None:
    found = laid(("company", instruction))
    assert [step] == [each.step for each in found.misplaced]
    assert body(laid()) == body(found)


def test_a_translation_adds_its_language() -> None:
    texts = {"layout:deal.default": {"tabs#main/label": "Haupt"}}
    translation = {"kind": "translation", "name": "de", "language": "de", "texts": texts}
    tree = Tree.of((*from_bodies([LAYOUT], "base"), *from_bodies([translation])))
    assert body(effective(tree))["tabs"][0]["label"] == {"en": "Main", "de": "Haupt"}


def test_packages_come_after_what_they_require() -> None:
    packages = [package("c", "b"), package("a", "c"), package("b")]
    assert package_order(packages) == ("b", "c", "a")
    assert layer_order(Tree.of(packages)) == ("platform", "b", "c", "a", "company")


def test_a_circle_of_packages_ends() -> None:
    assert {"a", "b"} == set(package_order([package("a", "b"), package("b", "a")]))


def test_objects_get_the_fields_that_every_record_has() -> None:
    bodies: list[dict[str, Any]] = [
        {"kind": "object", "name": "note", "owner": "none"},
        {"kind": "object", "name": "bill", "lifecycle": {"effective": True}, "currency": {"mode": "record"}},
    ]
    found = effective(Tree.of(from_bodies(bodies))).components
    assert "field:note.owner" not in found
    assert {"owner", "life_status", "currency"} <= {each.own_name for each in found.values() if each.object == "bill"}
    assert found["field:note.created_at"].layer == "platform"


def test_every_place_can_be_named() -> None:
    named = dict(places(LAYOUT))
    assert named["/tabs#main/sections#one/items#b"] == {"field": "b"}
    assert named["/tabs#main/label/en"] == "Main"
