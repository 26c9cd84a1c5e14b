"""The demo company behind a real server: prepared once, copied for whoever may change it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from dougong.base.settings import Settings
from dougong.cli.assembly import application, plugins
from dougong.cli.run import ADMINISTRATOR, prepare
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Companies, Company
from dougong.engine.query import Condition, Filter, Query, Record, Sort
from dougong.engine.saving.batch import Change, Update
from dougong.web import credentials, sessions
from dougong.web.app import make_site

READY_SECONDS = 20
PASSWORD = "several words together"
"""What the administrator of the copies has chosen already."""


def made(folder: Path) -> Path:
    """A SQLite file in `folder` with the sales packages and the demo data."""
    fill(f"sqlite:///{folder}/demo.sqlite3", folder)
    return folder / "demo.sqlite3"


def fill(url: str, folder: Path) -> None:
    """Prepare the demo company, as `dougong run` does, in the empty database at `url`; `folder` is for its files."""
    settings = _settings(url, folder)
    companies = Companies(settings, plugins().hook)
    with closing(companies):
        company = companies.open()
        prepare(company, settings, with_demo=True)
        user_id = Demo("", company).administrator()
        company.write(SYSTEM, lambda unit: credentials.set_password(unit, user_id, PASSWORD))


def _settings(url: str, folder: Path) -> Settings:
    return Settings.from_environment(
        {
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "COMPANY_NAME": "远山机电",
            "DEFAULT_TIMEZONE": "Asia/Shanghai",
            "TESTS_AT_PUBLISH": "no",  # they have tests of their own, and take seconds of each publish
        }
    )


@dataclass(frozen=True, slots=True)
class Demo:
    """A served company. `url` is where, without a slash at the end."""

    url: str
    company: Company

    def administrator(self) -> str:
        """The id of the user that `dougong run` makes."""
        return self.user(ADMINISTRATOR)

    def first(self, object: str, where: Filter | None = None, sort: str = "created_at") -> Record:
        """The oldest record that fits."""
        with self.company.read(SYSTEM) as unit:
            page = unit.records.query(Query(object=object, where=where, sort=(Sort(sort), Sort("id")), limit=1))
            return unit.records.get(object, page.rows[0].id)

    def record(self, object: str, record_id: str) -> Record:
        """A record as it is stored now, in the bin or not."""
        with self.company.read(SYSTEM) as unit:
            return unit.records.get(object, record_id, deleted="all")

    def save(self, *changes: Change) -> list[str]:
        """Save behind the pages' back; the ids."""
        saved = self.company.write(SYSTEM, lambda unit: unit.records.save(list(changes)))
        return [each.id for each in saved.changes]

    def one_time_password(self) -> str:
        """A new one for the administrator, as `dougong user password` makes it."""
        password, user_id = credentials.one_time_password(), self.administrator()
        self.company.write(SYSTEM, lambda unit: credentials.set_password(unit, user_id, password, must_change=True))
        return password

    def user(self, login: str) -> str:
        """The id of a user."""
        return str(self.first("user", Condition("login", "is", login)).id)

    def cookie(self, language: str = "en", theme: str = "light", login: str = ADMINISTRATOR) -> Any:
        """The cookie of a new session of the administrator, or of somebody else, who reads `language` from now on."""
        user_id = self.user(login)
        self.save(Update("user", user_id, {"language": language, "time_zone": "Asia/Shanghai"}))

        def begin(unit: Any) -> str:
            sessions.prefer(unit, user_id, {"theme": theme})
            return sessions.begin(unit, user_id, "Chrome/140 Windows", "127.0.0.1")

        token = self.company.write(SYSTEM, begin)
        return {"name": sessions.cookie_name(False), "value": token, "url": self.url}


@contextmanager
def served(original: Path, folder: Path) -> Iterator[Demo]:
    """A copy of the company in the file `original`, served on a free port until the block ends."""
    file = folder / "company.sqlite3"
    shutil.copy(original, file)
    with serving(f"sqlite:///{file}", folder) as site:
        yield site


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Demo]:
    """The company in the database at `url`, served on a free port until the block ends."""
    settings = _settings(url, folder)
    companies = Companies(settings, plugins().hook)
    with closing(companies):
        company = companies.open()
        site = make_site(settings, company)
        app = application(site)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield Demo(f"http://127.0.0.1:{_port(server)}", company)
        finally:
            server.should_exit = True
            thread.join(READY_SECONDS)


def _port(server: uvicorn.Server) -> int:
    until = time.monotonic() + READY_SECONDS
    while not server.started:
        if time.monotonic() > until:
            raise TimeoutError("the server did not start")
        time.sleep(0.02)
    return int(server.servers[0].sockets[0].getsockname()[1])
