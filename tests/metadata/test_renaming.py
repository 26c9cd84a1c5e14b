"""Renames: every reference follows, and the set stays sound."""

from __future__ import annotations

import json
from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.errors import MetadataError, NotFound
from dougong.metadata.check import check
from dougong.metadata.component import Component
from dougong.metadata.documents import read_texts
from dougong.metadata.index import Index
from dougong.metadata.layers import effective
from dougong.metadata.packages import read_package, shipped
from dougong.metadata.references import used_by
from dougong.metadata.renaming import rename
from dougong.metadata.trees import Tree
from tests.metadata.bad_assignments import MATRIX, assignment, step
from tests.metadata.workshop import changed, documents


@pytest.fixture(scope="module")
def workshop() -> Tree:
    return Tree.of(documents().components)


def body(tree: Tree, address: str) -> Any:
    return tree.components[address].body


def test_a_field_is_renamed_in_paths_keys_and_formulas(workshop: Tree) -> None:
    after = rename(workshop, "field:deal.customer", "client")
    assert body(after, "field:deal.client")["formerly"] == ["customer"]
    assert body(after, "field:customer.won")["from"] == "deal.client"
    assert body(after, "object:deal")["access"]["parent"] == "client"
    items = body(after, "layout:deal.default")["tabs"][0]["sections"][0]["items"]
    assert [each["field"] for each in items] == ["name", "client", "client.owner.name"]
    assert body(after, "path:deal.main")["stages"][1]["gate"][0]["when"] == "ISBLANK(client)"
    assert body(after, "list_view:deal.mine")["when"] == "NOT ISBLANK(client)"
    assert body(after, "conversion:deal.to_customer")["into"][1]["link"] == {"client": "customer"}
    assert body(after, "layout:customer.default")["related"][1]["from"] == "line.deal.client"
    assert check(after).problems == ()


def test_whoever_gets_a_record_follows_a_rename() -> None:
    """An assignment rule: fields behind ``field:`` in documents and in steps, tables, roles, and the rule itself."""
    known = changed({**assignment({"key": "own", "to": ["field:parent.owner"]}, {"key": "city", "matrix": MATRIX})})
    give = step(rules=[{"key": "own", "to": ["field:customer.parent.owner"]}])
    named = {"automation/customer/give.json": {
        "kind": "automation", "name": "customer.give", "object": "customer", "label": {"en": "Give", "zh-CN": "分配"},
        "trigger": {"type": "button"},
        "steps": [{"key": "give", "do": "assign", "with": {"rule": "customer.dispatch"}}],
    }}  # fmt: skip
    files = {name: json.dumps(each).encode() for name, each in {**give, **named}.items()}
    tree = Tree.of((*read_texts(known).components, *read_texts(files).components))
    after = rename(rename(tree, "field:customer.parent", "above"), "field:customer.city", "town")
    after = rename(after, "assignment_rule:customer.dispatch", "shares")
    rules = body(after, "assignment_rule:customer.shares")["rules"]
    assert rules[0]["to"] == ["field:above.owner"]
    assert rules[1]["matrix"]["match"] == {"town": "town"}
    assert body(after, "automation:deal.give")["steps"][0]["with"]["rules"][0]["to"] == ["field:customer.above.owner"]
    assert body(after, "automation:customer.give")["steps"][0]["with"] == {"rule": "customer.shares"}
    assert [each for each in check(after).problems if each.severity == "error"] == []


def test_an_object_takes_along_what_stands_below_it(workshop: Tree) -> None:
    after = rename(workshop, "object:deal", "bargain")
    assert "field:bargain.amount" in after
    assert "layout:bargain.default" in after
    assert body(after, "list_view:bargain.mine")["object"] == "bargain"
    assert body(after, "field:customer.won")["from"] == "bargain.customer"
    assert body(after, "record_type:bargain.tender")["path"] == "bargain.main"
    assert body(after, "object:bargain")["formerly"] == ["deal"]
    assert check(after).problems == ()


@pytest.mark.parametrize(
    "address",
    [
        each.address
        for each in documents().components
        if each.kind not in ("translation", "import_mapping") and each.address != "object:user"
    ],
)
def test_every_component_can_be_renamed(workshop: Tree, address: str) -> None:
    """The set stays sound, and renaming back gives the same references. Users stay: field types name them."""
    kind, _, name = address.partition(":")
    own = name.rpartition(".")[2]
    after = rename(workshop, address, "renamed")
    assert [str(each) for each in check(after).problems] == []
    back = rename(after, f"{kind}:{name.removesuffix(own)}renamed", own)
    assert [str(each) for each in check(back).problems] == []


def test_overlays_follow() -> None:
    components = [each for one in shipped().values() for each in read_package(one.folder).components]
    after = rename(Tree.of(components), "field:activity.related_to", "about")
    overlay = body(after, "overlay:sales-core/activity_related_to")
    assert overlay["target"] == "field:activity.about"
    added = body(after, "overlay:sales-core/activity_default")["add"]["tabs#main/sections#what/items"]
    assert added == [{"field": "contact", "after": "about"}]
    assert [str(each) for each in check(after).problems] == []


def test_what_an_overlay_brought_follows() -> None:
    components = [each for one in shipped().values() for each in read_package(one.folder).components]
    after = rename(Tree.of(components), "field:activity.contact", "person")
    added = body(after, "overlay:sales-core/activity_default")["add"]["tabs#main/sections#what/items"]
    assert added[0]["field"] == "person"
    assert [str(each) for each in check(after).problems] == []


def test_a_taken_name_is_refused(workshop: Tree) -> None:
    with pytest.raises(MetadataError):
        rename(workshop, "field:deal.customer", "amount")
    with pytest.raises(NotFound):
        rename(workshop, "field:deal.custmer", "client")


def test_where_a_picklist_is_used(workshop: Tree) -> None:
    found = used_by(Index(effective(workshop)))
    users = {each.component.address for each in found["picklist:stage"]}
    assert {"field:deal.stage", "translation:company/de"} == users
    stages = {each.component.address for each in found["field:deal.stage"]}
    assert {"path:deal.main", "field:deal.reason", "field:customer.won", "record_type:deal.tender"} <= stages


def test_a_setting_and_a_label_follow() -> None:
    from dougong.metadata.documents import read_texts
    from tests.metadata.workshop import changed

    files = changed({"object/deal.json#fields/name/default": "$Label.thanks & TEXT($Setup.free_discount)"})
    tree = Tree.of(read_texts(files).components)
    after = rename(rename(tree, "setting:free_discount", "free"), "label:thanks", "cheers")
    assert body(after, "field:deal.name")["default"] == "$Label.cheers & TEXT($Setup.free)"


def test_components_are_not_changed_in_place(workshop: Tree) -> None:
    before = workshop.content_hash
    rename(workshop, "field:deal.customer", "client")
    assert (
        before
        == Tree.of(
            Component(each.kind, each.name, each.body, each.layer) for each in workshop.components.values()
        ).content_hash
    )


def test_places_of_overlays_and_translations_follow() -> None:
    """An element's key may be the name of a field: its place is called anew."""
    from dougong.metadata.documents import from_bodies

    layout = "layout:deal.default"
    overlay = {
        "kind": "overlay", "name": "mine", "target": layout,
        "set": {"tabs#main/sections#deal/items#customer/wide": True},
        "hide": ["tabs#main/sections#lines/columns#price"],
    }  # fmt: skip
    texts = {"field:deal.stage": {"label": "Phase"}}
    translation = {"kind": "translation", "name": "fr", "language": "fr", "texts": texts}
    base = documents(layer="base").components
    tree = Tree.of((*base, *from_bodies([overlay, translation])))
    after = rename(rename(tree, "field:deal.customer", "client"), "field:line.price", "cost")
    assert body(after, "overlay:company/mine")["set"] == {"tabs#main/sections#deal/items#client/wide": True}
    assert body(after, "overlay:company/mine")["hide"] == ["tabs#main/sections#lines/columns#cost"]
    moved = rename(after, "field:deal.stage", "phase")
    assert body(moved, "translation:company/fr")["texts"] == {"field:deal.phase": {"label": "Phase"}}
    assert [str(each) for each in check(moved).problems if each.code != "label-missing"] == []
