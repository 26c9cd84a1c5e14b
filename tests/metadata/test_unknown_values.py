"""A picklist compared with a value that it lacks: found wherever a formula may stand, with the value that was meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.errors import Problem
from dougong.metadata.check import check, load
from dougong.metadata.documents import Documents, read_texts
from dougong.metadata.packages import read_package, shipped, with_required
from tests.metadata.unsound import overlay
from tests.metadata.workshop import documents, label

CODE = "formula-unknown-value"
WHEN = "validation_rule/deal/dear.json#when"
ASKED = re.compile(r"""((?:ISPICKVAL|INCLUDES)\([\w.$]+, ")(\w+)"\)""")


def found(changes: dict[str, Any]) -> list[Problem]:
    """What a check of the workshop with `changes` says of values that picklists lack."""
    return [each for each in check(documents(changes)).problems if each.code == CODE]


def test_it_warns_at_the_value_and_lets_the_metadata_through() -> None:
    changes = {WHEN: 'amount > 5 && TEXT(stage) = "wno"', "validation_rule/deal/dear.json#tests": None}
    (problem,) = check(documents(changes)).problems
    assert (problem.severity, problem.thing) == ("warning", "validation_rule:deal.dear")
    assert (problem.place.pointer, problem.text("en")) == ("/when", "stage has no value wno. Did you mean won?")
    assert problem.text("zh-CN") == "stage没有选项 wno。是否想写 won？"
    assert load(documents(changes)).objects["deal"]


@pytest.mark.parametrize(
    ("formula", "meant"),
    [
        ('ISPICKVAL(stage, "Won")', "won"),
        ('ISPICKVAL(stage, "赢单")', "won"),
        ('TEXT(stage) <> "In Progress"', "open"),
        ('"lsot" = TEXT(stage)', "lost"),
        ('IN(stage, "won", "zzzzz")', None),
        ('ISPICKVAL(record_type, "Tenders")', "tender"),
        ('ISPICKVAL(record_type, "bidding")', "tender"),
        ('CASE(TEXT(reason), "prise", 1, 0) = 1', "price"),
    ],
)
def test_the_value_that_was_meant_is_said(formula: str, meant: str | None) -> None:
    """By its label in any language, an alias or a former name; else the one written most like it."""
    problems = found(
        {
            WHEN: formula,
            "picklist/stage.json#values/0/aliases": ["in progress"],
            "record_type/deal/tender.json#formerly": ["bidding"],
        }
    )
    assert [each.fix and each.fix.to("en") for each in problems] == [f"Did you mean {meant}?" if meant else None]


def test_a_field_is_known_by_its_former_name_and_a_value_that_nobody_may_choose_any_more_is_one() -> None:
    field = {"type": "picklist", "label": label("Kind", "类别"), "formerly": ["sort"]}
    values = [{"value": "old", "label": label("Old", "旧"), "active": False}]
    kind = {"object/deal.json#fields/kind": {**field, "values": values}}
    assert found({**kind, WHEN: 'ISPICKVAL(sort, "old") || TEXT(kind) = "old"'}) == []
    (problem,) = found({**kind, WHEN: 'ISPICKVAL(sort, "odl")'})
    assert problem.text("en") == "kind has no value odl. Did you mean old?"


def test_a_value_that_an_overlay_adds_is_known() -> None:
    """What counts is the picklist as it is in the end."""
    package = documents({WHEN: 'ISPICKVAL(stage, "paused")'}, layer="tools").components
    value = {"value": "paused", "label": label("Paused", "暂停")}
    body = overlay(target="picklist:stage", add={"values": [value]})
    added = read_texts({"overlay/change.json": json.dumps(body).encode()}).components
    said = [{each.code for each in check(whole).problems} for whole in (package, (*package, *added))]
    assert [CODE in each for each in said] == [True, False]


@pytest.mark.parametrize("name", shipped())
def test_the_packages_that_ship_ask_for_values_that_are_there(name: str) -> None:
    assert check(with_required(read_package(shipped()[name].folder))).problems == ()


def test_no_place_of_a_formula_is_passed_over() -> None:
    """Each value that the packages ask for is misspelt at once: each is found where it stands."""
    whole = with_required(read_package(shipped()["policy-pack"].folder))
    spoilt = [replace(each, body=dict(misspelt(each.body))) for each in whole.components]
    places = {
        (each.source.file, f"{each.source.inside}{place}")
        for each in whole.components
        if each.source is not None
        for place in asking(each.body)
    }
    said = {
        (each.place.file, each.place.pointer) for each in check(Documents(tuple(spoilt))).problems if each.code == CODE
    }
    assert len(places) > 50
    assert places <= said


def misspelt(node: Any) -> Any:
    """`node` with every value that one of its formulas asks a picklist for spelt wrongly."""
    if isinstance(node, str):
        return ASKED.sub(r'\1\2_x")', node)
    if isinstance(node, dict):
        return {key: misspelt(each) for key, each in node.items()}
    return [misspelt(each) for each in node] if isinstance(node, list) else node


def asking(node: Any, pointer: str = "") -> Iterator[str]:
    """The places of formulas in `node` that ask for a picklist's value."""
    if isinstance(node, str) and ASKED.search(node):
        yield pointer
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, each in below:
        yield from asking(each, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
