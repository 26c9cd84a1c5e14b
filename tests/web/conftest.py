"""A person at the pages of a sales company: a client that is signed in, and the few records it works on."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.runtime import Runtime
from dougong.engine.saving.batch import Change, Create
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.app import create_app, make_site
from dougong.web.identity import rates
from tests.companies import company_copy, sales  # noqa: F401

PASSWORD = "several words together"


@dataclass
class Person:
    """Someone signed in. `get` and `post` say where they come from, as browsers do."""

    client: TestClient
    company: Company
    user_id: str
    ids: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Any:
        """A page."""
        return self.client.get(path, headers=_headers(headers), follow_redirects=False)

    def post(self, path: str, data: Mapping[str, Any], files: Any = None, **headers: str) -> Any:
        """A sent form."""
        sent = {"sec-fetch-site": "same-origin", **_headers(headers)}
        return self.client.post(path, data=data, files=files, headers=sent, follow_redirects=False)

    def form(self, path: str, changed: Mapping[str, Any] = {}, **headers: str) -> dict[str, Any]:
        """What a browser would send of the form at `path` with some inputs `changed`."""
        return fields(self.get(path, **headers).text) | dict(changed)

    def save(self, *changes: Change) -> list[str]:
        """Save behind the pages' back; the ids."""
        saved = self.company.write(SYSTEM, lambda unit: unit.records.save(changes))
        return [each.id for each in saved.changes]

    def value(self, object_name: str, record_id: str, name: str) -> Any:
        """What is stored."""
        with self.company.read(SYSTEM) as unit:
            return unit.records.get(object_name, record_id, deleted="all").values[name]


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    return {key.replace("_", "-"): value for key, value in given.items()}


def fields(page: str, mark: str = 'name="base"') -> dict[str, Any]:
    """The inputs of the last form on a page that has a `base`, as a browser would send them untouched."""
    start = page.index(mark)
    form = page[page.rindex("<form", 0, start) : page.index("</form>", start)]
    form = re.sub(r"<template>.*?</template>", "", form, flags=re.DOTALL)
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, kind = _attribute(tag, "name"), _attribute(tag, "type") or "text"
        if not name or kind in ("file", "submit") or (kind in ("checkbox", "radio") and " checked" not in tag):
            continue
        _add(found, name, _attribute(tag, "value") or "")
    for opening, name, inner in re.findall(r'(<select[^>]*name="([^"]+)"[^>]*>)(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        assert opening
        found[html.unescape(name)] = html.unescape(chosen[1]) if chosen else ""
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[html.unescape(name)] = html.unescape(inner).lstrip("\n")
    return found


def _add(found: dict[str, Any], name: str, value: str) -> None:
    if name in found:
        known = found[name] if isinstance(found[name], list) else [found[name]]
        found[name] = [*known, value]
    else:
        found[name] = value


def _attribute(tag: str, name: str) -> str | None:
    match = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(match[1]) if match else None


RUNTIMES: dict[str, Runtime] = {}
"""What the sales packages compile to, by kind of database: the same for every copy of that company."""


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with hardly any work: what the real parameters are has a test of its own."""
    monkeypatch.setattr(credentials, "_hasher", CHEAP)
    monkeypatch.setattr(credentials, "_nobody", lambda: CHEAP.hash("nobody's"))


@pytest.fixture(autouse=True)
def fresh_rates() -> None:
    """No test is held back by what those before it asked for."""
    rates.forget()


@pytest.fixture(autouse=True)
def compiled_once(request: pytest.FixtureRequest) -> None:
    """Spare each copy of the sales company the compiling of the same revision."""
    if "sales" in request.fixturenames:
        company, kind = request.getfixturevalue("sales"), request.getfixturevalue("database_kind")
        if kind in RUNTIMES:
            company.remember(RUNTIMES[kind])
        else:
            RUNTIMES[kind] = company.runtime()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a folder of their own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COMPANY_NAME", "Workshop")
    return Settings.from_environment()


@pytest.fixture
def client(sales: Company, settings: Settings) -> Iterator[TestClient]:  # noqa: F811
    """Somebody who has not signed in."""
    app = create_app(make_site(settings, sales), chain.from_iterable(sales.hooks.pages()))
    with TestClient(app, base_url="http://testserver", raise_server_exceptions=True) as made:
        yield made


@pytest.fixture
def user_id(sales: Company) -> str:  # noqa: F811
    """A user who reads English."""

    def work(unit: Unit) -> str:
        values = {"login": "li", "name": "Li Lei", "language": "en", "time_zone": "UTC", "active": True}
        values["roles"] = ["system_administrator"]
        return unit.records.save([Create("user", values)]).changes[0].id

    return sales.write(SYSTEM, work)


@pytest.fixture
def person(client: TestClient, sales: Company, user_id: str) -> Person:  # noqa: F811
    """The user, signed in, with three customers and a deal for each."""
    token = sales.write(SYSTEM, lambda unit: sessions.begin(unit, user_id, "test", "127.0.0.1"))
    client.cookies.set(sessions.cookie_name(False), token)
    made = Person(client, sales, user_id)
    names = ("Aldgate Tools", "Bramley Pumps", "江苏远澜新能源")
    accounts = made.save(*(Create("account", {"name": name, "record_type": "enterprise"}) for name in names))
    shared = {"owner": user_id, "record_type": "standard"}
    deals = made.save(
        *(
            Create("opportunity", {"name": f"Deal {at}", "account": account, "amount": str(1000 * at), **shared})
            for at, account in enumerate(accounts, 1)
        )
    )
    made.ids |= {f"account{at}": each for at, each in enumerate(accounts, 1)}
    made.ids |= {f"deal{at}": each for at, each in enumerate(deals, 1)}
    return made


@pytest.fixture
def with_password(sales: Company, user_id: str) -> str:  # noqa: F811
    """The password of the user."""
    sales.write(SYSTEM, lambda unit: credentials.set_password(unit, user_id, PASSWORD))
    return PASSWORD
