"""Every rule of sales on every way in: the form, one field in its place, in bulk, an import, the API, a conversion and
what works on its own. Each is refused with the rule's name, or asked for a reason, and nothing of it is stored."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.base.errors import DougongError, Problem
from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.saving import conversion
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.model import ValidationRule
from dougong.web.api import routes
from dougong.web.app import create_app, make_site
from dougong.web.identity.api_tokens import make as make_token
from tests.engine.transfer.office import Office
from tests.web.conftest import Person

TODAY = date.today()
LATER, LONG_AGO = str(TODAY + timedelta(days=40)), "2020-01-02"
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Breaking:
    """How a rule is broken: `start` are the values of a record that keeps it, and `change` breaks it.

    With no `start`, making a record with the values of `change` does. `of` is the object that is saved, where the
    rule is about the record above it. `convert` says how a conversion does: object, conversion, target, its values.
    """

    start: Values | None
    change: Values
    of: str = ""
    convert: tuple[str, str, str, Values] | None = None


BROKEN: Mapping[str, Breaking] = {
    "account_contact_role.ends_before_it_starts": Breaking(
        {"account": "account1", "contact": "contact", "valid_from": LATER}, {"valid_to": LONG_AGO}
    ),
    "campaign.ends_before_it_starts": Breaking({"name": "Fair", "start_on": LATER}, {"end_on": LONG_AGO}),
    "contract.ends_before_it_starts": Breaking(
        {"name": "C", "account": "account1", "amount": "9", "start_on": LATER},
        {"end_on": LONG_AGO},
        convert=("quote", "to_contract", "contract", {"amount": "9", "start_on": LATER, "end_on": LONG_AGO}),
    ),
    "contract.plan_exceeds_amount": Breaking(
        {"contract": "contract", "name": "Half", "due_on": LATER, "amount": "10"}, {"amount": "101"}, "payment_plan"
    ),
    "expense.not_spent_yet": Breaking({"subject": "Taxi", "kind": "travel", "amount": "9"}, {"spent_on": LATER}),
    "invoice.exceeds_contract": Breaking(
        None, {"account": "account1", "contract": "contract", "invoice_title": "A", "tax_no": "91310115MAN5191Q2E",
               "amount": "101"},
    ),
    "invoice.without_tax_number": Breaking(
        {"account": "account1", "invoice_title": "A", "amount": "9", "kind": "vat_ordinary"}, {"kind": "vat_special"}
    ),
    "lead.nobody_to_reach": Breaking({"company": "A", "person": "B", "need": "C"}, {"status": "qualified"}),
    "opportunity.close_in_the_past": Breaking(
        {"name": "D", "account": "account1", "start_date": "2019-01-01", "close_date": LATER}, {"close_date": LONG_AGO}
    ),
    "opportunity.closes_before_start": Breaking(
        {"name": "D", "account": "account1", "start_date": LATER, "close_date": LATER},
        {"close_date": str(TODAY + timedelta(days=9))},
        convert=("lead", "convert", "deal", {"start_date": LATER, "close_date": LONG_AGO}),
    ),
    "opportunity.lost_otherwise": Breaking(
        {"name": "D", "account": "account1", "lost_reason": "other"}, {"stage": "lost"}
    ),
    "opportunity.won_for_nothing": Breaking(
        {"name": "D", "account": "account1", "amount": "0", "close_date": LATER, "stage": "propose", "need": "N"},
        {"stage": "won"},
    ),
    "quote.below_cost": Breaking(
        {"quote": "quote", "name": "Pump", "unit_price": "100", "unit_cost": "80"}, {"unit_price": "50"}, "quote_line"
    ),
    "quote.expires_before_its_date": Breaking(
        {"account": "account1"}, {"valid_until": LONG_AGO},
        convert=("opportunity", "to_quote", "quote", {"valid_until": LONG_AGO}),
    ),
    "receipt.exceeds_balance": Breaking(None, {"account": "account1", "contract": "contract", "amount": "101"}),
    "receipt.not_received_yet": Breaking({"account": "account1", "amount": "9"}, {"received_on": LATER}),
}  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """A rule about to be broken: the object that is saved, the record (None for a new one) and the values."""

    rule: ValidationRule
    object: str
    id: str | None
    values: Values


Way = Callable[[Person, Attempt], list[Problem] | str]
"""Tries it: what it was told, as problems or as a page."""


def prepared(person: Person, rule: ValidationRule) -> Attempt:
    """The records that an attempt begins with."""
    breaking = BROKEN[rule.address.partition(":")[2]]
    obj = breaking.of or rule.address.partition(":")[2].partition(".")[0]
    account = {"account": person.ids["account1"]}
    made = {
        "contact": lambda: person.save(Create("contact", {"name": "Wang", **account}))[0],
        "contract": lambda: person.save(
            Create("contract", {"name": "C", "amount": "100", "life_status": "effective", **account})
        )[0],
        "quote": lambda: person.save(Create("quote", account))[0],
        "account1": lambda: person.ids["account1"],
    }

    def of(values: Values) -> dict[str, Any]:
        return {name: made[value]() if value in made else value for name, value in values.items()}

    if breaking.start is None:
        return Attempt(rule, obj, None, of(breaking.change))
    fields = person.company.runtime().model.objects[obj].fields
    usual = {"owner": person.user_id} if "owner" in fields else {}
    usual |= {"record_type": "standard"} if obj == "opportunity" else {}
    (id,) = person.save(Create(obj, {**usual, **of(breaking.start)}))
    return Attempt(rule, obj, id, of(breaking.change))


def rules_of(person: Person) -> list[ValidationRule]:
    """Every rule there is."""
    objects = person.company.runtime().model.objects.values()
    return [rule for obj in objects for rule in obj.validation_rules.values()]


# -- the ways -----------------------------------------------------------------------------------------------
def by_form(person: Person, attempt: Attempt) -> str:
    url = f"/o/{attempt.object}/{attempt.id}/edit" if attempt.id else f"/o/{attempt.object}/new"
    form = person.form(url)
    assert set(attempt.values) <= set(form), set(attempt.values) - set(form)
    return _refused(person.post(url, form | dict(attempt.values)))


def by_field(person: Person, attempt: Attempt) -> str | None:
    if attempt.id is None:
        return None
    ((name, value),) = attempt.values.items()
    url = f"/o/{attempt.object}/{attempt.id}/field/{name}"
    return _refused(person.post(url, person.form(url, {name: value}, hx_request="true"), hx_request="true"))


def _refused(answer: Any) -> str:
    assert answer.status_code == 422, answer.text
    return html.unescape(answer.text)


def by_api(person: Person, attempt: Attempt) -> list[str]:
    path = f"/{attempt.id}" if attempt.id else ""
    return _api(person, "PATCH" if attempt.id else "POST", f"/{attempt.object}{path}", attempt.values)


def in_bulk(person: Person, attempt: Attempt) -> list[str]:
    change = {"op": "update", "id": attempt.id} if attempt.id else {"op": "create"}
    body = {"changes": [{**change, "values": attempt.values}]}
    return _api(person, "POST", f"/{attempt.object}/bulk", body)


def _api(person: Person, method: str, path: str, body: Values) -> list[str]:
    token = person.company.write(SYSTEM, lambda unit: make_token(unit, person.user_id, "test"))
    headers = {"authorization": f"Bearer {token}"}
    site = make_site(Settings.from_environment(), person.company)
    with TestClient(create_app(site, routes=routes(site)), base_url="http://127.0.0.1:8000") as client:
        answer = client.request(method, f"/api/v1/records{path}", json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    return [f"{each['code']} {each['thing']}" for each in answer.json()["errors"]]


def by_import(person: Person, attempt: Attempt) -> list[str]:
    """A warning goes on: nobody can be asked. It is told with its row."""
    text = io.StringIO()
    values = {**({"id": attempt.id} if attempt.id else {}), **attempt.values}
    csv.writer(text).writerows([list(values), list(values.values())])
    report = Office(person.company).load(attempt.object, text.getvalue())
    assert len(report.problems) == (attempt.rule.severity == "error")
    return [
        f"{each.code} {each.thing}"
        for found in (*report.problems.values(), *report.warnings.values())
        for each in found
    ]


def by_conversion(person: Person, attempt: Attempt) -> list[str] | None:
    breaking = BROKEN[attempt.rule.address.partition(":")[2]]
    if breaking.convert is None:
        return None
    name, rule, key, values = breaking.convert
    source = {
        "lead": {"company": "Yuanlan", "person": "Li", "need": "Pumps", "mobile": "13800138000"},
        "quote": {"account": person.ids["account1"]},
        "opportunity": {"name": "D", "account": person.ids["account1"], "record_type": "standard"},
    }[name]
    (id,) = person.save(Create(name, source))
    return _told(lambda: person.company.write(
        SYSTEM, lambda unit: conversion.convert(unit, name, id, rule, values={key: values})
    ))  # fmt: skip


def on_its_own(person: Person, attempt: Attempt) -> list[str]:
    change = (
        Update(attempt.object, attempt.id, attempt.values) if attempt.id else Create(attempt.object, attempt.values)
    )
    actor = replace(SYSTEM, channel="workflow")
    return _told(lambda: person.company.write(actor, lambda unit: unit.records.save([change])))


def _told(work: Callable[[], Any]) -> list[str]:
    with pytest.raises(DougongError) as caught:
        work()
    return [f"{each.code} {each.thing}" for each in caught.value.problems]


WAYS = (by_form, by_field, in_bulk, by_import, by_api, by_conversion, on_its_own)


@pytest.mark.parametrize("way", WAYS, ids=[each.__name__ for each in WAYS])
def test_every_rule_of_sales_holds(person: Person, way: Any) -> None:
    rules = rules_of(person)
    assert sorted(each.address.partition(":")[2] for each in rules) == sorted(BROKEN)
    tried = 0
    for rule in rules:
        attempt = prepared(person, rule)
        told = way(person, attempt)
        if told is None:
            continue
        tried += 1
        code = "rule" if rule.severity == "error" else "rule-warning"
        if isinstance(told, str):
            assert str(rule.message["en"]) in told, rule.address
            assert ('name="why"' in told) == (rule.severity == "warning"), rule.address
        else:
            assert told == [f"{code} {rule.address}"], rule.address
        for name, value in attempt.values.items() if attempt.id and not (way is by_import and code != "rule") else ():
            assert str(person.value(attempt.object, attempt.id or "", name)) != value, (rule.address, name)
    assert tried == {by_field: len(rules) - 2, by_conversion: 3}.get(way, len(rules))


def test_taking_back_is_not_judged(person: Person) -> None:
    """An undo puts back what was there, whatever the rules of today say."""
    for rule in (
        rule for obj in person.company.runtime().model.objects.values() for rule in obj.validation_rules.values()
    ):
        attempt = prepared(person, rule)
        if attempt.id:
            change = Update(attempt.object, attempt.id, attempt.values)
            person.company.write(SYSTEM, lambda unit, change=change: unit.records.save([change], reverting=True))
            for name, value in attempt.values.items():
                stored = person.value(attempt.object, attempt.id, name)
                assert str(stored).removesuffix(".00") == value, rule.address
