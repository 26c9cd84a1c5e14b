"""Packages: canonical form, identity, round trip, requirements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.errors import MetadataError, NotFound
from dougong.metadata.canonical import canonical_text, file_of
from dougong.metadata.component import Component, canonical_json
from dougong.metadata.documents import read_texts, texts_of
from dougong.metadata.packages import (
    check_package,
    exported,
    format_folder,
    formatted,
    identified,
    read_package,
    shipped,
    with_required,
)
from dougong.metadata.trees import Tree, diff
from dougong.metadata.versions import version_range, within
from tests.metadata.workshop import changed, label


def numbered() -> str:
    """Ids that are the same in every run."""
    numbered.next = getattr(numbered, "next", count())  # type: ignore[attr-defined]
    return f"a{next(numbered.next):011d}"  # type: ignore[attr-defined]


def package(**keys: object) -> dict[str, object]:
    return {"kind": "package", "name": "base", "label": label("Base", "基础"), "version": "1.0.0", **keys}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The workshop as a package in a folder, written by hand."""
    for file, data in changed({"package.json": package()}).items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(data)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/demo.json").write_text("[]")
    return tmp_path


def files(folder: Path) -> Mapping[str, bytes]:
    return texts_of(folder)


def test_formatting_splits_fields_off_and_gives_ids(folder: Path) -> None:
    format_folder(folder, numbered)
    name = json.loads((folder / "field/deal/name.json").read_text("utf-8"))
    assert list(name) == ["kind", "name", "id", "label", "type", "required"]
    assert "fields" not in json.loads((folder / "object/deal.json").read_text("utf-8"))
    assert (folder / "data/demo.json").exists()


def test_formatting_twice_changes_nothing(folder: Path) -> None:
    format_folder(folder)
    before = files(folder)
    assert format_folder(folder) == ()
    assert before == files(folder)


def test_what_is_formatted_means_the_same(folder: Path) -> None:
    before = Tree.of(read_package(folder).components)
    format_folder(folder)
    after = Tree.of(read_package(folder).components)
    assert {"/id"} == {each.place for each in diff(before, after)}
    assert check_package(folder).problems == ()


def test_a_broken_package_is_left_alone(folder: Path) -> None:
    (folder / "app/sales.json").write_text("{", "utf-8")
    before = files(folder)
    with pytest.raises(MetadataError):
        format_folder(folder)
    assert before == files(folder)


def stored(tree: Tree) -> Tree:
    """The tree as a database gives it back: bodies through canonical JSON, order of keys lost."""
    return Tree.of(
        Component(each.kind, each.name, json.loads(canonical_json(each.body)), each.layer)
        for each in tree.components.values()
    )


def read_back(texts: Mapping[str, str]) -> Tree:
    return Tree.of(read_texts({file: text.encode() for file, text in texts.items()}).components)


@pytest.mark.parametrize("name", ["base", "sales-core"])
def test_export_install_export_gives_the_same_bytes(name: str) -> None:
    first = formatted(read_package(shipped()[name].folder), numbered)
    installed = stored(read_back(first))
    second = exported(installed, name)
    again = exported(stored(read_back(second)), name)
    assert dict(sorted(first.items())) == dict(second) == dict(again)


VALUES = st.recursive(
    st.sampled_from(["x", 1, True]),
    lambda inner: st.dictionaries(st.sampled_from(["b", "a", "c"]), inner),
    max_leaves=5,
)


@given(st.permutations(["kind", "name", "label", "icon", "help"]), VALUES)
def test_the_order_of_keys_does_not_matter(order: list[str], value: object) -> None:
    body = {"kind": "object", "name": "x", "label": {"zh-CN": "甲", "en": "A"}, "icon": "box", "help": value}
    shuffled = {key: body[key] for key in order}
    assert canonical_text(Component("object", "x", body)) == canonical_text(Component("object", "x", shuffled))


def test_a_file_in_the_wrong_place_is_named(folder: Path) -> None:
    (folder / "app/sales.json").rename(folder / "app/deals.json")
    (problem,) = check_package(folder).problems
    assert (problem.code, problem.place.file) == ("file-misplaced", "app/deals.json")
    assert "app/sales.json" in problem.text("zh-CN")


def test_a_folder_without_a_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_package(tmp_path)


def test_shipped_packages_come_after_what_they_require() -> None:
    assert list(shipped()) == ["base", "sales-core", "segments", "policy-pack"]


def test_required_packages_that_ship_are_there_for_checking() -> None:
    found = with_required(read_package(shipped()["sales-core"].folder))
    assert {"base", "sales-core"} == {each.name for each in found.components if each.kind == "package"}


def test_an_id_is_kept() -> None:
    component = Component("picklist", "x", {"kind": "picklist", "name": "x", "id": "abcdefghij12"})
    assert component is identified(component)
    assert "id" not in identified(Component("overlay", "x", {"kind": "overlay", "name": "x"})).body


def test_files_lie_where_addresses_say() -> None:
    assert file_of(Component("field", "deal.name", {})) == "field/deal/name.json"
    assert file_of(Component("object", "deal", {})) == "object/deal.json"


@pytest.mark.parametrize(
    ("version", "allowed", "fits"),
    [
        ("1.4.0", ">=1.4 <2", True),
        ("1.3.9", ">=1.4 <2", False),
        ("2.0.0", ">=1.4,<2", False),
        ("2.0.0-rc.1", ">=2", False),
        ("1.4.0", "==1.4.0", True),
        ("1.4.0", "newest", False),
    ],
)
def test_ranges_of_versions(version: str, allowed: str, fits: bool) -> None:
    assert fits == within(version, allowed)


def test_no_range_is_none() -> None:
    assert None is version_range(" ")


def test_fields_may_stay_inside_their_objects(folder: Path) -> None:
    before = Tree.of(read_package(folder).components)
    format_folder(folder, inside=True)
    deal = json.loads((folder / "object/deal.json").read_text("utf-8"))
    assert list(deal["fields"]) == ["name", "customer", "stage", "reason", "amount", "closes_on"]
    assert "id" in deal["fields"]["name"]
    assert not (folder / "field").exists()
    assert {each.place for each in diff(before, Tree.of(read_package(folder).components))} == {"/id"}
    assert format_folder(folder, inside=True) == ()


@pytest.mark.parametrize("name", list(shipped()))
def test_what_ships_has_its_identity(name: str) -> None:
    """Without ids in the files, a field renamed in a later version would lose its data."""
    package = read_package(shipped()[name].folder)
    assert [each.address for each in package.components if identified(each) is not each] == []
