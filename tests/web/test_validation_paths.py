"""One rule on every way in: refused with the same code at the same field, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from dougong.base.errors import DougongError
from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.saving import conversion
from dougong.engine.saving.batch import Create, Update
from dougong.metadata.component import Component
from dougong.web.api import routes
from dougong.web.app import create_app, make_site
from dougong.web.identity.api_tokens import make as make_token
from tests.engine.test_publish import change
from tests.engine.transfer.office import Office
from tests.web.conftest import Person

MESSAGE = {"en": "Nobody knows this name", "zh-CN": "没有这个名称"}
RULE = Component(
    "validation_rule",
    "opportunity.unknown",
    {
        "kind": "validation_rule",
        "name": "opportunity.unknown",
        "object": "opportunity",
        "when": 'CONTAINS(name, "Forbidden")',
        "at": ["name"],
        "message": MESSAGE,
    },
)
Found = set[tuple[str, str | None]]


def told(error: DougongError) -> Found:
    return {(each.code, each.place.field) for each in error.problems}


def engine(person: Person) -> Found:
    with pytest.raises(DougongError) as caught:
        person.save(Update("opportunity", person.ids["deal1"], {"name": "Forbidden"}))
    return told(caught.value)


def api(person: Person) -> Found:
    return _api(person, "PATCH", f"/{person.ids['deal1']}", {"name": "Forbidden"})


def bulk(person: Person) -> Found:
    new = {"op": "create", "values": {"name": "Forbidden"}}
    old = {"op": "update", "id": person.ids["deal1"], "values": {"name": "Forbidden"}}
    return _api(person, "POST", "/bulk", {"changes": [new, old]})


def _api(person: Person, method: str, path: str, body: object) -> Found:
    token = person.company.write(SYSTEM, lambda unit: make_token(unit, person.user_id, "test"))
    headers = {"authorization": f"Bearer {token}"}
    site = make_site(Settings.from_environment(), person.company)
    with TestClient(create_app(site, routes=routes(site)), base_url="http://127.0.0.1:8000") as client:
        answer = client.request(method, f"/api/v1/records/opportunity{path}", json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    return {(each["code"], each["field"]) for each in answer.json()["errors"]}


def imported(person: Person) -> Found:
    report = Office(person.company).load("opportunity", "name\nForbidden\n")
    assert report.created == 0
    return {(each.code, each.place.field) for found in report.problems.values() for each in found}


def converted(person: Person) -> Found:
    (lead,) = person.save(Create("lead", {"name": "Li", "company": "Yuanlan", "person": "Li", "need": "Forbidden"}))
    with pytest.raises(DougongError) as caught:
        person.company.write(SYSTEM, lambda unit: conversion.convert(unit, "lead", lead, "convert"))
    assert person.value("lead", lead, "status") == "new"
    return told(caught.value)


def form(person: Person) -> Found:
    url = f"/o/opportunity/{person.ids['deal1']}/edit"
    answer = person.post(url, person.form(url, {"name": "Forbidden"}))
    return _page(answer.status_code, answer.text)


def inline(person: Person) -> Found:
    url = f"/o/opportunity/{person.ids['deal1']}/field/name"
    answer = person.post(url, person.form(url, {"name": "Forbidden"}, hx_request="true"), hx_request="true")
    return _page(answer.status_code, answer.text)


def _page(status: int, text: str) -> Found:
    """What a page says: the message, in the widget of the field."""
    assert status == 422
    widget = text[text.index('id="w-name"') :].partition('id="w-')[2].partition('id="w-')[0]
    return {("rule", "name")} if MESSAGE["en"] in widget else set()


WAYS = (engine, form, inline, api, bulk, imported, converted)


@pytest.mark.parametrize("way", WAYS, ids=[each.__name__ for each in WAYS])
def test_a_rule_holds_on_every_way_in(person: Person, way: Callable[[Person], Found]) -> None:
    change(person.company, RULE)
    before = person.value("opportunity", person.ids["deal1"], "name"), count(person)
    assert way(person) == {("rule", "name")}
    assert (person.value("opportunity", person.ids["deal1"], "name"), count(person)) == before


def count(person: Person) -> int:
    """The deals there are."""
    return len(Office(person.company).rows("opportunity", "name"))
