"""`dougong run`: a CRM with demo data in one command, for a first look and for development."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import click

from dougong.base.language import msg
from dougong.base.settings import Settings
from dougong.cli import serve as server
from dougong.cli.opening import open_company, operator
from dougong.cli.terminal import say, text
from dougong.engine.company import Company
from dougong.engine.install import behind, install
from dougong.engine.query import Condition, Query
from dougong.engine.saving.batch import Create, Update
from dougong.engine.transfer.data_sets import load
from dougong.engine.unit import Unit
from dougong.metadata.packages import read_package, shipped
from dougong.web.credentials import one_time_password, set_password

PACKAGES = ("base", "sales-core")
ADMINISTRATOR = "admin"
ADMINISTRATOR_ROLE = "system_administrator"
"""The role of package base that grants everything."""


def package_folder(name: str) -> Traversable:
    """Where a package that ships stands."""
    return resources.files("dougong.metadata") / "packages" / name


def prepare(company: Company, settings: Settings, with_demo: bool) -> str | None:
    """Install the packages, the administrator and the demo data into an empty company; the one-time password.

    None where the company has metadata already: a second start changes nothing.
    """
    if company.runtime().model.objects:
        return None
    install(company, [read_package(package_folder(name)) for name in PACKAGES], operator(settings))
    password = one_time_password()
    company.write(operator(settings), lambda unit: _administrator(unit, password))
    if with_demo:
        for name in PACKAGES:
            data = company.runtime().model.packages[name].get("data", {}).get("demo", [])
            if data:
                load(company, package_folder(name), data, settings.default_timezone)
    return password


def tell_what_is_behind(company: Company) -> None:
    """Say which packages came with an older program: what a company made of them is upgraded by people alone."""
    found = behind(company, [read_package(each.folder) for each in shipped().values()])
    if found:
        names = " ".join(found)
        say(msg("Other files of these packages are installed than ship with this program: {names}", names=names))
        say(msg("What an upgrade would do: dougong package install --plan {names}", names=names))


def _administrator(unit: Unit, password: str) -> None:
    found = unit.records.query(Query(object="user", where=Condition("login", "is", ADMINISTRATOR), limit=1)).rows
    roles = {"roles": [ADMINISTRATOR_ROLE]} if ADMINISTRATOR_ROLE in unit.runtime.model.rights.roles else {}
    change = Update("user", found[0].id, roles) if found else _create(roles)
    made = unit.records.save([change]).changes[0].id
    set_password(unit, made, password, must_change=True)


def _create(roles: Mapping[str, Any]) -> Create:
    return Create("user", {"login": ADMINISTRATOR, "name": "Administrator", **roles})


@click.command(help=text(msg("Set up with the sales package and demo data, then serve.")))
@click.option("--demo/--no-demo", default=True, help=text(msg("Whether demo data comes with it.")))
@click.option("--listen", metavar="ADDRESS", help=text(msg("Instead of LISTEN.")))
@click.option("--port", type=int, metavar="PORT", help=text(msg("Instead of PORT.")))
def run(demo: bool, listen: str | None, port: int | None) -> None:
    """Prepare on the first start, say where to sign in, serve."""
    settings = server.settings_of_server(listen, port)
    with open_company(settings) as company:
        if not company.runtime().model.objects:
            say(msg("Setting up: this takes a moment."))
        password = prepare(company, settings, demo)
        tell_what_is_behind(company)
    say(msg("Dougong serves {address}", address=server.address(settings)))
    if password:
        say(msg("Sign in as {login} with the one-time password {password}", login=ADMINISTRATOR, password=password))
    else:
        say(msg("Sign in as {login}; a new one-time password: dougong user password {login}", login=ADMINISTRATOR))
    server.run(settings)
