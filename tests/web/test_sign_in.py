"""The door: who comes in, how often one may try, what a one-time password is good for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.web import credentials, protection, sessions
from dougong.web.identity.policy import Policy

OURS = {"sec-fetch-site": "same-origin"}


def enter(client: TestClient, login: str, password: str, **data: str) -> Any:
    sent = {"login": login, "password": password, **data}
    return client.post("/sign-in", data=sent, headers=OURS, follow_redirects=False)


def test_pages_lead_to_the_door_and_back(client: TestClient, with_password: str) -> None:
    """Who is not signed in gets the door, and afterwards the page they wanted."""
    sent_away = client.get("/o/account?view=all", follow_redirects=False)
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/sign-in?back=%2Fo%2Faccount%3Fview%3Dall"
    assert "Password" in client.get(sent_away.headers["location"]).text
    came_in = enter(client, "LI", with_password, back="/o/account?view=all")
    assert (came_in.status_code, came_in.headers["location"]) == (303, "/o/account?view=all")
    assert client.get("/o/account").status_code == 200


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:1"]
)
def test_the_door_leads_nowhere_else(client: TestClient, with_password: str, back: str) -> None:
    assert enter(client, "li", with_password, back=back).headers["location"] == "/"


def test_wrong_passwords_cost_time(client: TestClient, with_password: str) -> None:
    """After a few wrong ones even the right one waits."""
    answers: dict[str, list[tuple[int, str]]] = {"li": [], "nobody": []}
    for name, known in answers.items():
        for _ in range(Policy().free_tries + 1):
            refused = enter(client, name, "wrong")
            known.append((refused.status_code, re.sub(r"\s+", " ", said(refused.text))))
    assert answers["li"] == answers["nobody"], "an unknown name is told the same, and brakes alike"
    assert [status for status, _ in answers["li"]] == [422] * Policy().free_tries + [429]
    assert "Name or password is not right." in answers["li"][0][1]
    stopped = enter(client, "li", with_password)
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) > 0


def said(page: str) -> str:
    """What a page tells of an error."""
    return re.search(r'role="alert">(.*?)</div>', page, re.DOTALL)[1]  # type: ignore[index]


def test_a_one_time_password_is_changed_first(client: TestClient, sales: Company, user_id: str) -> None:
    once = credentials.one_time_password()
    sales.write(SYSTEM, lambda unit: credentials.set_password(unit, user_id, once, must_change=True))
    enter(client, "li", once)
    assert client.get("/o/account", follow_redirects=False).headers["location"].startswith("/password")
    short = client.post("/password", data={"new": "short", "again": "short"}, headers=OURS)
    assert short.status_code == 422
    assert "at least 10 characters" in short.text
    assert client.post("/password", data={"new": once, "again": once}, headers=OURS).status_code == 422
    new = {"new": "a longer sentence", "again": "a longer sentence"}
    assert client.post("/password", data=new, headers=OURS, follow_redirects=False).status_code == 303
    assert client.get("/o/account").status_code == 200
    client.cookies.clear()
    assert enter(client, "li", once).status_code == 422


def test_signing_out_ends_the_session(client: TestClient, with_password: str) -> None:
    enter(client, "li", with_password)
    token = client.cookies[sessions.cookie_name(False)]
    client.post("/sign-out", headers=OURS)
    client.cookies.set(sessions.cookie_name(False), token)
    assert client.get("/o/account", follow_redirects=False).status_code == 303


def test_the_database_does_not_hold_the_cookie(client: TestClient, sales: Company, with_password: str) -> None:
    enter(client, "li", with_password)
    with sales.read(SYSTEM) as unit:
        from sqlalchemy import select

        from dougong.engine.sign_in_tables import sessions as stored

        kept = unit.connection.execute(select(stored.c.token)).scalars().all()
    assert client.cookies[sessions.cookie_name(False)] not in kept


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://testserver"}, 303),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_changes_come_from_our_pages_alone(
    client: TestClient, with_password: str, headers: dict[str, str], status: int
) -> None:
    enter(client, "li", with_password)
    assert (
        client.post("/preferences", data={"theme": "dark"}, headers=headers, follow_redirects=False).status_code
        == status
    )


def test_an_old_browser_proves_itself_by_token(client: TestClient, with_password: str) -> None:
    enter(client, "li", with_password)
    token = protection.token(client.cookies[sessions.cookie_name(False)])
    sent = {"theme": "dark", "csrf": token}
    assert client.post("/preferences", data=sent, follow_redirects=False).status_code == 303
    forged = {"theme": "dark", "csrf": protection.token("another")}
    assert client.post("/preferences", data=forged, follow_redirects=False).status_code == 403


def test_every_answer_is_guarded(client: TestClient) -> None:
    """Pages, errors and files alike: no inline script, no framing, no sniffing."""
    for path in ("/sign-in", "/nowhere", "/static/nothing.css"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"]


def test_the_door_speaks_the_visitors_language(client: TestClient) -> None:
    assert 'lang="zh-CN"' in client.get("/sign-in", headers={"accept-language": "fr,zh-TW;q=0.9"}).text
    client.post("/language", data={"language": "en"}, headers=OURS)
    assert 'lang="en"' in client.get("/sign-in", headers={"accept-language": "zh-CN"}).text
