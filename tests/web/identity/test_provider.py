"""Single sign-on against a provider in a process of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from dougong.base.settings import Secret, Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Update
from dougong.web.app import create_app, make_site
from dougong.web.identity import provider
from tests.web.conftest import Person

READY_SECONDS = 60


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a running provider."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + READY_SECONDS
    try:
        while True:
            try:
                httpx2.get(f"{address}/.well-known/openid-configuration", timeout=5).raise_for_status()
                break
            except httpx2.HTTPError:
                assert process.poll() is None, "the provider ended"
                assert time.monotonic() < until, "the provider did not start"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def on_sign_on(settings: Settings, issuer: str) -> Settings:
    """Settings with the provider."""
    return replace(
        settings,
        public_url="http://testserver",
        oidc_issuer=issuer,
        oidc_client_id="crm",
        oidc_client_secret=Secret("secret"),
        oidc_name="Sign in with Example",
    )


def visitor(sales: Company, settings: Settings) -> TestClient:
    """Somebody with a browser of their own."""
    return TestClient(create_app(make_site(settings, sales)), base_url="http://testserver")


def claims(issuer: str, subject: str, **more: Any) -> None:
    """What the provider shall say of a subject."""
    httpx2.put(f"{issuer}/users/{subject}", json={"sub": subject, **more}).raise_for_status()


def to_provider(client: TestClient, path: str = "/sign-in/provider?back=/o/account") -> str:
    """The address that a browser is sent to."""
    sent = client.get(path, follow_redirects=False)
    assert sent.status_code == 303
    return str(sent.headers["location"])


def grant(url: str, subject: str) -> str:
    """The address that the provider sends the browser back to, after `subject` said yes there."""
    answer = httpx2.post(url, data={"sub": subject}, follow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    return str(answer.headers["location"])


def come_back(client: TestClient, url: str) -> Any:
    return client.get(url, follow_redirects=False)


def sign_on(client: TestClient, subject: str) -> Any:
    return come_back(client, grant(to_provider(client), subject))


def test_nobody_comes_in_unasked(sales: Company, on_sign_on: Settings, person: Person, issuer: str) -> None:
    """By default a stranger is nobody here, and an equal e-mail address links nobody."""
    person.save(Update("user", person.user_id, {"email": "li@example.com"}))
    claims(issuer, "stranger", email="li@example.com", email_verified=True, preferred_username="li")
    client = visitor(sales, on_sign_on)
    assert "Sign in with Example" in client.get("/sign-in").text
    answer = sign_on(client, "stranger")
    assert answer.status_code == 403
    assert "Nobody here is linked" in answer.text
    assert client.get("/o/account", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("email", "verified", "status"),
    [("li@example.com", True, 303), ("li@example.com", False, 403), ("other@example.com", True, 403)],
)
def test_a_verified_address_links_where_the_operator_says_so(
    sales: Company, on_sign_on: Settings, person: Person, issuer: str, email: str, verified: bool, status: int
) -> None:
    person.save(Update("user", person.user_id, {"email": "li@example.com"}))
    claims(issuer, f"of-{email}-{verified}", email=email, email_verified=verified)
    client = visitor(sales, replace(on_sign_on, oidc_link_by_email=True))
    answer = sign_on(client, f"of-{email}-{verified}")
    assert answer.status_code == status
    if status == 303:
        assert answer.headers["location"] == "/o/account"
        assert client.get("/o/account").status_code == 200
        person.save(Update("user", person.user_id, {"email": "moved@example.com"}))
        assert sign_on(visitor(sales, on_sign_on), f"of-{email}-{verified}").status_code == 303, "linked by subject"
        person.save(Update("user", person.user_id, {"active": False}))
        assert client.get("/o/account", follow_redirects=False).status_code == 303, "out at once"
        assert sign_on(visitor(sales, on_sign_on), f"of-{email}-{verified}").status_code == 403


def test_new_users_are_made_where_the_operator_says_so(
    sales: Company, on_sign_on: Settings, person: Person, issuer: str
) -> None:
    """With the login name of the claim; never in place of somebody who has it."""
    creating = replace(on_sign_on, oidc_create_users=True)
    claims(issuer, "wang", preferred_username="Wang", name="王芳", email="wang@example.com", email_verified=True)
    assert sign_on(visitor(sales, creating), "wang").status_code == 303
    assert sign_on(visitor(sales, creating), "wang").status_code == 303
    with sales.read(SYSTEM) as unit:
        asked = Query(object="user", columns=("name", "email"), where=Condition("login", "is", "wang"))
        assert [row.values for row in unit.records.query(asked).rows] == [("王芳", "wang@example.com")]
    claims(issuer, "pretender", preferred_username="li", name="Li Lei")
    assert sign_on(visitor(sales, creating), "pretender").status_code == 403


def test_one_links_oneself(sales: Company, on_sign_on: Settings, person: Person, issuer: str) -> None:
    """Who is signed in may be known by the provider from then on, and unknown again."""
    claims(issuer, "own")
    mine = visitor(sales, on_sign_on)
    mine.cookies = person.client.cookies
    linked = come_back(mine, grant(to_provider(mine, "/account/provider/link"), "own"))
    assert linked.headers["location"] == "/account/security"
    other = visitor(sales, on_sign_on)
    assert sign_on(other, "own").status_code == 303
    assert mine.post("/account/provider/unlink", headers={"sec-fetch-site": "same-origin"}).status_code == 200
    assert sign_on(visitor(sales, on_sign_on), "own").status_code == 403


def test_what_is_not_begun_here_is_not_finished_here(sales: Company, on_sign_on: Settings, issuer: str) -> None:
    """Another browser's answer, another state, no code, one answer twice: refused, whoever it is about."""
    claims(issuer, "eve", preferred_username="eve")
    creating = replace(on_sign_on, oidc_create_users=True)
    mine, theirs = visitor(sales, creating), visitor(sales, creating)
    back = grant(to_provider(mine), "eve")
    assert come_back(theirs, back).status_code == 422, "a browser that began nothing"
    to_provider(theirs)
    assert come_back(theirs, back).status_code == 422, "the state of another browser"
    assert come_back(mine, re.sub(r"state=[^&]+", "state=other", back)).status_code == 422
    assert come_back(mine, back).status_code == 422, "what was begun is used up"
    to_provider(mine)
    assert come_back(mine, "/sign-in/provider/back?error=access_denied").status_code == 422
    assert mine.get("/o/account", follow_redirects=False).status_code == 303


def test_the_request_is_as_it_should_be(sales: Company, on_sign_on: Settings) -> None:
    """PKCE, state and nonce, each new; scopes and the way back are ours."""
    client = visitor(sales, on_sign_on)
    first, second = (parse_qs(urlsplit(to_provider(client)).query) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == ["http://testserver/sign-in/provider/back"]
    assert first["scope"] == ["openid email profile"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 40
        assert first[name] != second[name]


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"aud": ["crm", "another"]},
        {"exp": 1},
        {"nonce": "another"},
        {"sub": None},
    ],
)
def test_a_token_for_somebody_else_is_refused(
    on_sign_on: Settings, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    """Each claim that binds a token to this site, this sign-on and this time is looked at."""
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    key, now = RSAKey.generate_key(2048, parameters={"kid": "k"}), int(time.time())
    good = {"iss": on_sign_on.oidc_issuer, "aud": "crm", "sub": "x", "exp": now + 60, "iat": now, "nonce": "n"}

    def claimed(values: dict[str, Any], algorithm: str = "RS256", with_key: Any = key) -> Any:
        said = {name: value for name, value in values.items() if value is not None}
        token = jwt.encode({"alg": algorithm, "kid": "k"}, said, with_key, algorithms=[algorithm])
        monkeypatch.setattr(provider, "_id_token", lambda *_: token)
        begun = {"state": "s", "nonce": "n", "verifier": "v"}
        return provider.finish(on_sign_on, "http://testserver/back", begun, {"state": "s", "code": "c"})

    about = {
        "issuer": on_sign_on.oidc_issuer,
        "authorization_endpoint": "http://127.0.0.1/a",
        "token_endpoint": "http://127.0.0.1/t",
        "jwks_uri": "keys",
    }
    about["jwks_uri"] = "http://127.0.0.1/k"
    keys = {"keys": [key.as_dict(private=False)]}
    monkeypatch.setattr(provider, "_fetched", lambda issuer, url, fresh=False: keys if url.endswith("/k") else about)
    assert claimed(good)["sub"] == "x"
    with pytest.raises(provider.ProviderFailed):
        claimed({**good, **changed})
    with pytest.raises(provider.ProviderFailed):
        claimed(good, with_key=RSAKey.generate_key(2048, parameters={"kid": "k"}))


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": "https://login.example.com", "authorization_endpoint": "http://login.example.com/a"},
    ],
)
def test_a_provider_that_calls_itself_otherwise_is_refused(
    on_sign_on: Settings, monkeypatch: pytest.MonkeyPatch, about: dict[str, str]
) -> None:
    monkeypatch.setattr(provider, "_fetched", lambda issuer, url, fresh=False: about)
    with pytest.raises(provider.ProviderFailed):
        provider.begin(replace(on_sign_on, oidc_issuer="https://login.example.com"), "https://crm.example.com/back")
