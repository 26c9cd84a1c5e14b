"""A client of the API over a sales company, signed in by token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.web.api import routes
from dougong.web.api.door import make_token
from dougong.web.app import create_app, make_site
from starlette.testclient import TestClient

from tests.companies import company_copy, sales  # noqa: F401


@dataclass
class Caller:
    """Calls the API with a token; `call` gives status, headers and JSON."""

    client: TestClient
    token: str
    user_id: str
    company: Company

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One call; the response of the client."""
        return self.client.request(
            method,
            f"/api/v1{path}",
            json=body,
            headers={
                "authorization": f"Bearer {self.token}",
                **{key.replace("_", "-"): value for key, value in headers.items()},
            },
        )


@pytest.fixture
def api(sales: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:  # noqa: F811
    """The API of a company with one user who has a token."""

    def work(unit: Unit) -> tuple[str, str]:
        made = unit.records.save([Create("user", {"login": "li", "name": "李雷", "language": "en"})])
        return made.changes[0].id, make_token(unit, made.changes[0].id, "test")

    user_id, token = sales.write(SYSTEM, work)
    site = make_site(Settings.from_environment(), sales)
    with TestClient(create_app(site, routes=routes(site)), base_url="http://127.0.0.1:8000") as client:
        yield Caller(client, token, user_id, sales)
