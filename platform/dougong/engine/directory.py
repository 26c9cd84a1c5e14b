"""The companies of one installation: which there are, by which host names people reach them, which are active.

The list stands beside the companies, where none of them can read it: in a file of its own, or in a schema of the
operator's account. Where nobody made a company there is no list, and the company "default" answers to every host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Column, Engine, MetaData, Table, Text, delete, insert, select, update
from sqlalchemy.engine import URL

from dougong.base.errors import BadRequest, Conflict, NotFound, Problem
from dougong.base.language import msg
from dougong.engine.columns import Document, Flag, Instant
from dougong.engine.dialects import Account, Places, open_places

DEFAULT = "default"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a company may be called: it names a PostgreSQL schema or a file."""

FORBIDDEN = frozenset({"jobs", "public", "information_schema", "companies"})
"""Schemas that are not for companies; those that begin with ``pg_`` PostgreSQL itself refuses."""

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII)

_METADATA = MetaData()
_companies = Table(
    "company",
    _METADATA,
    Column("name", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("hosts", Document(), nullable=False),
    Column("active", Flag(), nullable=False),
    Column("account", Text),
    Column("secret", Text),
    Column("created_at", Instant(), nullable=False),
    Column("changed_at", Instant(), nullable=False),
    comment="The companies of this installation. `account` and `secret` are what the server signs in with for each.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One company of the list. `account` is None where it shares the operator's, or the database has no accounts."""

    name: str
    title: str
    hosts: tuple[str, ...]
    active: bool
    account: Account | None
    changed_at: datetime


def folder_of(data_dir: Path, name: str) -> Path:
    """The folder of a company's own files: that of the server for the default one, else one below it."""
    return data_dir if name == "default" else data_dir / "companies" / name


def public_address(public_url: str | None, listed: Listed | None) -> str | None:
    """The address that people type to reach a company: all links in mails, passkeys and single sign-on rest on it.

    It is `public_url` (the operator's PUBLIC_URL) with the company's first host. A company that nobody reaches by a
    host has none, lest its links lead to another company; "default" and a server without a list have PUBLIC_URL itself.
    """
    if public_url is None or listed is None:
        return public_url
    if not listed.hosts:
        return public_url if listed.name == DEFAULT else None
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{listed.hosts[0]}" + (f":{parts.port}" if parts.port else "")


class Directory:
    """The list of companies of the installation whose database is at a URL."""

    def __init__(self, url: URL) -> None:
        """Read and keep the list beside the company that stands at `url`."""
        self.places: Places = open_places(url)

    # -- reading ----------------------------------------------------------------------------------------------
    def listed(self) -> Mapping[str, Listed]:
        """Every company that was made, by name; empty where none was."""
        engine = self.places.directory()
        if engine is None:
            return {}
        with engine.connect() as connection:
            rows = connection.execute(select(_companies).order_by(_companies.c.name)).all()
        return {row.name: _listed(row) for row in rows}

    def get(self, name: str) -> Listed:
        """One company.

        Raises:
            NotFound: there is none of this name.
        """
        found = self.listed().get(name)
        if found is None:
            fix = msg("'dougong company list' shows those that there are.")
            reason = msg("There is no company {name}.", name=name)
            raise NotFound(Problem(code="company-unknown", thing=name, reason=reason, fix=fix))
        return found

    # -- changing ---------------------------------------------------------------------------------------------
    def create(
        self, name: str, title: str, hosts: Sequence[str], *, shared_account: bool = False, adopt: bool = False
    ) -> Listed:
        """Make the place of a new company and enter it; one that stands there already is taken over by `adopt`.

        With the first one the company "default" gets a place of its own as well. With `shared_account` no roles are
        made: all companies are then reached by the operator's account.

        Raises:
            BadRequest: a name or host that cannot be one.
            Conflict: name, place or host are taken, or the database lets nobody make roles.
        """
        require_name(name)
        known = self.listed()
        if name in known:
            raise Conflict(_taken(name))
        hosts = _hosts(hosts, known, name)
        if not shared_account and not self.places.isolates():
            raise Conflict(_no_roles())
        if name != DEFAULT and not adopt and self.places.taken(name):
            raise Conflict(_place_taken(name))
        engine = self.places.directory(make=True)
        assert engine is not None, "a directory that is to be made is there"
        _METADATA.create_all(engine)
        if DEFAULT not in known and name != DEFAULT:
            self._enter(engine, DEFAULT, "", (), shared_account)
        return self._enter(engine, name, title, hosts, shared_account)

    def _enter(self, engine: Engine, name: str, title: str, hosts: Sequence[str], shared: bool) -> Listed:
        account = None if shared else self.places.make(name)
        now = datetime.now(UTC)
        row = {
            "name": name, "title": title, "hosts": list(hosts), "active": True, "created_at": now, "changed_at": now,
            "account": account and account.name, "secret": account and account.secret,
        }  # fmt: skip
        with engine.begin() as connection:
            connection.execute(insert(_companies), row)
        return Listed(name=name, title=title, hosts=tuple(hosts), active=True, account=account, changed_at=now)

    def change(self, name: str, *, hosts: Sequence[str] | None = None, active: bool | None = None) -> Listed:
        """Give a company other hosts, or switch it on or off.

        Raises:
            NotFound: there is none of this name.
            BadRequest: a host that cannot be one.
            Conflict: a host is another company's.
        """
        found = self.get(name)
        if hosts is not None:
            found = replace(found, hosts=_hosts(hosts, self.listed(), name))
        if active is not None:
            found = replace(found, active=active)
        found = replace(found, changed_at=datetime.now(UTC))
        values = {"hosts": list(found.hosts), "active": found.active, "changed_at": found.changed_at}
        engine = self.places.directory()
        assert engine is not None, "a company was found in it"
        with engine.begin() as connection:
            connection.execute(update(_companies).where(_companies.c.name == name).values(**values))
        return found

    def archive(self, name: str) -> str:
        """Take a company off the list and its place out of reach; what the archive is called.

        Raises:
            NotFound: there is none of this name.
            Conflict: it is active still.
        """
        found = self.get(name)
        if found.active:
            reason = msg("The company {name} is active.", name=name)
            fix = msg("Switch it off first: dougong company deactivate {name}", name=name)
            raise Conflict(Problem(code="company-active", thing=name, reason=reason, fix=fix))
        made = self.places.archive(name, found.account)
        engine = self.places.directory()
        assert engine is not None, "a company was found in it"
        with engine.begin() as connection:
            connection.execute(delete(_companies).where(_companies.c.name == name))
        return made


def require_name(name: str) -> None:
    """Check that a company may be called `name`.

    Raises:
        BadRequest: it may not.
    """
    if not NAME.fullmatch(name) or name in FORBIDDEN:
        reason = msg("'{name}' cannot be the name of a company.", name=name)
        fix = msg("Take lower-case letters, digits and underscores, a letter first, at most 40 in all.")
        raise BadRequest(Problem(code="company-name", thing=name, reason=reason, fix=fix))


def _listed(row: Any) -> Listed:
    account = Account(row.account, row.secret) if row.account else None
    return Listed(
        name=row.name,
        title=row.title,
        hosts=tuple(row.hosts),
        active=bool(row.active),
        account=account,
        changed_at=row.changed_at,
    )


def _hosts(hosts: Iterable[str], known: Mapping[str, Listed], name: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(host.lower().rstrip(".") for host in hosts))
    for host in found:
        if not HOST.fullmatch(host):
            reason = msg("'{host}' is not the name of a host.", host=host)
            fix = msg("Write it as people type it, without https:// and without a port: east.example.com")
            raise BadRequest(Problem(code="company-host", thing=host, reason=reason, fix=fix))
        other = next((each.name for each in known.values() if host in each.hosts and each.name != name), None)
        if other is not None:
            reason = msg("The host {host} leads to the company {name} already.", host=host, name=other)
            raise Conflict(Problem(code="company-host-taken", thing=host, reason=reason))
    return found


def _taken(name: str) -> Problem:
    return Problem(code="company-taken", thing=name, reason=msg("There is a company {name} already.", name=name))


def _place_taken(name: str) -> Problem:
    return Problem(
        code="company-place-taken",
        thing=name,
        reason=msg("The database has something of the name {name} that is no company of this list.", name=name),
        fix=msg("Choose another name; or, where it is a company that was archived, take it over with --adopt."),
    )


def _no_roles() -> Problem:
    return Problem(
        code="company-roles",
        thing="DATABASE_URL",
        reason=msg("The account of DATABASE_URL may not make roles, so a company could not have one of its own."),
        fix=msg(
            "Give it CREATEROLE; or, where the provider does not allow that, use --shared-account: companies are then "
            "kept apart by Dougong alone, not by the database."
        ),
    )
