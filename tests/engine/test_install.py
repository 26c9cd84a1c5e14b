"""Packages: installed as layers, upgraded by merging with what the company made of them."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.base.errors import Conflict, MetadataError
from dougong.engine import revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.install import behind, install
from dougong.metadata.canonical import canonical_text, file_of
from dougong.metadata.component import Component
from dougong.metadata.documents import Documents
from dougong.metadata.packages import exported, read_package, shipped
from tests.engine.test_publish import LABEL, change, head_tree, store, stored


def package(version: str, *bodies: dict[str, Any]) -> Documents:
    """A package `garage` with an object and more components."""
    about = {"kind": "package", "name": "garage", "namespace": "garage", "version": version, "label": LABEL}
    vehicle = {
        "kind": "object", "name": "garage__vehicle", "id": "vehicle00001", "label": LABEL, "plural": {"en": "Vehicles"},
        "title": {"field": "name"},
    }  # fmt: skip
    name = {
        "kind": "field",
        "name": "garage__vehicle.name",
        "id": "vehiclename1",
        "type": "text",
        "length": 40,
        "label": LABEL,
    }
    every = {body["name"]: body for body in (about, vehicle, name, *bodies)}
    return Documents(tuple(Component(body["kind"], body["name"], body, "garage") for body in every.values()))


def plate(name: str = "plate", length: int = 10, **more: Any) -> dict[str, Any]:
    """The field that tests change; its id stays."""
    full = f"garage__vehicle.{name}"
    return {
        "kind": "field",
        "name": full,
        "id": "vehicleplate",
        "type": "text",
        "length": length,
        "label": LABEL,
        **more,
    }


def test_shipped_packages_install_and_export_byte_for_byte(empty_company: Company) -> None:
    """What comes out is what went in, in canonical form."""
    documents = {name: read_package(each.folder) for name, each in shipped().items()}
    install(empty_company, list(documents.values()))
    tree = head_tree(empty_company)
    for name, found in documents.items():
        assert {file_of(each): canonical_text(each) for each in found.components} == exported(tree, name)


def test_installed_package_is_remembered(company: Company) -> None:
    """Its version, and the tree that it came from."""
    install(company, [package("1.0.0", plate())])
    with company.read(SYSTEM) as unit:
        version, digest = revisions.installed(unit.connection)["garage"]
        origin = revisions.get_tree(unit.connection, digest)
    assert (version, "field:garage__vehicle.plate" in origin) == ("1.0.0", True)


def test_packages_that_came_from_other_files_are_behind(company: Company) -> None:
    """Whatever the company made of them since, and whatever version they say; what is not installed is not behind."""
    install(company, [package("1.0.0", plate())])
    relabelled = plate(label={"en": "Registration", "zh-CN": "车牌"})
    change(company, Component("field", relabelled["name"], relabelled, "garage"))
    same, other = package("1.0.0", plate()), package("1.0.0", plate(length=20))
    found = [behind(company, [each, read_package(shipped()["segments"].folder)]) for each in (same, other)]
    assert found == [(), ("garage",)]


def test_upgrade_keeps_what_the_company_changed(company: Company) -> None:
    """The company's label and the new version's length both stand; a renamed field keeps its data."""
    install(company, [package("1.0.0", plate())])
    key = store(company, "garage__vehicle", name="Van", plate="A 1")
    relabelled = plate(label={"en": "Registration", "zh-CN": "车牌"})
    change(company, Component("field", relabelled["name"], relabelled, "garage"))
    install(company, [package("2.0.0", plate("registration", 20, formerly=["plate"]))])
    body = head_tree(company).components["field:garage__vehicle.registration"].body
    assert (body["label"]["en"], body["length"]) == ("Registration", 20)
    assert {key: ("A 1",)} == stored(company, "garage__vehicle", "registration")


def test_upgrade_conflict_is_shown_and_decided(company: Company) -> None:
    """Both changed the length: nothing happens until somebody says whose stands."""
    install(company, [package("1.0.0", plate())])
    longer = plate(length=15)
    change(company, Component("field", longer["name"], longer, "garage"))
    with pytest.raises(Conflict) as refused:
        install(company, [package("2.0.0", plate(length=20))])
    assert [(each.code, each.place.pointer) for each in refused.value.problems] == [("publish-conflict", "/length")]
    install(company, [package("2.0.0", plate(length=20))], take="ours")
    assert head_tree(company).components["field:garage__vehicle.plate"].body["length"] == 15


def test_taking_theirs_in_an_upgrade(company: Company) -> None:
    """The new version's side stands where both changed the same."""
    install(company, [package("1.0.0", plate())])
    longer = plate(length=15)
    change(company, Component("field", longer["name"], longer, "garage"))
    install(company, [package("2.0.0", plate(length=20))], take="theirs")
    assert head_tree(company).components["field:garage__vehicle.plate"].body["length"] == 20


def test_name_that_the_company_has_is_not_overwritten(company: Company) -> None:
    """A package that brings an address of another layer is refused, with the address."""
    mine = {**plate(), "kind": "field"}
    install(company, [package("1.0.0")])
    change(company, Component("field", mine["name"], mine))
    with pytest.raises(Conflict) as refused:
        install(company, [package("1.1.0", plate())])
    assert [(each.code, each.thing) for each in refused.value.problems] == [
        ("package-name-taken", "field:garage__vehicle.plate")
    ]


def test_package_that_does_not_pass_its_check_changes_nothing(company: Company) -> None:
    """Every problem is named."""
    with pytest.raises(MetadataError):
        install(company, [package("1.0.0", plate(type="nonsense"))])
    assert company.runtime().revision == 1
