"""The demo data obeys the package that it fills, and is what its script makes."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dougong.base.field_types import FIELD_TYPES, Reading
from dougong.engine import fields as _fields  # noqa: F401  fills the registry
from dougong.metadata.compile import compile_tree
from dougong.metadata.documents import read_folder
from dougong.metadata.model import Field, Model
from dougong.metadata.trees import Tree

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "metadata/dougong/metadata/packages"
PATHS = {"lead": "default", "contract": "default"}
DATE = re.compile(r"\{[+-]\d+d\}")
MOMENT = re.compile(r"\{[+-]\d+d \d\d:\d\d\}")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the files with where it stands in the order of loading."""

    object: str
    key: str
    created: int
    values: dict[str, Any]
    place: int
    history: list[dict[str, Any]] = field(default_factory=list)

    def steps(self) -> Iterator[tuple[int, dict[str, Any], str]]:
        """(day, fields set, reason) of the making and of every later change."""
        yield self.created, self.values, ""
        for entry in self.history:
            yield entry["at"], entry.get("set", {}), entry.get("reason", "")


@pytest.fixture(scope="module")
def model() -> Model:
    """The sales package on the base package."""
    components = [each for name in ("base", "sales-core") for each in read_folder(PACKAGES / name).components]
    return compile_tree(Tree.of(components))


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    """Every row by key, in the order of loading."""
    manifest = json.loads((PACKAGES / "sales-core/package.json").read_text("utf-8"))["data"]["demo"]
    found: dict[str, Row] = {}
    for file in manifest:
        document = json.loads((PACKAGES / "sales-core" / file).read_text("utf-8"))
        for body in document["rows"]:
            assert body["key"] not in found
            found[body["key"]] = Row(object=document["object"], place=len(found), **body)
    return found


def assigned(model: Model, rows: dict[str, Row]) -> Iterator[tuple[Row, int, Field, Any]]:
    """(row, day, field, value) of everything that the data says."""
    for row in rows.values():
        for at, values, _ in row.steps():
            for name, value in values.items():
                yield row, at, model.objects[row.object].fields[name], value


def test_the_files_are_what_the_script_makes(tmp_path: Path) -> None:
    """Nobody edits the files by hand, and the script gives the same every time."""
    made = runpy.run_path(str(ROOT / "scripts/demo_data"))["build"]()
    for name in made.write(tmp_path):
        kept = PACKAGES / "sales-core/data/demo" / name
        assert (tmp_path / name).read_text("utf-8") == kept.read_text("utf-8"), f"run python scripts/demo_data: {name}"


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("account", 60),
        ("contact", 150),
        ("lead", 40),
        ("opportunity", 120),
        ("activity", 400),
        ("task", 80),
        ("user", 12),
    ],
)
def test_there_is_enough_to_look_at(rows: dict[str, Row], name: str, least: int) -> None:
    """A demo with three customers shows nothing."""
    assert least <= sum(row.object == name for row in rows.values())


def test_references_lead_to_rows_that_exist_by_then(model: Model, rows: dict[str, Row]) -> None:
    """To an object that the field may refer to, made on that day or before, and loaded before."""
    for row, at, target, value in assigned(model, rows):
        if not target.type.refers:
            continue
        for item in value if isinstance(value, list) else [value]:
            if str(item).startswith("@queue:"):
                assert row.object in model.rights.queues[item.removeprefix("@queue:")].objects, (row.key, item)
                continue
            other = rows[item.removeprefix("@")]
            assert other.object in (target.targets or (target.type.name,)), (row.key, target.name)
            assert other.created <= at, (row.key, target.name, item)
            assert at > row.created or other.place < row.place or row.history, (row.key, target.name, item)


def test_values_are_taken_by_their_fields(model: Model, rows: dict[str, Row]) -> None:
    """Check digits, telephone numbers, lengths, regions: what the form would refuse is not here either."""
    reading = Reading(now=datetime(2025, 6, 1, tzinfo=UTC))
    for row, _, target, value in assigned(model, rows):
        kind = target.type.name
        assert target.type.writable, (row.key, target.name)
        assert target.compute is None or target.compute.mode != "always", (row.key, target.name)
        if kind in ("date", "datetime"):
            assert (DATE if kind == "date" else MOMENT).fullmatch(value), (row.key, target.name, value)
        elif kind == "picklist" and target.picklist is not None:
            assert value in target.picklist.values, (row.key, target.name, value)
        elif not target.type.refers and target.name != "record_type":
            assert FIELD_TYPES[kind].coerce(target, value, reading) is not None, (row.key, target.name, value)


def test_unique_fields_are_unique(model: Model, rows: dict[str, Row]) -> None:
    """No two customers share a credit code, no two invoices a number."""
    seen = Counter(
        (row.object, target.name, value)
        for row, at, target, value in assigned(model, rows)
        if target.unique and at == row.created
    )
    assert [key for key, count in seen.items() if count > 1] == []


def test_every_stage_was_reached_as_its_path_allows(model: Model, rows: dict[str, Row]) -> None:
    """From the first stage, by allowed steps, with the fields that each asks for, and a reason for going back."""
    for row in rows.values():
        name = row.values.get("record_type") if row.object == "opportunity" else PATHS.get(row.object)
        if name:
            _follow(model, row, name)


def _follow(model: Model, row: Row, name: str) -> None:
    path = model.objects[row.object].paths[name]
    order = list(path.stages)
    state, stage = dict(row.values), row.values.get(path.field, order[0])
    assert order[0] == stage, row.key
    for _, values, reason in list(row.steps())[1:]:
        state |= values
        new = values.get(path.field)
        if new is None:
            continue
        if order.index(new) < order.index(stage):
            allowed = path.stages[stage].back
            assert allowed == "yes" or (allowed == "with_reason" and reason), (row.key, stage, new)
        else:
            assert new in (path.stages[stage].next or order), (row.key, stage, new)
        assert [each for each in path.stages[new].required if not state.get(each)] == [], (row.key, new)
        stage = new


def test_every_stage_has_deals(model: Model, rows: dict[str, Row]) -> None:
    """The funnel has no empty step on the first day."""
    stages = Counter(
        [values["stage"] for _, values, _ in row.steps() if "stage" in values][-1]
        for row in rows.values()
        if row.object == "opportunity"
    )
    assert set(model.picklists["sales_stage"].values) == set(stages)


def test_days_lie_in_the_past_and_in_order(rows: dict[str, Row]) -> None:
    """Nothing was done today or later: the day of installing is whole."""
    for row in rows.values():
        days = [at for at, _, _ in row.steps()]
        assert days == sorted(days), row.key
        assert days[-1] <= -1, row.key
