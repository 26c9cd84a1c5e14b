"""What every room's tests may ask for: databases of both kinds, and a browser."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from playwright.sync_api import Browser, Page

from dougong.base.settings import describe
from dougong.cli import temporary_postgresql as postgresql
from dougong.cli.folders import field_types
from tests import chromium
from tests.once import RUN_FOLDER

KINDS = ("sqlite", "postgresql")


def missing(reason: str) -> NoReturn:
    """Skip for `reason`; in CI, where nothing may be missing, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


# Cores may be shared, so no example has a deadline; CI tries the same examples every time.
hypothesis.settings.register_profile("dougong", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("dougong")


# A worker holds hundreds of compiled companies, and looking through them for circles took a fifth of its time.
gc.set_threshold(50_000, 20, 100)


def forget_the_operator() -> None:
    """Let no setting and no language of the shell that started the tests reach them."""
    for each in describe():
        os.environ.pop(each.variable, None)
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ["TESTS_AT_PUBLISH"] = "no"  # seconds for each publish; tests of just that switch it on


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that all processes of this run share. The name is short: it holds a socket."""
    forget_the_operator()
    field_types()  # packages that ship have steps, whose kinds are known by then
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="dougong-")
        os.chmod(os.environ[RUN_FOLDER], 0o755)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the shared server, if anything started it, when the last process is done."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(RUN_FOLDER))
    server = postgresql.Server(folder / "pg")
    if server.running:
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> postgresql.Server:
    """A running PostgreSQL server, shared by the whole run."""
    try:
        return postgresql.shared(Path(os.environ[RUN_FOLDER]))
    except postgresql.Unavailable as error:
        missing(str(error))


@pytest.fixture(scope="session")
def fresh_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """A function from a kind ("sqlite", "postgresql") to the address of a new empty database.

    The database lives until the session ends: for fixtures that share one among many tests.
    """
    with ExitStack() as stack:

        def fresh(kind: str) -> str:
            if kind == "sqlite":
                return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/test.sqlite3"
            server: postgresql.Server = request.getfixturevalue("postgresql_server")
            return stack.enter_context(postgresql.database(server))

        yield fresh


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The address of a new empty database of each kind in turn, gone after the test."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/test.sqlite3"
        return
    with postgresql.database(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, started once per process."""
    try:
        chromium.program()
    except chromium.Unavailable as error:
        missing(str(error))
    with chromium.running() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh profile at desktop width; a script error on it fails the test."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    opened = context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors
