"""API tokens: shown once, kept hashed, narrowed by a scope, limited in their calls, taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Update
from dougong.engine.sign_in_tables import tokens
from dougong.engine.tables import audit
from dougong.web.api import door
from dougong.web.api import routes as api_routes
from dougong.web.app import create_app, make_site
from dougong.web.identity import rates
from dougong.web.identity.policy import Policy
from tests.web.conftest import Person


@pytest.fixture(autouse=True)
def counted_anew() -> Iterator[None]:
    """No test is charged with the calls of another."""
    rates.forget()
    yield
    rates.forget()


@pytest.fixture
def caller(sales: Company, settings: Settings) -> TestClient:
    """A program without a cookie."""
    site = make_site(settings, sales)
    return TestClient(create_app(site, routes=api_routes(site)), base_url="http://testserver")


def made(person: Person, **sent: Any) -> str:
    """A token that the page makes."""
    page = person.post("/account/tokens", {"label": "sync", "days": "30", "may": "read", "which": "all", **sent})
    assert page.status_code == 200, page.text
    return re.search(r'class="token">(dg_[^<]+)<', page.text)[1]  # type: ignore[index]


def call(caller: TestClient, token: str, method: str, path: str, body: Any = None) -> Any:
    return caller.request(method, f"/api/v1{path}", json=body, headers={"authorization": f"Bearer {token}"})


def test_what_a_scope_leaves(person: Person, caller: TestClient) -> None:
    """Every kind of call, with every kind of scope: what is not in it is refused, and changes nothing."""
    change_set = {"components": [], "remove": [], "message": ""}
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/records/account", None),
        ("GET", f"/records/opportunity/{person.ids['deal1']}", None),
        ("PATCH", f"/records/account/{person.ids['account1']}", {"name": "Aldgate & Co"}),
        ("POST", "/metadata/check", change_set),
    ]
    scopes: dict[str, tuple[dict[str, Any], list[bool]]] = {
        "all": ({"may": "write", "metadata": "1"}, [True, True, True, True]),
        "writes": ({"may": "write"}, [True, True, True, False]),
        "reads": ({"metadata": "1"}, [True, True, False, False]),
        "accounts": ({"may": "write", "which": "some", "object": ["account"]}, [True, False, True, False]),
        "nothing": ({"may": "write", "which": "some"}, [False, False, False, False]),
    }
    for name, (sent, allowed) in scopes.items():
        token = made(person, **sent)
        found = [call(caller, token, *each).status_code for each in calls]
        assert [status < 300 for status in found] == allowed, (name, found)
        assert all(status in (403, 404) for status in found if status >= 300), (name, found)
    assert person.value("account", person.ids["account1"], "name") == "Aldgate & Co"


def test_a_token_from_making_to_taking_back(person: Person, caller: TestClient, sales: Company) -> None:
    token = made(person)
    with sales.read(SYSTEM) as unit:
        kept = [str(unit.connection.execute(select(table)).all()) for table in (tokens, audit)]
    assert not [each for each in kept if token in each or token[3:] in each]
    page = person.get("/account/tokens").text
    assert token not in page, "shown once"
    assert "not used yet" in page
    assert call(caller, token, "GET", "/records/account").status_code == 200
    page = person.get("/account/tokens").text
    assert "last used" in page
    person.save(Update("user", person.user_id, {"active": False}))
    assert call(caller, token, "GET", "/records/account").status_code == 401, "switched off, at once"
    person.save(Update("user", person.user_id, {"active": True}))
    assert person.get("/account/tokens").status_code == 303, "sessions do not come back with the person"
    with time_machine.travel("2030-01-01 00:00:00Z"):
        assert call(caller, token, "GET", "/records/account").status_code == 401, "expired"


def test_taking_back_ends_it_at_once(person: Person, caller: TestClient) -> None:
    token = made(person)
    path = re.search(r'action="(/account/tokens/[^"]+/revoke)"', person.get("/account/tokens").text)[1]  # type: ignore[index]
    assert person.post(path, {}).status_code == 303
    assert person.post(path, {}).status_code == 404
    assert call(caller, token, "GET", "/records/account").status_code == 401


@pytest.mark.parametrize(
    "sent", [{"days": "0"}, {"days": "99999"}, {"days": "x"}, {"which": "some", "object": ["nothing"]}]
)
def test_what_makes_no_sense_makes_no_token(person: Person, sent: dict[str, Any]) -> None:
    data = {"label": "sync", "days": "30", "may": "read", "which": "all", **sent}
    answer = person.post("/account/tokens", data)
    assert answer.status_code == 422
    assert "dg_" not in answer.text


def test_each_token_has_its_calls_a_minute(person: Person, caller: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One token too busy slows no other; the answer says when to come again."""
    monkeypatch.setattr(door, "policy_of", lambda _: Policy(api_calls_per_minute=3))
    busy, other = made(person), made(person)
    found = [call(caller, busy, "GET", "/records/account") for _ in range(4)]
    assert [each.status_code for each in found] == [200, 200, 200, 429]
    assert 0 < int(found[-1].headers["retry-after"]) <= 120
    assert found[-1].json()["errors"][0]["code"] == "requests-too-many"
    assert call(caller, other, "GET", "/records/account").status_code == 200


def test_who_guesses_tokens_is_stopped(person: Person, caller: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "BAD_TOKENS", 3)
    found = [call(caller, f"dg_{number}", "GET", "/records/account").status_code for number in range(5)]
    assert found == [401, 401, 401, 429, 429]
    assert call(caller, made(person), "GET", "/records/account").status_code == 200, "a good token is not held up"


def test_the_door_takes_so_many_a_minute(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is sent to it, from one address."""
    monkeypatch.setattr(rates, "AT_THE_DOOR", 2)
    ours = {"sec-fetch-site": "same-origin"}
    found = [client.post("/sign-in/passkey/options", headers=ours) for _ in range(3)]
    assert [each.status_code for each in found] == [200, 200, 429]
    assert int(found[-1].headers["retry-after"]) > 0
