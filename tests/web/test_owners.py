"""Changing owners at the pages and by the API."""

from __future__ import annotations

from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.web.api import routes as api_routes
from dougong.web.app import create_app, make_site
from dougong.web.identity import api_tokens
from tests.web.conftest import Person


def test_one_record(person: Person) -> None:
    """The menu leads to the questions; what follows is ticked beforehand; a name that is typed is found."""
    zhao = person.save(Create("user", {"login": "zhao", "name": "Zhao"}))[0]
    account = person.ids["account1"]
    person.save(Update("account", account, {"owner": person.user_id}))
    assert f"/o/account/{account}/owner" in person.get(f"/o/account/{account}").text
    page = person.get(f"/o/account/{account}/owner").text
    assert 'value="opportunity.account" checked' in page
    sent = {"id": account, "to": "", "to.text": "Zhao", "follow": "opportunity.account", "keep": "edit"}
    assert person.post("/o/account/owner/change", {**sent, "to.text": ""}).status_code == 400
    assert person.value("account", account, "owner").id == person.user_id
    done = person.post("/o/account/owner/change", sent)
    assert done.headers["location"] == f"/o/account/{account}"
    assert person.value("account", account, "owner").id == zhao
    assert person.value("opportunity", person.ids["deal1"], "owner").id == zhao


def test_several_records(person: Person) -> None:
    """From the list: all that were selected, or none."""
    zhao = person.save(Create("user", {"login": "zhao", "name": "Zhao"}))[0]
    ids = [person.ids["account1"], person.ids["account2"]]
    assert 'formaction="/o/account/owner"' in person.get("/o/account").text
    assert "New owner of 2 records" in person.post("/o/account/owner", {"id": ids}).text
    assert person.post("/o/account/owner", {}).status_code == 303
    person.post("/o/account/owner/change", {"id": ids, "to": zhao})
    assert [person.value("account", each, "owner").id for each in ids] == [zhao, zhao]


def test_by_the_api(person: Person, sales: Company, settings: Settings) -> None:
    """What would follow, and giving it away."""
    zhao = person.save(Create("user", {"login": "zhao", "name": "Zhao"}))[0]
    account = person.ids["account1"]
    person.save(Update("account", account, {"owner": person.user_id}))
    token = sales.write(SYSTEM, lambda unit: api_tokens.make(unit, person.user_id, "test"))
    caller = TestClient(create_app(site := make_site(settings, sales), routes=api_routes(site)))
    where, said = f"/api/v1/records/account/{account}/owner", {"authorization": f"Bearer {token}"}
    found = caller.get(where, headers=said).json()
    assert found == {"followers": [{"key": "opportunity.account", "count": 1, "elsewhere": 0}]}
    assert caller.post(where, json={"to": zhao, "keep": "all"}, headers=said).status_code == 400
    done = caller.post(where, json={"to": zhao, "follow": ["opportunity.account"]}, headers=said)
    assert sorted(each["object"] for each in done.json()["changes"]) == ["account", "opportunity"]
    assert person.value("opportunity", person.ids["deal1"], "owner").id == zhao
