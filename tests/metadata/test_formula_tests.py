"""Tests beside formulas: they pass where the formula does what its author says, and fail where it does not."""

from __future__ import annotations

from typing import Any

import pytest

import dougong.engine.fields  # noqa: F401  the field types
from dougong.base.errors import MetadataError
from dougong.formulas import Type
from dougong.formulas.evaluation import Failure
from dougong.metadata.check import check, load
from dougong.metadata.checking.formula_values import Unfit, read_value
from dougong.metadata.renaming import rename
from dougong.metadata.schema import kind_schema
from dougong.metadata.trees import Tree
from tests.metadata.workshop import documents, label

FORMULAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a share of an amount is rounded to the field": (
        {"returns": "money", "formula": "amount * stage.chance / 3", "scale": 2},
        {"given": {"amount": "100", "stage": "open"}, "expect": "16.67"},
    ),
    "an attribute may be given itself": (
        {"returns": "money", "formula": "amount * stage.chance", "scale": 2},
        {"given": {"amount": "100", "stage.chance": "0.1"}, "expect": "10"},
    ),
    "what is not given is blank": ({"returns": "text", "formula": "name"}, {"expect": None}),
    "a blank number may count as zero": (
        {"returns": "decimal", "formula": "amount + 1", "blanks": "zero"},
        {"expect": 1},
    ),
    "a formula may be meant to fail": (
        {"returns": "decimal", "formula": "1 / amount"},
        {"given": {"amount": "0"}, "expect": {"error": "division_by_zero"}},
    ),
    "what parents hold is given by path": (
        {"returns": "boolean", "formula": "customer.city = owner.name"},
        {"given": {"customer.city": "上海", "owner.name": "上海"}, "expect": True},
    ),
    "the day is that of the moment's zone": (
        {"returns": "date", "formula": "TODAY() + 1"},
        {"at": "2026-02-28T23:30:00-05:00", "expect": "2026-03-01"},
    ),
    "a setting is given by its name": (
        {"returns": "percent", "formula": "$Setup.free_discount * 2"},
        {"given": {"$Setup.free_discount": "0.1"}, "expect": "0.2"},
    ),
}


def with_formula(keys: dict[str, Any], test: dict[str, Any]) -> Any:
    field = {"type": "formula", "label": label("Worth", "价值"), **keys, "tests": [{"key": "one", **test}]}
    return documents({"object/deal.json#fields/worth": field})


def with_rule(when: str, test: dict[str, Any]) -> Any:
    place = "validation_rule/deal/dear.json"
    return documents({f"{place}#when": when, f"{place}#tests": [{"key": "one", **test}]})


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_does_what_its_test_says(name: str) -> None:
    assert check(with_formula(*FORMULAS[name])).problems == ()


@pytest.mark.parametrize("name", FORMULAS)
def test_another_result_is_refused(name: str) -> None:
    """The same test with another expectation is red, at its place, and nothing can be published."""
    keys, test = FORMULAS[name]
    other = False if keys["returns"] == "boolean" else {"error": "internal"}
    found = check(with_formula(keys, {**test, "expect": other})).errors
    assert [(each.code, each.thing) for each in found] == [("formula-test", "field:deal.worth")]
    assert found[0].place.pointer == "/fields/worth/tests/0/expect"
    with pytest.raises(MetadataError):
        load(with_formula(keys, {**test, "expect": other}))


@pytest.mark.parametrize(
    ("given", "before", "wrong"),
    [
        ({"amount": "2"}, {"amount": "3"}, True),
        ({"amount": "3"}, {"amount": "2"}, False),
        ({"amount": "3"}, {}, False),
        ({"amount": "2"}, None, False),
    ],
)
def test_a_rule_sees_what_changed(given: dict[str, Any], before: dict[str, Any] | None, wrong: bool) -> None:
    """`before` is the stored record; without it the record is new."""
    stored = {} if before is None else {"before": before}
    when = "NOT(ISNEW()) && ISCHANGED(amount) && amount < PRIORVALUE(amount)"
    assert check(with_rule(when, {"given": given, **stored, "expect": wrong})).problems == ()
    assert [each.code for each in check(with_rule(when, {"given": given, **stored, "expect": not wrong})).errors] == [
        "formula-test"
    ]


def test_a_computed_field_has_tests() -> None:
    tests = [{"key": "taken_over", "given": {"deal.amount": "7.005"}, "expect": "7.01"}]
    assert check(documents({"object/line.json#fields/price/tests": tests})).problems == ()
    tests[0]["expect"] = "7"
    assert [each.code for each in check(documents({"object/line.json#fields/price/tests": tests})).errors] == [
        "formula-test"
    ]


def test_tests_follow_renames() -> None:
    after = rename(Tree.of(documents().components), "field:deal.amount", "worth")
    tests = after.components["validation_rule:deal.dear"].body["tests"]
    assert tests[0]["given"] == {"worth": "200", "stage": "won", "$Setup.free_discount": "0.1"}
    assert check(after).problems == ()


def test_every_failure_can_be_expected() -> None:
    error = kind_schema("field")["$defs"]["formula_tests"]["items"]["properties"]["expect"]["oneOf"][1]
    assert error["properties"]["error"]["enum"] == list(Failure)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Type.NUMBER, True), (Type.NUMBER, 0.5), (Type.NUMBER, "NaN"), (Type.NUMBER, "five"), (Type.BOOLEAN, "true"),
        (Type.TEXT, 5), (Type.DATE, "2026-02-30"), (Type.DATETIME, "2026-02-01T09:00:00"), (Type.TIME, "25:00"),
        (Type.MULTI_PICKLIST, "red"), (Type.GEOLOCATION, "1;2"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_told(kind: Type, given: Any) -> None:
    with pytest.raises(Unfit):
        read_value(kind, given)
