"""Every route there is: what changes something wants to come from our pages, what is guarded says so, nobody is led
elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.company import Company
from dougong.web import sessions
from dougong.web.api import CALLS
from dougong.web.api import routes as api_routes
from dougong.web.app import create_app, make_site
from dougong.web.pages import PAGES
from dougong.web.protection import POLICY
from dougong.workflows import pages as workflow_pages
from tests.web.conftest import Person

SAFE = {"GET", "HEAD"}
ELSEWHERE = (
    "https://elsewhere.example/",
    "//elsewhere.example",
    "///elsewhere.example",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "/%5Celsewhere.example/..//elsewhere.example\\",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\telsewhere.example",
    "/\n//elsewhere.example",
    " //elsewhere.example",
    "http:elsewhere.example",
)


def filled(path: str) -> str:
    """An address of a route, its parameters filled with what exists nowhere."""
    return re.sub(r"\{[^}]+\}", "00000000-0000-7000-8000-000000000000", path)


def served(client: TestClient) -> list[tuple[str, str]]:
    """Method and address of every route of the application but those of the API."""
    app: Any = client.app
    routes = [each for each in app.routes if isinstance(each, Route) and not each.path.startswith("/api/")]
    return [(method, filled(each.path)) for each in routes for method in sorted(each.methods or ())]


def test_every_change_wants_to_come_from_our_pages(client: TestClient, person: Person) -> None:
    """Whatever the route and whoever is signed in: another site's form changes nothing, nor one without any mark."""
    changing = [(method, path) for method, path in served(client) if method not in SAFE]
    assert len(changing) >= len([each for each in PAGES if each.method == "POST"])
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}, {}):
        for method, path in changing:
            answer = client.request(method, path, headers=headers, follow_redirects=False)
            assert answer.status_code == 403, (method, path, headers)


def test_no_page_changes_anything_by_get(client: TestClient) -> None:
    """There are no other methods than the two that a page is declared with."""
    assert {method for method, _ in served(client)} <= {"GET", "HEAD", "POST"}


def test_no_page_but_those_of_the_door_opens_for_strangers(client: TestClient) -> None:
    """Who is not signed in is led to the door from every page that is not part of it."""
    door = {filled(each.path) for each in (*PAGES, *workflow_pages.PAGES) if each.who == "anyone"}
    for method, path in served(client):
        if path in door or path == "/health" or method == "HEAD":
            continue
        answer = client.request(method, path, headers={"sec-fetch-site": "same-origin"}, follow_redirects=False)
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/sign-in"), (method, path)


def test_no_call_of_the_api_takes_a_cookie(sales: Company, settings: Settings, person: Person) -> None:
    """So no other site can make a browser call it."""
    site = make_site(settings, sales)
    client = TestClient(create_app(site, routes=api_routes(site)), base_url="http://testserver")
    client.cookies = person.client.cookies
    for call in CALLS:
        assert client.request(call.method, filled(call.path)).status_code == 401, call.path


def test_every_answer_is_guarded(client: TestClient, person: Person) -> None:
    """Pages, refusals, files and errors alike carry every header."""
    wanted = {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",
    }
    for method, path in served(client):
        headers = client.request(method, path, follow_redirects=False).headers
        assert {name: headers.get(name) for name in wanted} == wanted, (method, path)
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers, "plain http"
    for piece in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert piece in POLICY
    assert "unsafe" not in POLICY


def test_behind_tls_cookies_and_transport_are_strict(
    sales: Company, settings: Settings, person: Person, with_password: str
) -> None:
    """PUBLIC_URL says https: then cookies are bound to this host and https, and browsers told to stay with it."""
    app = create_app(make_site(replace(settings, public_url="https://testserver"), sales))
    client = TestClient(app, base_url="https://testserver")
    sent = {"login": "li", "password": with_password}
    answer = client.post("/sign-in", data=sent, headers={"sec-fetch-site": "same-origin"}, follow_redirects=False)
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-dougong="))
    kept = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite", "path"} <= kept
    assert "domain" not in kept
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert client.get("/o/account").status_code == 200


@pytest.mark.parametrize("sent", [{"name": "back"}, {"name": "next"}])
def test_nobody_is_led_elsewhere(client: TestClient, person: Person, with_password: str, sent: dict[str, str]) -> None:
    """Every page that leads on, asked to lead to another site, leads to one of ours or nowhere."""
    ours = {"sec-fetch-site": "same-origin"}
    leading = ["/sign-in", "/language", "/preferences", "/password", "/account/prove"]
    for target in ELSEWHERE:
        for path in leading:
            data = {sent["name"]: target, "login": "li", "password": with_password, "language": "en"}
            answer = client.post(path, data=data, params={sent["name"]: target}, headers=ours, follow_redirects=False)
            location = answer.headers.get("location", "/")
            assert location.startswith("/"), (path, target)
            assert not location.startswith(("//", "/\\")), (path, target)
        for path in ("/sign-in", "/sign-in/second-step", "/account/security", "/password"):
            answer = client.get(path, params={sent["name"]: target}, follow_redirects=False)
            assert "elsewhere.example" not in answer.headers.get("location", ""), (path, target)
            assert f'value="{target}"' not in answer.text, (path, target)


def test_signing_in_always_begins_a_new_session(client: TestClient, person: Person, with_password: str) -> None:
    """A cookie that somebody planted is not the one that is signed in, and the session before it ends."""
    name, ours = sessions.cookie_name(False), {"sec-fetch-site": "same-origin"}
    before = client.cookies[name]
    sent = {"login": "li", "password": with_password}
    client.post("/sign-in", data=sent, headers=ours, follow_redirects=False)
    after = client.cookies.get(name, domain="testserver.local") or client.cookies.get(name, domain="")
    assert after != before
    planted = TestClient(client.app, base_url="http://testserver", cookies={name: "planted-by-somebody"})
    answer = planted.post("/sign-in", data=sent, headers=ours, follow_redirects=False)
    assert name in answer.headers["set-cookie"]
    assert "planted-by-somebody" not in answer.headers["set-cookie"]
    old = TestClient(client.app, base_url="http://testserver", cookies={name: before})
    assert old.get("/o/account", follow_redirects=False).status_code == 303
