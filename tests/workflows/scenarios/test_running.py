"""Tests of a configuration: what ships passes, what is not as expected is told, and nothing of a test stays."""

from __future__ import annotations

import dataclasses
from typing import Any

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.metadata.automation import Trigger
from dougong.metadata.scenario import Deed, Expected, Given, Scenario
from dougong.metadata.steps import Step
from dougong.workflows.scenarios.running import run
from tests.metadata.workshop import label
from tests.workflows.automations.conftest import with_automation

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
    "records that are not there": ({"then": (Expected(key="x", object="task"),)}, "test-count"),
    "records that are there": ({"then": (Expected(key="x", object="account", count=0),)}, "test-count"),
    "somebody who was told nothing": ({"given": (*SOUND.given, Given(key="li", roles=("sales",))),
        "then": (Expected(key="x", told="li"),)}, "test-not-told"),
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


SILENT = "first_contact.silent_lead"


def test_time_passes_and_automations_follow(sales: Company) -> None:
    """Less time, another reader or another text: what is expected no longer follows."""
    told = sales.runtime().model.workflows.tests[SILENT]
    for changes in (
        {"when": Deed(does="wait", on="2 working hours")},
        {"then": (Expected(key="x", told="boss", says="waits for its first contact"),)},
        {"then": (Expected(key="x", told="li", count=1),)},
        {"given": (*told.given, Given(key="off", setting="sales.first_contact", value=False))},
    ):
        assert {each.code for each in run(sales, dataclasses.replace(told, **changes)).problems} == {"test-not-told"}


def test_a_time_limit_of_an_approval_passes(sales: Company) -> None:
    """Who asked for a discount waits, and the clock does what the definition says."""
    asked = sales.runtime().model.workflows.tests["discount.above_the_limit"]
    waiting = (*asked.given, Given(key="asked", deed=asked.when)) if asked.when.does == "submit" else asked.given
    told = dataclasses.replace(asked, given=waiting, when=Deed(does="wait", on="20 working days"), then=())
    assert run(sales, told).passed


def test_an_automation_that_fails_fails_the_test(sales: Company) -> None:
    """With what it failed by; nothing of it stays."""
    some = sales.runtime().model.workflows.automations["lead.dispatch"]
    broken = Step(key="x", do="run", given={"automation": "lead.none"})
    made = Trigger(type="record", on=frozenset({"create"}))
    with_automation(sales, dataclasses.replace(some, trigger=made, when=None, active=True, steps=(broken,)))
    lead = Deed(does="create", on="lead", values={"name": "Wu"})
    found = run(sales, dataclasses.replace(SOUND, given=(), when=lead, then=()))
    assert {each.code for each in found.problems} == {"test-follows"}
