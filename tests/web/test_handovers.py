"""Handing over at the pages and by the API: the form, what it would do, doing it, taking it back."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create, Update
from dougong.web.api import routes as api_routes
from dougong.web.app import create_app, make_site
from dougong.web.identity import api_tokens
from tests.web.conftest import Person


@pytest.fixture
def leaver(person: Person) -> str:
    """Wang, with two customers, one of them large; Zhao is there to take over, beside the person."""
    wang, zhao = person.save(*(Create("user", {"login": each, "name": each.title()}) for each in ("wang", "zhao")))
    person.ids["zhao"] = zhao
    for name, staff in (("Small Pumps", 5), ("Large Pumps", 500)):
        person.ids[name] = person.save(Create("account", {"name": name, "employees": staff, "owner": wang}))[0]
    return wang


def owner(person: Person, name: str) -> Any:
    return person.value("account", person.ids[name], "owner").id


def hidden(page: str, name: str) -> str:
    """The value of a hidden input."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_from_the_form_and_back(person: Person, leaver: str) -> None:
    """By formula and by name; the preview tells and moves nothing; undo gives back and says what stays."""
    assert f"/handover/{leaver}" in person.get(f"/o/user/{leaver}").text
    form = person.get(f"/handover/{leaver}").text
    assert "Customers" in form
    sent = {
        "to": "", "to.text": "Zhao", "afterwards": "freeze", "why": "left",
        "part.account.owner": "", "when.account.owner": "employees > 100", "case.account.owner": person.user_id,
    }  # fmt: skip
    page = person.post(f"/handover/{leaver}/preview", sent)
    assert page.status_code == 200, page.text
    assert re.search(r"Zhao <b>1</b>", page.text)
    assert re.search(r"Li Lei <b>1</b>", page.text)
    assert "Large Pumps" in page.text
    assert owner(person, "Large Pumps") == leaver, "nothing has moved"
    document = hidden(page.text, "document")
    again = person.post(f"/handover/{leaver}/change", {"document": document, "why": "left"}).text
    assert 'value="employees &gt; 100"' in again

    done = person.post(f"/handover/{leaver}", {"document": document, "why": "left"})
    assert done.status_code == 303, done.text
    assert (owner(person, "Small Pumps"), owner(person, "Large Pumps")) == (person.ids["zhao"], person.user_id)
    assert person.value("user", leaver, "frozen") is True
    where = done.headers["location"]
    assert "Take the handover back" in person.get(where).text
    person.save(Update("account", person.ids["Large Pumps"], {"owner": person.ids["zhao"]}))
    page = person.post(f"{where}/undo", {}).text
    assert "1 record is back where it was." in page
    assert "It was given to somebody else since." in page
    assert owner(person, "Small Pumps") == leaver
    assert "Take the handover back" not in person.get(where).text
    assert person.post(f"{where}/undo", {}).status_code == 400


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"to": "", "to.text": "Nobody at all"}, "There is no one person called Nobody at all."),
        ({"to": ""}, "Say who takes over."),
        ({"when.account.owner": "employes > 1", "to": "me", "case.account.owner": "me"}, "employees"),
        ({"to": "leaver"}, "cannot take over"),
        ({"document": "{"}, "This is no handover"),
    ],
)
def test_amiss(person: Person, leaver: str, sent: dict[str, str], said: str) -> None:
    """The form comes back and says what is wrong; nothing moves."""
    named = {"me": person.user_id, "leaver": leaver}
    for way in ("/preview", ""):
        page = person.post(f"/handover/{leaver}{way}", {key: named.get(each, each) for key, each in sent.items()})
        assert page.status_code in (400, 422), page.text
        assert said in html.unescape(page.text)
    assert owner(person, "Large Pumps") == leaver


def test_only_who_manages_users(person: Person, leaver: str) -> None:
    """Nobody else finds the pages, or is offered them."""
    person.save(Update("user", person.user_id, {"roles": [], "permission_sets": ["work_basics", "sales_work"]}))
    assert person.get(f"/handover/{leaver}").status_code == 403
    assert person.post(f"/handover/{leaver}", {"document": json.dumps({"to": [person.user_id]})}).status_code == 403
    assert f"/handover/{leaver}" not in person.get(f"/o/user/{leaver}").text
    assert owner(person, "Large Pumps") == leaver


def test_by_the_api(person: Person, leaver: str, sales: Company, settings: Settings) -> None:
    """The same, in JSON."""
    token = sales.write(SYSTEM, lambda unit: api_tokens.make(unit, person.user_id, "test"))
    caller = TestClient(create_app(site := make_site(settings, sales), routes=api_routes(site)))

    def call(path: str, body: Any = None) -> Any:
        return caller.post(f"/api/v1/handovers/{path}", json=body, headers={"authorization": f"Bearer {token}"})

    wish = {"to": [person.ids["zhao"]], "why": "left"}
    seen = call(f"{leaver}/preview", wish)
    assert seen.status_code == 200, seen.text
    assert [(each["key"], each["moved"]) for each in seen.json()["holdings"]] == [
        ("account.owner", {person.ids["zhao"]: 2})
    ]
    assert owner(person, "Small Pumps") == leaver
    made = call(leaver, wish)
    assert made.status_code == 201, made.text
    assert owner(person, "Small Pumps") == person.ids["zhao"]
    back = call(f"taken-back/{made.json()['operation']}", {})
    assert back.json() == {"returned": 2, "kept": []}
    assert owner(person, "Small Pumps") == leaver
    assert call(leaver, {"surprise": 1}).status_code == 400
