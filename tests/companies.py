"""Companies of both kinds of database, ready in a moment: made once a session, copied for each test."""

from __future__ import annotations

import itertools
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

import dougong.engine.fields  # noqa: F401  fills the registry of field types
from dougong.cli import temporary_postgresql as postgresql
from dougong.cli.assembly import plugins
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.jobs import run_due
from dougong.engine.publish import Publication, publish
from dougong.engine.runtime import Runtime
from dougong.engine.saving.batch import Create
from dougong.metadata.documents import read_folder
from dougong.metadata.trees import Tree
from tests.pristine import Pristine

WORKSHOP = Path(__file__).parent / "engine" / "workshop"
"""A small set of metadata with every kind of relation."""

PACKAGES = Path(__file__).parents[1] / "metadata" / "dougong" / "metadata" / "packages"


def tree_of(*folders: Path) -> Tree:
    """The tree of some package folders."""
    return Tree.of(component for folder in folders for component in read_folder(folder).components)


ADMINISTRATOR = "system_administrator"
"""The role of package base that grants everything."""


def person(company: Company, login: str, *roles: str, **values: Any) -> Actor:
    """A new user of a company with package base, as who they act."""
    values = {"login": login, "name": login.title(), "roles": list(roles), **values}
    made = company.write(SYSTEM, lambda unit: unit.records.save([Create("user", values)])).changes[0]
    return Actor(user_id=made.id, name=login.title(), login=login)


def companies_at(url: str, threads: int = 4) -> Companies:
    """The companies of the database at `url`, with the platform's own rooms as the program has them."""
    return Companies(PlainSettings(database_url=make_url(url), threads=threads), plugins().hook)


def opened(url: str, threads: int = 4) -> Company:
    """The default company of the database at `url`."""
    return companies_at(url, threads).open()


Copies = Callable[[str, str, tuple[Path, ...]], AbstractContextManager[Company]]


@pytest.fixture(scope="session")
def company_copy(
    request: pytest.FixtureRequest,
    fresh_database_url: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Copies:
    """A function from (kind, name, package folders) to an open copy of that company, gone at the end of the block.

    The original of a name is published once; a SQLite file is copied, a PostgreSQL database is its template, and used
    again where what a test did can be undone.
    """
    originals: dict[tuple[str, str], str] = {}
    compiled: dict[tuple[str, str], Runtime] = {}
    pristine: dict[str, Pristine] = {}
    spare: defaultdict[str, list[str]] = defaultdict(list)
    numbers = itertools.count(1)

    def original(kind: str, name: str, folders: tuple[Path, ...]) -> str:
        if (kind, name) not in originals:
            url = fresh_database_url(kind)
            company = opened(url)
            publish(company, Publication(tree=tree_of(*folders), message="for tests"))
            while run_due(company):  # what a publish asks for is done, so that a test finds its own work alone
                pass
            company.close()
            originals[kind, name] = url
        return originals[kind, name]

    def known(company: Company, kind: str, name: str) -> Company:
        if (kind, name) not in compiled:
            compiled[kind, name] = company.runtime()
        company.remember(replace(compiled[kind, name], prepared={}))
        return company

    def made(server: postgresql.Server, source: str) -> str:
        target_name = f"{source}_copy_{next(numbers)}"
        _command(server, "CREATE DATABASE {} TEMPLATE {}", target_name, source)
        if source not in pristine:
            pristine[source] = Pristine.of(server, target_name)
        return target_name

    @contextmanager
    def copy(kind: str, name: str, folders: tuple[Path, ...]) -> Iterator[Company]:
        source = str(make_url(original(kind, name, folders)).database)
        if kind == "sqlite":
            target = tmp_path_factory.mktemp(name) / "company.sqlite3"
            shutil.copy(source, target)
            with closing(known(opened(f"sqlite:///{target}"), kind, name)) as company:
                yield company
            return
        server: postgresql.Server = request.getfixturevalue("postgresql_server")
        target_name = spare[source].pop() if spare[source] else made(server, source)
        kept = False
        try:
            with closing(known(opened(server.url(target_name)), kind, name)) as company:
                yield company
            kept = pristine[source].restore(server, target_name)
        finally:
            if kept:
                spare[source].append(target_name)
            else:
                _command(server, "DROP DATABASE {} WITH (FORCE)", target_name)

    return copy


def _command(server: postgresql.Server, text: str, *names: str) -> None:
    with server.connect() as connection:
        connection.execute(sql.SQL(text).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


@pytest.fixture
def company(company_copy: Copies, database_kind: str) -> Iterator[Company]:
    """A company with the workshop's metadata and no records, on each kind of database."""
    with company_copy(database_kind, "workshop", (WORKSHOP,)) as found:
        yield found


@pytest.fixture
def sales(company_copy: Copies, database_kind: str) -> Iterator[Company]:
    """A company with the packages base and sales-core and no records, on each kind of database."""
    with company_copy(database_kind, "sales", (PACKAGES / "base", PACKAGES / "sales-core")) as found:
        yield found


@pytest.fixture
def empty_company(database_url: str) -> Iterator[Company]:
    """A company without any metadata."""
    with closing(opened(database_url)) as found:
        yield found
