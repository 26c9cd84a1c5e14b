"""Checking: what is sound passes; what is wrong is named, all of it, where it is, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.errors import MetadataError
from dougong.metadata.check import check, load
from dougong.metadata.component import Component
from dougong.metadata.documents import read_folder, read_texts
from dougong.metadata.schema import KINDS, validator
from dougong.metadata.violations import normalised, violations
from tests.metadata.bad_documents import GOLDEN, NAMES, read, reported
from tests.metadata.workshop import WORKSHOP, changed, documents

ROOM = Path(__file__).parents[2] / "metadata/dougong/metadata"
EXPECTED = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", GOLDEN.read_text("utf-8") + "\n", re.MULTILINE))


def test_the_workshop_is_sound() -> None:
    assert check(documents()).problems == ()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_said(name: str) -> None:
    """Exactly the problems in the golden file, with place and both languages."""
    assert EXPECTED[name].strip() == reported(name).partition("\n")[2].strip()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_refused(name: str) -> None:
    with pytest.raises(MetadataError):
        load(read(name))


def test_every_code_has_a_bad_example() -> None:
    """A rule without an example of what breaks it is not known to work."""
    source = "".join(path.read_text("utf-8") for path in ROOM.rglob("*.py"))
    codes = set(re.findall(r'(?:problem|_problem)\(\s*"([a-z-]+)"', source))
    codes |= set(re.findall(r'code="([a-z-]+)"', source)) | set(re.findall(r'return "([a-z]+-[a-z-]+)", ', source))
    shown = set(re.findall(r"^([a-z-]+)  ", GOLDEN.read_text("utf-8"), re.MULTILINE))
    assert len(codes) > 50
    assert set() == codes - shown - WITHOUT_EXAMPLE


WITHOUT_EXAMPLE = {
    "value-shape",
    "package-folder",
    "file-misplaced",
    "name-taken",
    "component-unknown",
    "component-platform",
    "salesforce-file",
}
"""The first is for schemas with alternatives, which only plugins' types have; the others are not found by `check`, but
by reading a package's folder or files of Salesforce, by renaming and by asking what taking out would break, and are
tested there."""


@pytest.mark.parametrize("name", NAMES)
def test_both_validators_agree(name: str) -> None:
    """The compiled validator of the running system finds what the reference one finds."""
    for component in read(name).components:
        if component.kind not in KINDS:
            continue
        schema, found = violations(component)
        reference = jsonschema.Draft202012Validator(schema)
        expected = {
            (each.instance_path, each.keyword)
            for error in reference.iter_errors(component.body)
            for each in [normalised(error.absolute_path, error.absolute_schema_path)]
        }
        assert expected == {(each.instance_path, each.keyword) for each in found}


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_schemas(kind: str) -> None:
    schema, _ = validator(kind)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_shipped_packages_are_sound() -> None:
    components: tuple[Component, ...] = ()
    for folder in ("base", "sales-core"):
        found = read_folder(ROOM / "packages" / folder)
        components += found.components
        assert found.problems == ()
    assert [str(each) for each in check(components).problems] == []


def test_overlays_know_their_layer() -> None:
    components = tuple(
        each for name in ("base", "sales-core") for each in read_folder(ROOM / "packages" / name).components
    )
    model = load(components)
    layers = model.layers["layout:activity.default"]
    assert layers[""] == "base"
    assert layers["/tabs#main/sections#what/items#contact"] == "sales-core"


def _paths(value: Any, above: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    found = [above] if above else []
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in members:
        found += _paths(below, (*above, key))
    return found


PLACES = [(file, "/".join(map(str, steps))) for file, body in WORKSHOP.items() for steps in _paths(body, ())]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(
        ["deal", "customer", "name", "deal.customer", "customer.name", "amount", "stage", "ISBLANK(name)", "((", "",
         "rollup", "lookup", "text", "1 + 1", "layout:deal.default", "tabs#main", "open", "parent", "\ud800", "$me"]
    ),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["key", "field", "value", "name", "from", "when", "en", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON), min_size=1, max_size=4))
def test_any_change_is_compiled_or_refused(changes: list[tuple[tuple[str, str], Any]]) -> None:
    """Whatever stands anywhere in a document: a model or problems, never another exception."""
    try:
        files = changed({f"{file}#{path}": value for (file, path), value in changes})
    except (KeyError, TypeError, IndexError, UnicodeEncodeError):
        return
    checked = check(read_texts(files))
    if checked.errors:
        for each in checked.problems:
            assert each.text("zh-CN")
    else:
        checked.model()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = read_texts({"object/x.json": data})
    assert bool(found.components) != bool(found.problems)
