"""Companies of both kinds of database, ready in a moment: made once a run of tests, copied for each test."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy import Engine, update
from sqlalchemy.engine import Dialect, make_url

import dougong.engine.fields  # noqa: F401  fills the registry of field types
from dougong.cli import temporary_postgresql as postgresql
from dougong.cli.assembly import plugins
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.dialects.compiled import Compiled
from dougong.engine.jobs import run_due
from dougong.engine.publish import Publication, publish
from dougong.engine.runtime import Runtime
from dougong.engine.saving.batch import Create
from dougong.engine.tables import outbox
from dougong.engine.unit import Unit
from dougong.metadata.documents import read_folder
from dougong.metadata.trees import Tree
from tests import once
from tests.pristine import Pristine

WORKSHOP = Path(__file__).parent / "engine" / "workshop"
"""A small set of metadata with every kind of relation."""

PACKAGES = Path(__file__).parents[1] / "metadata" / "dougong" / "metadata" / "packages"


def tree_of(*folders: Path) -> Tree:
    """The tree of some package folders."""
    return Tree.of(component for folder in folders for component in read_folder(folder).components)


FAR = timedelta(days=3650)
"""How far off the moments are that the clock of a copied company waits for."""

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

# Of this process, whose rooms each have the fixture below: by original what it compiles to, what it is like on
# PostgreSQL, and the copies of it there that are free.
_compiled: dict[str, Runtime] = {}
_pristine: dict[str, Pristine] = {}
_spare: defaultdict[str, list[str]] = defaultdict(list)
_numbers = itertools.count(1)
_sql: dict[str, tuple[Dialect, Compiled]] = {}
"""By kind of database: what turns statements into SQL, and what they were turned into for the copies so far."""


def _knows_its_sql(engine: Engine) -> None:
    """Spare an engine the compiling of what another one of its kind has compiled: a quarter of what web tests take."""
    engine.dialect, compiled = _sql.setdefault(engine.dialect.name, (engine.dialect, Compiled()))
    engine.update_execution_options(compiled_cache=compiled)


@pytest.fixture(scope="session")
def company_copy(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Copies:
    """A function from (kind, name, package folders) to an open copy of that company, gone at the end of the block.

    The original is published once in the whole run; a SQLite file is copied, a PostgreSQL database is its template,
    and used again where what a test did can be undone.
    """

    def known(company: Company, source: str) -> Company:
        if source not in _compiled:
            _compiled[source] = company.runtime()
        company.remember(replace(_compiled[source], prepared={}))
        for engine in (company.database.readers, company.database.writers):
            _knows_its_sql(engine)
        return company

    def made(server: postgresql.Server, source: str) -> str:
        target_name = f"{source}_{os.getpid()}_{next(_numbers)}"
        with server.connect() as connection:
            postgresql.create_database(connection, target_name, source)
        if source not in _pristine:
            _pristine[source] = Pristine.of(server, target_name)
        return target_name

    @contextmanager
    def copy(kind: str, name: str, folders: tuple[Path, ...]) -> Iterator[Company]:
        called = f"{name}_{hashlib.sha256(repr(folders).encode()).hexdigest()[:12]}"

        def publish_in(url: str) -> None:
            _publish(url, folders)

        if kind == "sqlite":
            target = tmp_path_factory.mktemp(name) / "company.sqlite3"
            shutil.copy(once.sqlite_file(called, publish_in), target)
            with closing(known(opened(f"sqlite:///{target}"), f"sqlite {called}")) as company:
                yield company
            return
        server: postgresql.Server = request.getfixturevalue("postgresql_server")
        source = once.postgresql_database(server, called, publish_in)
        target_name = _spare[source].pop() if _spare[source] else made(server, source)
        kept = False
        try:
            with closing(known(opened(server.url(target_name)), source)) as company:
                yield company
            kept = _pristine[source].restore(server, target_name)
        finally:
            if kept:
                _spare[source].append(target_name)
            else:
                _command(server, "DROP DATABASE {} WITH (FORCE)", target_name)

    return copy


def _publish(url: str, folders: tuple[Path, ...]) -> None:
    with closing(opened(url)) as company:
        publish(company, Publication(tree=tree_of(*folders), message="for tests"))
        while run_due(company):  # what a publish asks for is done, so that a test finds its own work alone
            pass
        company.write(SYSTEM, _put_off)


def _put_off(unit: Unit) -> None:
    """Let what waits for a moment wait for one that no run lives to see: a copy is as good at any hour of the week."""
    later = update(outbox).where(outbox.c.state == "ready").values(run_at=unit.now + FAR)
    unit.connection.execute(later)


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
