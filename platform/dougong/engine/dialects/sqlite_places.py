"""SQLite: each company in a file of its own, beside that of the company "default"; the list of them as well."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from dougong.engine.dialects.places import Account

DIRECTORY = "companies.sqlite3"
ARCHIVE = "archive"


def file_of(url: URL, company: str) -> Path:
    """The file of `company`."""
    given = Path(url.database or "")
    return given if company == "default" else given.with_name(f"{company}.sqlite3")


class SQLitePlaces:
    """The files of the companies in one folder (see `Places`)."""

    def __init__(self, url: URL) -> None:
        """The folder is that of the file which `url` names."""
        self._url = url
        self._folder = file_of(url, "default").parent

    def directory(self, make: bool = False) -> Engine | None:
        """A file beside the others."""
        path = self._folder / DIRECTORY
        if make:
            self._folder.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            return None
        return create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)

    def isolates(self) -> bool:
        """Always: a connection reaches its own file alone."""
        return True

    def taken(self, company: str) -> bool:
        """Whether there is such a file."""
        return file_of(self._url, company).exists()

    def make(self, company: str) -> Account | None:
        """Nothing: a file is made when it is opened, and SQLite has no accounts."""
        return None

    def archive(self, company: str, account: Account | None) -> str:
        """Move the file into the folder of archives, everything that was written in it."""
        source = file_of(self._url, company)
        target = source.parent / ARCHIVE / f"{company}-{datetime.now(UTC):%Y%m%dT%H%M%S}.sqlite3"
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.exists():
            with closing(sqlite3.connect(source)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            source.rename(target)
        for name in ("-wal", "-shm", "-publish"):
            source.with_name(source.name + name).unlink(missing_ok=True)
        return str(target)
