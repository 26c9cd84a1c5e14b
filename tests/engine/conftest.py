"""Companies of both kinds of database, ready in a moment: made once a session, copied for each test."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

import dougong.engine.fields  # noqa: F401  fills the registry of field types
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.publish import Publication, publish
from dougong.metadata.documents import read_folder
from dougong.metadata.trees import Tree
from tests import postgresql

WORKSHOP = Path(__file__).parent / "workshop"
"""A small set of metadata with every kind of relation."""

PACKAGES = Path(__file__).parents[2] / "metadata" / "dougong" / "metadata" / "packages"


def tree_of(*folders: Path) -> Tree:
    """The tree of some package folders."""
    return Tree.of(component for folder in folders for component in read_folder(folder).components)


def opened(url: str, threads: int = 4) -> Company:
    """The default company of the database at `url`."""
    return Companies(PlainSettings(database_url=make_url(url), threads=threads)).open()


Copies = Callable[[str, str, tuple[Path, ...], Path], str]


@pytest.fixture(scope="session")
def published_copy(
    request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str]
) -> Iterator[Copies]:
    """A function from (kind, name, package folders, folder for files) to the address of a copy of that company.

    The original of a name is published once; a SQLite file is copied, a PostgreSQL database is its template.
    """
    originals: dict[tuple[str, str], str] = {}
    numbers = itertools.count(1)
    copies: list[str] = []

    def copy(kind: str, name: str, folders: tuple[Path, ...], place: Path) -> str:
        if (kind, name) not in originals:
            url = fresh_database_url(kind)
            company = opened(url)
            publish(company, Publication(tree=tree_of(*folders), message="for tests"))
            company.close()
            originals[kind, name] = url
        url = originals[kind, name]
        if kind == "sqlite":
            target = place / f"{name}{next(numbers)}.sqlite3"
            shutil.copy(str(make_url(url).database), target)
            return f"sqlite:///{target}"
        source, target_name = str(make_url(url).database), f"copy_{next(numbers)}_{make_url(url).database}"
        server: postgresql.Server = request.getfixturevalue("postgresql_server")
        _command(server, "CREATE DATABASE {} TEMPLATE {}", target_name, source)
        copies.append(target_name)
        return server.url(target_name)

    yield copy
    if copies:
        server = request.getfixturevalue("postgresql_server")
        for name in copies:
            _command(server, "DROP DATABASE {} WITH (FORCE)", name)


def _command(server: postgresql.Server, text: str, *names: str) -> None:
    with server.connect() as connection:
        connection.execute(sql.SQL(text).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


@pytest.fixture
def company(published_copy: Copies, database_kind: str, tmp_path: Path) -> Iterator[Company]:
    """A company with the workshop's metadata and no records, on each kind of database."""
    found = opened(published_copy(database_kind, "workshop", (WORKSHOP,), tmp_path))
    yield found
    found.close()


@pytest.fixture
def sales(published_copy: Copies, database_kind: str, tmp_path: Path) -> Iterator[Company]:
    """A company with the packages base and sales-core and no records, on each kind of database."""
    found = opened(published_copy(database_kind, "sales", (PACKAGES / "base", PACKAGES / "sales-core"), tmp_path))
    yield found
    found.close()


@pytest.fixture
def empty_company(database_url: str) -> Iterator[Company]:
    """A company without any metadata."""
    found = opened(database_url)
    yield found
    found.close()


