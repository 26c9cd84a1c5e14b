"""How others sign in: for those who manage users alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.base.hooks import hook, plugin_manager
from dougong.base.settings import Settings
from dougong.engine.access import Access
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.rights import superiors
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.app import create_app, make_site
from dougong.web.identity import api_tokens
from dougong.web.identity.policy import Policy
from dougong.web.pages import sign_ins
from tests.web.conftest import Person

OURS = {"sec-fetch-site": "same-origin"}


class NoManager(Access):
    """Somebody who manages no users."""

    key = "no manager"

    def has(self, right: str) -> bool:
        return right != sign_ins.RIGHT


class Narrow:
    """Nobody manages users."""

    @hook
    def access(self, actor: Any, model: Any) -> Access:
        return NoManager()


@pytest.fixture
def other(person: Person, sales: Company) -> str:
    """Another user, with a password, a session and a token."""

    def work(unit: Unit) -> str:
        made = unit.records.save([Create("user", {"login": "wang", "name": "王芳"})]).changes[0].id
        credentials.set_password(unit, made, "several words together")
        sessions.begin(unit, made, "Firefox/1 Windows", "192.0.2.7")
        api_tokens.make(unit, made, "sync")
        return made

    return sales.write(SYSTEM, work)


def test_what_a_manager_does_for_another(client: TestClient, person: Person, other: str) -> None:
    """Sees that they wait, lets them try; signs them out; gives a password; takes a token back."""
    stranger = TestClient(client.app, base_url="http://testserver")
    wrong = {"login": "wang", "password": "wrong"}
    for _ in range(Policy().free_tries + 1):
        last = stranger.post("/sign-in", data=wrong, headers=OURS)
    assert last.status_code == 429
    assert "waits after wrong tries" in person.get("/sign-ins?q=wang").text
    page = person.get(f"/sign-ins/{other}").text
    assert "Firefox · Windows" in page
    assert "192.0.2.7" in page
    assert person.post(f"/sign-ins/{other}/unlock", {}).status_code == 303
    assert stranger.post("/sign-in", data=wrong, headers=OURS).status_code == 422
    (one,) = set(re.findall(rf"/sign-ins/{other}/sessions/([0-9a-f-]+)/end", page))
    assert person.post(f"/sign-ins/{other}/sessions/{one}/end", {}).status_code == 303
    assert "Firefox" not in person.get(f"/sign-ins/{other}").text
    (token,) = set(re.findall(rf"/sign-ins/{other}/tokens/([0-9a-f-]+)/revoke", page))
    assert person.post(f"/sign-ins/{other}/tokens/{token}/revoke", {}).status_code == 303
    given = person.post(f"/sign-ins/{other}/password", {}).text
    once = re.search(r'class="token">([^<]+)<', given)[1]  # type: ignore[index]
    assert once not in person.get(f"/sign-ins/{other}").text
    stranger.post("/sign-in", data={"login": "wang", "password": once}, headers=OURS)
    assert stranger.get("/o/account", follow_redirects=False).headers["location"].startswith("/password")
    assert person.post(f"/sign-ins/{other}/sessions/end", {}).status_code == 303
    assert stranger.get("/o/account", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_nobody_else_does(sales: Company, settings: Settings, person: Person, other: str) -> None:
    """Without the right every page and button refuses, and says so to nobody by a link."""
    sales.hooks = plugin_manager([Narrow()]).hook
    client = TestClient(create_app(make_site(settings, sales)), base_url="http://testserver")
    client.cookies = person.client.cookies
    assert "/sign-ins" not in client.get("/account/security").text
    for page in sign_ins.PAGES:
        path = page.path.replace("{id}", other).replace("{session}", other).replace("{token}", other)
        assert client.request(page.method, path, headers=OURS, follow_redirects=False).status_code == 403, path
    with sales.read(SYSTEM) as unit:
        assert len(sessions.listed(unit, other)) == 1


def test_who_holds_more_is_only_looked_at(
    person: Person, other: str, sales: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every button refuses, and the page offers none. What that means: tests/engine/rights/test_superiors.py."""
    monkeypatch.setattr(superiors, "covers", lambda *_: False)
    page = person.get(f"/sign-ins/{other}")
    assert page.status_code == 200 and "rights that you do not hold" in page.text
    assert f'action="/sign-ins/{other}' not in page.text
    for each in sign_ins.PAGES:
        path = each.path.replace("{id}", other).replace("{session}", other).replace("{token}", other)
        if each.method == "POST":
            assert person.post(path, {}).status_code == 403, path
    with sales.read(SYSTEM) as unit:
        assert len(sessions.listed(unit, other)) == 1
        assert len(api_tokens.listed(unit, other)) == 1
    assert person.get(f"/sign-ins/{person.user_id}").text.count(f'action="/sign-ins/{person.user_id}') > 0


def test_who_is_switched_off_is_out_at_once(client: TestClient, person: Person, sales: Company) -> None:
    """The next request is refused, and no session comes back when they are switched on again."""
    assert person.get("/o/account").status_code == 200
    person.save(Update("user", person.user_id, {"active": False}))
    assert person.get("/o/account").headers["location"].startswith("/sign-in")
    assert person.post("/preferences", {"theme": "dark"}).headers["location"].startswith("/sign-in")
    person.save(Update("user", person.user_id, {"active": True}))
    assert person.get("/o/account").headers["location"].startswith("/sign-in")


def test_one_ends_ones_own_sessions_alone(person: Person, other: str, sales: Company) -> None:
    with sales.read(SYSTEM) as unit:
        (theirs,) = sessions.listed(unit, other)
    assert person.post(f"/account/security/sessions/{theirs.id}/end", {}).status_code == 404
    sales.write(SYSTEM, lambda unit: sessions.begin(unit, person.user_id, "Safari/1 iPhone", "192.0.2.9"))
    page = person.get("/account/security").text
    (one,) = set(re.findall(r"/account/security/sessions/([0-9a-f-]+)/end", page))
    assert person.post(f"/account/security/sessions/{one}/end", {}).status_code == 303
    with sales.read(SYSTEM) as unit:
        assert [each.device for each in sessions.listed(unit, person.user_id)] == ["test"]
        assert len(sessions.listed(unit, other)) == 1
