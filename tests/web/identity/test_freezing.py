"""Frozen people are out at once, by every way in, and keep what they own."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.rights.access import granted_to
from dougong.engine.saving.batch import Create, Update
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.api import routes as api_routes
from dougong.web.app import create_app, make_site
from dougong.web.identity import api_tokens
from tests.web.conftest import PASSWORD, Person


@pytest.fixture
def leaver(person: Person, sales: Company) -> dict[str, str]:
    """Another user with a role, a password, a session, a token and a customer."""

    def work(unit: Unit) -> dict[str, str]:
        values = {"login": "wang", "name": "王芳", "roles": ["system_administrator"]}
        made = unit.records.save([Create("user", values)]).changes[0].id
        credentials.set_password(unit, made, PASSWORD)
        account = unit.records.save([Create("account", {"name": "Thames Pumps", "owner": made})]).changes[0].id
        session, token = sessions.begin(unit, made, "Firefox", "192.0.2.7"), api_tokens.make(unit, made, "sync")
        return {"id": made, "account": account, "session": session, "token": token}

    return sales.write(SYSTEM, work)


def test_freezing(person: Person, leaver: dict[str, str], sales: Company, settings: Settings) -> None:
    """Sessions end, tokens and the password open nothing, no right is left; the customer stays; thawing lets in."""
    assert "Freeze now" in person.get(f"/sign-ins/{leaver['id']}").text
    bearer = {"authorization": f"Bearer {leaver['token']}"}
    site = make_site(settings, sales)
    stranger = TestClient(create_app(site, routes=api_routes(site)), base_url="http://testserver")
    assert stranger.get("/api/v1/records/account", headers=bearer).status_code == 200
    person.post(f"/sign-ins/{leaver['id']}/freeze", {})
    assert person.value("user", leaver["id"], "frozen") is True
    assert stranger.get("/api/v1/records/account", headers=bearer).status_code == 401
    with sales.read(SYSTEM) as unit:
        assert sessions.listed(unit, leaver["id"]) == []
        known = credentials.account(unit, "wang")
        assert not credentials.fits(known, PASSWORD)
        granted = granted_to(unit.acting(Actor(user_id=leaver["id"], name="")))
        assert granted is not None and not granted.rights("account"), "what runs in their name may nothing"
    assert person.value("account", leaver["account"], "owner").id == leaver["id"]
    person.post(f"/sign-ins/{leaver['id']}/thaw", {})
    assert stranger.get("/api/v1/records/account", headers=bearer).status_code == 200
    with sales.read(SYSTEM) as unit:
        assert credentials.fits(credentials.account(unit, "wang"), PASSWORD)


def test_session_that_outlives_freezing(person: Person, leaver: dict[str, str], sales: Company) -> None:
    """A session that somehow came about while its owner is frozen opens nothing."""
    person.save(Update("user", leaver["id"], {"frozen": True}))
    session = sales.write(SYSTEM, lambda unit: sessions.begin(unit, leaver["id"], "Firefox", "192.0.2.7"))
    person.client.cookies.set(sessions.cookie_name(False), session)
    assert person.get("/o/account").headers["location"].startswith("/sign-in")


def test_nobody_freezes_themselves(person: Person) -> None:
    """There would be nobody to let them in again."""
    page = person.get(f"/sign-ins/{person.user_id}").text
    assert "Freeze now" not in page
    assert person.post(f"/sign-ins/{person.user_id}/freeze", {}).status_code == 422
    assert not person.value("user", person.user_id, "frozen")
