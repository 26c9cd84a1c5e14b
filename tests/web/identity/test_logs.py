"""What people type and hold to sign in stands in no log line, whatever goes wrong."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from dougong.base import logs
from dougong.base.settings import Settings, describe, shown
from dougong.cli.access_log import AccessLog
from dougong.engine.company import Company
from dougong.web import credentials, sessions
from dougong.web.api import routes as api_routes
from dougong.web.app import create_app, make_site
from dougong.web.identity import rates
from tests.web.conftest import Person

OURS = {"sec-fetch-site": "same-origin"}
PASSWORD, CODE = "a-password-in-the-clear", "424242"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged."""
    kept = [(each, each.level, list(each.handlers)) for each in (logging.getLogger(),)]
    logs.configure("info", "json")
    written = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    for logger, level, handlers in kept:
        logger.setLevel(level)
        logger.handlers[:] = handlers


def test_no_secret_is_logged(
    sales: Company, settings: Settings, person: Person, with_password: str, log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Requests that go well, that are refused, and one that breaks with everything in its local variables."""
    rates.forget()
    site = make_site(settings, sales)
    client = TestClient(AccessLog(create_app(site, routes=api_routes(site))), base_url="http://testserver")
    session = person.client.cookies[sessions.cookie_name(False)]
    client.cookies.set(sessions.cookie_name(False), session)
    made = client.post(
        "/account/tokens", data={"label": "x", "days": "30", "may": "read", "which": "all"}, headers=OURS
    )
    token = re.search(r'class="token">(dg_[^<]+)<', made.text)[1]  # type: ignore[index]
    assert client.get("/api/v1/records/account", headers={"authorization": f"Bearer {token}"}).status_code == 200
    client.get(f"/password/reset?token={PASSWORD}")
    client.post("/account/prove", data={"password": PASSWORD}, headers=OURS)

    def breaks(*_: object) -> bool:
        raise RuntimeError("the hashing broke")

    monkeypatch.setattr(credentials, "fits", breaks)
    sent = {"login": "li", "password": PASSWORD, "code": CODE}
    assert client.post("/sign-in", data=sent, headers=OURS).status_code == 500
    said = log.getvalue()
    assert "the hashing broke" in said
    assert '"path": "/sign-in"' in said
    assert [word for word in (PASSWORD, CODE, session, token) if word in said] == []


def test_settings_are_shown_without_their_secrets() -> None:
    """By `dougong settings`, and in a traceback that shows the settings themselves."""
    given = Settings.from_environment(
        {
            "SECRET_KEY": "k" * 40,
            "SMTP_URL": "smtp://crm:pass-of-mail@mail.example.com",
            "MAIL_FROM": "crm@example.com",
            "PUBLIC_URL": "https://crm.example.com",
            "OIDC_ISSUER": "https://login.example.com",
            "OIDC_CLIENT_ID": "crm",
            "OIDC_CLIENT_SECRET": "secret-of-oidc",
        }
    )
    said = repr(given) + "".join(shown(getattr(given, each.name)) for each in describe())
    assert [word for word in ("k" * 40, "pass-of-mail", "secret-of-oidc") if word in said] == []
