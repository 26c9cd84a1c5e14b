"""What most commands begin with: the company of the settings, open, and who acts in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.base.settings import Settings
from dougong.cli.assembly import plugins
from dougong.cli.terminal import language
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Companies, Company
from dougong.engine.query import Condition, Query
from dougong.engine.unit import Unit


@contextmanager
def open_company(settings: Settings | None = None) -> Iterator[Company]:
    """The company of the settings; its database is made where it is missing, and closed at the end."""
    found = settings or Settings.from_environment()
    found.data_dir.mkdir(parents=True, exist_ok=True)
    companies = Companies(found, plugins().hook)
    try:
        yield companies.open()
    finally:
        companies.close()


def operator(settings: Settings | None = None) -> Actor:
    """The person at the terminal: the platform itself, in the terminal's language and the company's zone."""
    zone = (settings or Settings.from_environment()).default_timezone
    return replace(SYSTEM, channel="cli", language=language(), zone=zone)


def user_id(unit: Unit, login: str) -> str:
    """The id of the live user with `login`.

    Raises:
        NotFound: there is none.
    """
    page = unit.records.query(Query(object="user", columns=("login",), where=Condition("login", "is", login), limit=1))
    if not page.rows:
        raise NotFound(Problem(code="user-unknown", thing=login, reason=msg("There is no user {login}.", login=login)))
    return page.rows[0].id
