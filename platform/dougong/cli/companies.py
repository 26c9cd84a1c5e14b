"""`dougong company`: several companies in one installation: made, listed, switched off and on, archived."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click

from dougong.base.language import msg
from dougong.base.settings import Settings
from dougong.cli.assembly import plugins
from dougong.cli.opening import operator
from dougong.cli.run import ADMINISTRATOR, prepare
from dougong.cli.terminal import say, text, warn
from dougong.engine.audit import Event, record_alone
from dougong.engine.company import LIST_SECONDS, Companies

NAME = click.argument("name")
HOSTS = click.option("--host", "hosts", multiple=True, metavar="HOST", help=text(msg("A host that leads to it.")))


@contextmanager
def _companies() -> Iterator[tuple[Companies, Settings]]:
    settings = Settings.from_environment()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    companies = Companies(settings, plugins().hook)
    try:
        yield companies, settings
    finally:
        companies.close()


@click.group(help=text(msg("Several companies in one installation.")))
def company() -> None:
    """Commands about companies."""


@company.command("create", help=text(msg("Make a company in a file, or a schema and role, of its own.")))
@NAME
@click.option("--title", default="", help=text(msg("What its pages call it.")))
@HOSTS
@click.option("--empty", is_flag=True, help=text(msg("Without the sales package and an administrator.")))
@click.option("--adopt", is_flag=True, help=text(msg("Take over what stands under this name in the database.")))
@click.option("--shared-account", is_flag=True, help=text(msg("Make no role: for providers that allow none.")))
def create(name: str, title: str, hosts: tuple[str, ...], empty: bool, adopt: bool, shared_account: bool) -> None:
    """Make the company, prepare it, say where and how to sign in."""
    with _companies() as (companies, settings):
        made = companies.directory.create(name, title, hosts, shared_account=shared_account, adopt=adopt)
        found = companies.open(name)
        record_alone(
            found, operator(settings), Event("company_created", f"company:{name}", {"hosts": list(made.hosts)})
        )
        named = replace(settings, company_name=title or settings.company_name)
        password = None if empty else prepare(found, named, with_demo=False)
    say(msg("The company {name} is there.", name=name))
    if password:
        say(msg("Sign in as {login} with the one-time password {password}", login=ADMINISTRATOR, password=password))
    if not hosts:
        say(msg("No host leads to it yet: dougong company hosts {name} HOST", name=name))
    if shared_account:
        warn(msg("It shares the account of DATABASE_URL: companies are kept apart by Dougong alone."))


@company.command("list", help=text(msg("List the companies.")))
def list_() -> None:
    """Print one line a company."""
    with _companies() as (companies, _):
        for each in companies.directory.listed().values():
            state = text(msg("active") if each.active else msg("switched off"))
            click.echo("  ".join(filter(None, (each.name, state, each.title, " ".join(each.hosts)))))


@company.command("hosts", help=text(msg("Say which hosts lead to a company, instead of those before.")))
@NAME
@click.argument("hosts", nargs=-1)
def hosts_(name: str, hosts: tuple[str, ...]) -> None:
    """Replace the hosts of a company."""
    with _companies() as (companies, _):
        found = companies.directory.change(name, hosts=hosts)
    say(msg("{name} is reached by: {hosts}", name=name, hosts=" ".join(found.hosts) or "–"))


@company.command("activate", help=text(msg("Serve a company again.")))
@NAME
def activate(name: str) -> None:
    """Switch a company on."""
    _switch(name, True)
    say(msg("{name} is served within {n} seconds.", name=name, n=int(LIST_SECONDS)))


@company.command("deactivate", help=text(msg("Serve a company no more; everything of it stays.")))
@NAME
def deactivate(name: str) -> None:
    """Switch a company off."""
    _switch(name, False)
    say(msg("{name} is closed within {n} seconds.", name=name, n=int(LIST_SECONDS)))


def _switch(name: str, active: bool) -> None:
    with _companies() as (companies, settings):
        companies.directory.change(name, active=active)
        kind = "company_activated" if active else "company_deactivated"
        record_alone(companies.open(name), operator(settings), Event(kind, f"company:{name}"))


@company.command("delete", help=text(msg("Take a company that was switched off into an archive.")))
@NAME
@click.option("--yes", is_flag=True, help=text(msg("Do it; without it you are only told.")))
def delete(name: str, yes: bool) -> None:
    """Archive a company's data and files."""
    with _companies() as (companies, settings):
        found = companies.directory.get(name)
        if not yes:
            say(msg("{name} would go into an archive. With --yes it does.", name=name))
            return
        if not found.active:  # servers close it some seconds after it was switched off
            left = found.changed_at + timedelta(seconds=2 * LIST_SECONDS) - datetime.now(UTC)
            time.sleep(max(0.0, left.total_seconds()))
        archive = companies.directory.archive(name)
        files = settings.data_dir / "companies" / name
        if files.exists():
            kept = settings.data_dir / "archive" / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(files, kept)
    say(msg("{name} is in the archive {archive}.", name=name, archive=archive))
