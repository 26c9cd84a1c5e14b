"""What differs between the databases: connections, transactions, locks, and the DDL that only one of them has."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import URL

from dougong.base.errors import Problem, SettingError
from dougong.base.language import msg
from dougong.engine.dialects.base import Busy, Database, Head
from dougong.engine.dialects.places import Account, Places
from dougong.engine.dialects.postgresql import PostgreSQL
from dougong.engine.dialects.postgresql_places import PostgreSQLPlaces
from dougong.engine.dialects.sqlite import SQLite
from dougong.engine.dialects.sqlite_places import SQLitePlaces

__all__ = ["Account", "Busy", "Database", "Head", "Places", "open_database", "open_places"]

KINDS: Mapping[str, type[PostgreSQL] | type[SQLite]] = {PostgreSQL.kind: PostgreSQL, SQLite.kind: SQLite}


PLACES: Mapping[str, type[PostgreSQLPlaces] | type[SQLitePlaces]] = {
    PostgreSQL.kind: PostgreSQLPlaces,
    SQLite.kind: SQLitePlaces,
}


def open_places(url: URL) -> Places:
    """Where the companies of the database at `url` stand."""
    return PLACES[url.get_backend_name()](url)


def open_database(url: URL, company: str, threads: int, account: Account | None = None) -> Database:
    """The database of `company`; the company "default" is where `url` says, the others beside it.

    With an `account` connections are made by that, not by the one in `url`.

    Raises:
        SettingError: no kind of database that Dougong runs on.
    """
    kind = KINDS.get(url.get_backend_name())
    if kind is None:
        reason = msg("'{kind}' is not a kind of database that Dougong runs on.", kind=url.drivername)
        raise SettingError(Problem(code="setting-database", thing="DATABASE_URL", reason=reason))
    return kind(url, company, threads, account)
