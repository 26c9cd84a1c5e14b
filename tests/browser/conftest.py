"""Chromium at the pages of the demo company. Whatever a page says on its console fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from dougong.cli import temporary_postgresql as postgresql
from dougong.cli.run import ADMINISTRATOR
from tests import once
from tests.browser import at_work, demo
from tests.browser.demo import Demo

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT = 30_000
"""Milliseconds until a page that does not do what is awaited fails a test; a machine may be busy with other things."""

expect.set_options(timeout=WAIT)

EXPECTED = ("the server responded with a status of 4",)
"""The browser's own note of an answer that says no: a form with something to mend is one."""

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the demo company, which nobody serves."""
    return once.sqlite_file("demo", lambda url: demo.fill(url, tmp_path_factory.mktemp("demo")))


@pytest.fixture(scope="session")
def demo_on_postgresql(postgresql_server: postgresql.Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the database of the demo company on PostgreSQL, which nobody serves."""
    return once.postgresql_database(
        postgresql_server, "demo", lambda url: demo.fill(url, tmp_path_factory.mktemp("demo"))
    )


@pytest.fixture(scope="session")
def shown(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo company at work, served for tests that look and change nothing."""
    with demo.served(demo_file, tmp_path_factory.mktemp("shown")) as site:
        at_work.put_to_work(site)
        yield site


@pytest.fixture
def site(demo_file: Path, tmp_path: Path) -> Iterator[Demo]:
    """The demo company, served for one test alone."""
    with demo.served(demo_file, tmp_path) as found:
        yield found


@pytest.fixture
def site_of_kind(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[Demo]:
    """The demo company on each kind of database, served for one test alone."""
    if database_kind == "sqlite":
        with demo.served(request.getfixturevalue("demo_file"), tmp_path) as found:
            yield found
        return
    name = request.getfixturevalue("demo_on_postgresql")
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    with postgresql.database(server, name) as url, demo.serving(url, tmp_path) as found:
        yield found


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """A function that opens a page: signed in to `site` as `login`, unless `signed_in=False`.

    Further words are the context's.
    """
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(each in message.text for each in EXPECTED):
            complaints.append(f"{message.text} ({message.location.get('url')})")

    with ExitStack() as stack:

        def opened(
            site: Demo,
            language: str = "en",
            theme: str = "light",
            signed_in: bool = True,
            login: str = ADMINISTRATOR,
            **context: Any,
        ) -> Page:
            made: BrowserContext = browser.new_context(
                **{
                    "viewport": DESK,
                    "locale": language,
                    "color_scheme": theme,
                    "timezone_id": "Asia/Shanghai",
                    "base_url": site.url,
                    **context,
                }
            )
            stack.callback(made.close)
            made.set_default_timeout(WAIT)
            if signed_in:
                made.add_cookies([site.cookie(language, theme, login)])
            page = made.new_page()
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield opened
    assert not complaints
