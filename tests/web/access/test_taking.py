"""Printing, cloning and the API: rights that come with seeing, making and any right, and are held back one by one."""

from __future__ import annotations

import re

from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Create, Update
from dougong.web.api import routes
from dougong.web.app import create_app, make_site
from dougong.web.identity import api_tokens
from tests.web.access.conftest import colleague, sign_in
from tests.web.conftest import Person


def test_pages_are_printed_and_records_cloned_where_it_is_not_held_back(person: Person) -> None:
    """Held back of customers alone: their pages have no button and print nothing, a clone is refused."""
    account = person.ids["account1"]
    contact = person.save(Create("contact", {"name": "Cora", "account": account}))[0]
    kiosk = sign_in(person, colleague(person, "kiosk", "kiosk"))
    for name, id, held in (("contact", contact, False), ("account", account, True)):
        for path in (f"/o/{name}", f"/o/{name}/{id}", f"/o/{name}/new"):
            assert ('data-print="no"' in kiosk.get(path).text) is held, path
        page = kiosk.get(f"/o/{name}/{id}").text
        assert ("data-print-page" in page, f"/o/{name}/new?clone={id}" in page) == (not held, not held)
        assert kiosk.get(f"/o/{name}/new?clone={id}").status_code == (403 if held else 200)
        sent = {"name": "Copied", "record_type": "enterprise"}
        assert kiosk.post(f"/o/{name}/new?clone={id}", sent).status_code == (403 if held else 303)


def test_lines_are_cloned_with_their_record_as_far_as_rights_go(person: Person) -> None:
    """Who may clone the record and not its lines begins without lines."""
    deal = person.ids["deal1"]
    line = {"name": "Gateway", "quantity": "2", "unit_price": "100", "opportunity": deal}
    person.save(Create("opportunity_line", line))
    user = colleague(person, "kiosk", "kiosk")
    found = []
    for sets in ([], ["copier"]):
        person.save(Update("user", user, {"permission_sets": sets}))
        kiosk = sign_in(person, user)
        sent = kiosk.form(f"/o/opportunity/new?clone={deal}")
        answer = kiosk.post(f"/o/opportunity/new?clone={deal}", sent | {"name": "Copied"})
        assert answer.status_code == 303, re.findall(r"class=\"err\".*", answer.text)
        made = answer.headers["location"].rpartition("/")[2]
        with person.company.read(SYSTEM) as unit:
            query = Query(object="opportunity_line", columns=("name",), where=Condition("opportunity", "is", made))
            found.append([row.values[0] for row in unit.records.query(query).rows])
    assert found == [[], ["Gateway"]]


def test_a_token_opens_nothing_without_the_right(person: Person, settings: Settings) -> None:
    """Neither by reading nor by writing; pages go on; no token is made. With the right held elsewhere it does."""
    user = colleague(person, "kiosk", "kiosk")
    token = person.company.write(SYSTEM, lambda unit: api_tokens.make(unit, user, "test"))
    caller = TestClient(create_app(site := make_site(settings, person.company), routes=routes(site)))
    said = {"authorization": f"Bearer {token}"}
    here = "/api/v1/records/contact"
    answers = [caller.get(here, headers=said), caller.post(here, json={"name": "By token"}, headers=said)]
    assert [(each.status_code, each.json()["errors"][0]["code"]) for each in answers] == [(403, "right-missing")] * 2
    kiosk = sign_in(person, user)
    page = kiosk.get("/account/tokens").text
    assert (
        kiosk.get("/o/contact").status_code == 200 and "You may not use the API." in page and 'name="label"' not in page
    )
    assert kiosk.post("/account/tokens", {"label": "one", "may": "read", "which": "all"}).status_code == 403
    both = colleague(person, "both", "kiosk", "sales")
    given = person.company.write(SYSTEM, lambda unit: api_tokens.make(unit, both, "test"))
    assert caller.get(here, headers={"authorization": f"Bearer {given}"}).status_code == 200
