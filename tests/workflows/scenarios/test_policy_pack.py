"""The rule book that ships: every rule a switch with its sentence and two tests, all of which pass on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dougong.base.language import label
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.packages import read_package, shipped
from dougong.web import sessions
from dougong.workflows.approvals import service
from dougong.workflows.scenarios.running import run
from tests.companies import PACKAGES, Copies, person
from tests.workflows.automations.conftest import press, work

FOLDERS = tuple(PACKAGES / each for each in ("base", "sales-core", "segments", "policy-pack"))
DOCUMENTS = {each.address: each for each in read_package(shipped()["policy-pack"].folder).components}
RULES = sorted(each.name.partition(".")[2] for each in DOCUMENTS.values() if each.kind == "row")


@pytest.fixture
def group(company_copy: Copies, database_kind: str) -> Iterator[Company]:
    """A group of companies with the rule book, and no records."""
    with company_copy(database_kind, "policy", FOLDERS) as company:
        yield company


def rows(company: Company, object_name: str, *columns: str) -> list[tuple[Any, ...]]:
    with company.read(SYSTEM) as unit:
        return [tuple(each.values) for each in unit.records.query(Query(object=object_name, columns=columns)).rows]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_a_switch_with_its_sentence_and_two_tests(rule: str) -> None:
    """What stands in the book of rules stands at the switch."""
    row = DOCUMENTS[f"row:policy__rule.{rule}"].body["values"]
    switch = DOCUMENTS[f"setting:{row['switch']}"].body
    assert switch["type"] == "boolean"
    assert row["sentence"] in label(switch["help"], "zh-CN") and row["translation"] in label(switch["help"], "en")
    assert {f"test:policy__{rule}.obeyed", f"test:policy__{rule}.breached"} <= set(DOCUMENTS)
    asked = [each for each in DOCUMENTS.values() if f"$Setup.policy__{rule}" in str(each.body)]
    assert asked, "nothing asks this switch"


def test_the_tests_that_ship_pass(group: Company) -> None:
    """Each rule obeyed and breached, with nothing left behind."""
    tests = {name: each for name, each in group.runtime().model.workflows.tests.items() if name.startswith("policy__")}
    assert len(tests) > 2 * len(RULES)
    found = {name: [str(each) for each in run(group, test).problems] for name, test in tests.items()}
    assert {name: said for name, said in found.items() if said} == {}
    assert rows(group, "policy__user_request", "number") == []


def test_who_does_not_sign_in_is_named_and_who_does_is_not(group: Company) -> None:
    """The moment of a sign-in is kept with the user; two weeks without one make a bulletin and a breach."""
    wang, li = (str(person(group, login, "segments__salesperson").user_id) for login in ("wang", "li"))
    group.write(SYSTEM, lambda unit: sessions.begin(unit, wang, "browser", "127.0.0.1"))
    long_ago = datetime.now(UTC) - timedelta(days=20)
    group.write(SYSTEM, lambda unit: unit.records.save([Update("user", li, {"last_sign_in_at": long_ago})]))
    press(group, "user.policy__bulletin", wang, li)
    ((person_named, rule),) = rows(group, "policy__breach", "person", "rule")
    assert (person_named.id, rule) == (li, "sign_in")
    assert len(rows(group, "policy__bulletin", "subject")) == 1


def test_a_new_customer_goes_to_review_by_itself(group: Company) -> None:
    """Whoever enters one has submitted it; the segment administrator stands for a department without a head."""
    person(group, "zhao", "segments__segment_administrator", segments__segments=["energy"])
    wang = person(group, "wang", "segments__salesperson", segments__segments=["energy"])
    values = {"name": "蓝海储能科技有限公司", "record_type": "enterprise", "segments__segment": "energy"}
    group.write(wang, lambda unit: unit.records.save([Create("account", values)]))
    work(group)
    assert rows(group, "account", "policy__review") == [("waiting",)]
    with group.read(SYSTEM) as unit:
        (found,) = unit.records.query(Query(object="account", columns=("name",))).rows
        assert [each.status for each in service.of_record(unit, "account", found.id)] == ["open"]
