"""What must hold of the packages that ship, beyond what `check` asks of any package."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PACKAGES = Path(__file__).parents[2] / "metadata/dougong/metadata/packages"
TEXTS = {"label", "help", "message", "guidance", "placeholder", "description"}
SYSTEM_OBJECTS = (
    "user", "department", "position", "group", "activity", "task", "comment", "file", "currency_rate",
)  # fmt: skip


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, document) of every component of the packages."""
    for file in sorted(PACKAGES.rglob("*.json")):
        if "data" not in file.relative_to(PACKAGES).parts:
            yield str(file.relative_to(PACKAGES)), json.loads(file.read_text("utf-8"))


DOCUMENTS = dict(documents())


def labels(node: Any) -> Iterator[dict[str, str]]:
    """Every text by language in a document; a field that is named like a key is none."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in TEXTS and isinstance(value, dict) and "type" not in value:
                yield value
            else:
                yield from labels(value)
    elif isinstance(node, list):
        for value in node:
            yield from labels(value)


@pytest.mark.parametrize("file", DOCUMENTS)
def test_every_text_is_there_in_both_languages(file: str) -> None:
    """English and Chinese, the Chinese one written in Chinese."""
    for text in labels(DOCUMENTS[file]):
        assert {"en", "zh-CN"} == set(text), text
        assert all(text.values()), text
        assert re.search("[\u4e00-\u9fff]", text["zh-CN"]), text


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_file_lies_where_its_name_says(file: str) -> None:
    """``<kind>/<object>/<name>.json``, so that a component is found without a search."""
    document = DOCUMENTS[file]
    package, place = file.split("/", 1)
    if document["kind"] == "package":
        assert (package, "package.json") == (document["name"], place)
    else:
        assert f"{document['kind']}/{document['name'].replace('.', '/')}.json" == place


def test_base_holds_the_system_objects() -> None:
    """The engine knows them by these names."""
    held = {document["name"] for document in DOCUMENTS.values() if document["kind"] == "object"}
    assert held.issuperset(SYSTEM_OBJECTS)


@pytest.mark.parametrize("kind", ["layout", "list_view"])
def test_every_object_has_pages(kind: str) -> None:
    """A layout for each; a list for each that is not edited inside another's form."""
    objects = [document for document in DOCUMENTS.values() if document["kind"] == "object"]
    lines = {line["field"].split(".")[0] for document in objects for line in document.get("lines", ())}
    served = {document["object"] for document in DOCUMENTS.values() if document["kind"] == kind}
    wanted = {document["name"] for document in objects} - (lines if kind == "list_view" else set())
    assert set() == wanted - served


def test_every_object_that_has_lists_has_one_that_opens_first() -> None:
    """Exactly one default list an object."""
    views = [document for document in DOCUMENTS.values() if document["kind"] == "list_view"]
    defaults = sorted(view["object"] for view in views if view.get("default"))
    assert sorted({view["object"] for view in views}) == defaults


def test_every_region_has_its_parents() -> None:
    """A district's city and province are in the table too; so an address can be shown in full."""
    regions = json.loads((PACKAGES / "base/data/regions.json").read_text("utf-8"))
    assert all(re.fullmatch(r"[1-9]\d{5}", code) for code in regions)
    assert sum(code.endswith("0000") for code in regions) == 34
    orphans = [code for code in regions if code[:4] + "00" not in regions or code[:2] + "0000" not in regions]
    assert orphans == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("330106", "西湖区"),
        ("330100", "杭州市"),
        ("441900", "东莞市"),
        ("650104", "新市区"),
        ("810000", "香港特别行政区"),
    ],
)
def test_known_regions(code: str, name: str) -> None:
    """Spot checks against the official list."""
    assert name == json.loads((PACKAGES / "base/data/regions.json").read_text("utf-8"))[code]
