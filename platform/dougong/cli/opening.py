"""What most commands begin with: the company of the settings, open, and who acts in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import click

from dougong.base.errors import NotFound, Problem
from dougong.base.language import msg
from dougong.base.settings import Settings
from dougong.cli.assembly import plugins
from dougong.cli.terminal import language, text
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Companies, Company
from dougong.engine.directory import DEFAULT
from dougong.engine.query import Condition, Query
from dougong.engine.unit import Unit

Command = TypeVar("Command", bound=Callable[..., Any])
_CHOSEN = "dougong.company"


def for_company(command: Command) -> Command:
    """Decorator: give a command the option by which one says the company it is for."""
    said = text(msg("The company, where there are several."))
    return click.option("--company", metavar="NAME", expose_value=False, callback=_choose, help=said)(command)


def _choose(context: click.Context, _: click.Parameter, name: str | None) -> None:
    context.meta[_CHOSEN] = name


def chosen_company() -> str | None:
    """The company that the command line names."""
    context = click.get_current_context(silent=True)
    found: str | None = context.meta.get(_CHOSEN) if context else None
    return found


@contextmanager
def open_company(settings: Settings | None = None) -> Iterator[Company]:
    """The company that the command line names, else the default one, whose database is made where it is missing.

    Raises:
        NotFound: no company of this name was made.
    """
    found = settings or Settings.from_environment()
    found.data_dir.mkdir(parents=True, exist_ok=True)
    companies, name = Companies(found, plugins().hook), chosen_company()
    if name is not None and name != DEFAULT:
        companies.directory.get(name)
    try:
        yield companies.open(name or DEFAULT)
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


def acting(company: Company, login: str) -> Actor:
    """A person of the company, as who the operator acts from the terminal.

    Raises:
        NotFound: there is none with `login`.
    """
    asking = operator()
    with company.read(asking) as unit:
        id = user_id(unit, login)
        name = str(unit.records.get("user", id).values.get("name") or login)
    return Actor(user_id=id, name=name, login=login, channel="cli", language=asking.language, zone=asking.zone)
