"""Tests of a configuration: what ships passes, what is not as expected is told, and nothing of a test stays."""

from __future__ import annotations

import dataclasses
from typing import Any

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.metadata.scenario import Deed, Expected, Given, Scenario
from dougong.workflows.scenarios.running import run
from tests.metadata.workshop import label

CUSTOMER = Deed(does="create", on="account", values={"name": "远澜", "record_type": "enterprise"})

SOUND = Scenario(
    name="a.b",
    label=label("A", "甲"),
    given=(Given(key="c", deed=CUSTOMER),),
    when=Deed(does="update", on="c", values={"level": "a"}),
    then=(Expected(key="level", record="c", has={"level": "a"}),),
)


def customers(company: Company) -> int:
    with company.read(SYSTEM) as unit:
        return len(unit.records.query(Query(object="account", columns=("name",))).rows)


def test_the_tests_that_ship_pass(sales: Company) -> None:
    """Each rule of the sales package obeyed and breached, with nothing left behind."""
    tests = sales.runtime().model.workflows.tests
    assert len(tests) >= 11
    assert {name: [str(each) for each in run(sales, test).problems] for name, test in tests.items()} == {
        name: [] for name in tests
    }
    assert customers(sales) == 0


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "what is given is refused": ({"given": (Given(key="c", deed=dataclasses.replace(CUSTOMER, values={})),)},
        "test-given-refused"),
    "a refusal that was not expected": ({"when": Deed(does="update", on="c", values={"name": None})}, "test-refused"),
    "no refusal where one was expected": ({"then": (Expected(key="x", refused_by="rule"),)}, "test-not-refused"),
    "another refusal": ({"when": Deed(does="update", on="c", values={"name": None}),
        "then": (Expected(key="x", refused_by="approval-needed"),)}, "test-not-refused"),
    "no warning": ({"then": (Expected(key="x", warned_by="validation_rule:quote.below_cost"),)}, "test-not-warned"),
    "another value": ({"then": (Expected(key="x", record="c", has={"level": "b"}),)}, "test-value"),
    "a value where none was expected": ({"then": (Expected(key="x", record="c", has={"level": None}),)}, "test-value"),
    "a record that is there": ({"then": (Expected(key="x", record="c", gone=True),)}, "test-no-record"),
    "a record that is gone": ({"when": Deed(does="delete", on="c")}, "test-no-record"),
    "a record that was not made": ({"then": (Expected(key="x", record="when", has={}),)}, "test-no-record"),
    "an approval that is not": ({"then": (Expected(key="x", record="c", approval="open"),)}, "test-approval"),
    "somebody whose turn it is not": ({"when": Deed(does="approve", on="c")}, "test-refused"),
}  # fmt: skip


def test_what_is_not_as_expected_is_told(sales: Company) -> None:
    """Each with its code; the sound test passes."""
    assert run(sales, SOUND).passed
    found = {name: run(sales, dataclasses.replace(SOUND, **changes)) for name, (changes, _) in WRONG.items()}
    told = {name: {each.code for each in outcome.problems} for name, outcome in found.items()}
    assert [name for name, (_, code) in WRONG.items() if code not in told[name]] == []


def test_a_setting_holds_for_its_test_alone(sales: Company) -> None:
    """Both runs in one process: what the one was given is not there for the other."""
    tests = sales.runtime().model.workflows.tests
    assert run(sales, tests["discount.switched_off"]).passed
    assert run(sales, tests["discount.above_the_limit"]).passed
