"""The sales company with a help desk, whose role explains access and does not see short names of customers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.runtime import Runtime
from dougong.web import sessions
from tests.companies import PACKAGES, Copies, company_copy  # noqa: F401
from tests.companies import person as made
from tests.web.conftest import Person

DESK = Path(__file__).parent / "desk"
RUNTIMES: dict[str, Runtime] = {}


@pytest.fixture
def sales(company_copy: Copies, database_kind: str) -> Iterator[Company]:  # noqa: F811
    """The packages base and sales-core and the desk's metadata, on each kind of database."""
    with company_copy(database_kind, "desk", (PACKAGES / "base", PACKAGES / "sales-core", DESK)) as found:
        yield found


@pytest.fixture(autouse=True)
def compiled_once(sales: Company, database_kind: str) -> None:
    """Compile the metadata once for all copies."""
    if database_kind in RUNTIMES:
        sales.remember(RUNTIMES[database_kind])
    else:
        RUNTIMES[database_kind] = sales.runtime()


def colleague(person: Person, login: str, *roles: str, **values: object) -> str:
    """The id of a new user who holds `roles`."""
    return str(made(person.company, login, *roles, language="en", time_zone="UTC", **values).user_id)


def sign_in(person: Person, user_id: str) -> Person:
    """From now on the client of `person` is signed in as another user."""
    token = person.company.write(SYSTEM, lambda unit: sessions.begin(unit, user_id, "test", "127.0.0.1"))
    person.client.cookies.set(sessions.cookie_name(False), token)
    return Person(person.client, person.company, user_id, person.ids)
