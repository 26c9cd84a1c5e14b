"""A client of the API over a sales company, signed in by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from dougong.base.settings import Settings
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.web.api import routes
from dougong.web.app import create_app, make_site
from dougong.web.identity.api_tokens import make as make_token
from tests.companies import PACKAGES, Copies, company_copy  # noqa: F401
from tests.conftest import KINDS

SALES = (PACKAGES / "base", PACKAGES / "sales-core")


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


Served = Callable[[str], AbstractContextManager[Caller]]


@pytest.fixture(scope="session")
def served(company_copy: Copies) -> Served:  # noqa: F811
    """A function from a kind of database to the API of a sales company with one user who has a token."""

    def work(unit: Unit) -> tuple[str, str]:
        made = unit.records.save(
            [Create("user", {"login": "li", "name": "李雷", "language": "en", "roles": ["system_administrator"]})]
        )
        return made.changes[0].id, make_token(unit, made.changes[0].id, "test")

    @contextmanager
    def open_api(kind: str) -> Iterator[Caller]:
        with company_copy(kind, "sales", SALES) as company:
            user_id, token = company.write(SYSTEM, work)
            site = make_site(Settings.from_environment(), company)
            app = create_app(site, routes=routes(site))
            with TestClient(app, base_url="http://127.0.0.1:8000") as client:
                yield Caller(client, token, user_id, company)

    return open_api


@pytest.fixture
def api(served: Served, database_kind: str) -> Iterator[Caller]:
    """The API of a company of its own, on each kind of database."""
    with served(database_kind) as caller:
        yield caller


@pytest.fixture(scope="module", params=KINDS)
def shared_api(request: pytest.FixtureRequest, served: Served) -> Iterator[Caller]:
    """The API of one company for all tests of a module that change nothing, or find their own records again."""
    with served(request.param) as caller:
        yield caller
