"""What differs between the databases: connections, transactions, locks, and the DDL that only one of them has."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import URL

from dougong.base.errors import Problem, SettingError
from dougong.base.language import msg
from dougong.engine.dialects.base import Busy, Database, Head
from dougong.engine.dialects.postgresql import PostgreSQL
from dougong.engine.dialects.sqlite import SQLite

__all__ = ["Busy", "Database", "Head", "open_database"]

KINDS: Mapping[str, type[PostgreSQL] | type[SQLite]] = {PostgreSQL.kind: PostgreSQL, SQLite.kind: SQLite}


def open_database(url: URL, company: str, threads: int) -> Database:
    """The database of `company`; the company "default" is where `url` says, the others beside it.

    Raises:
        SettingError: no kind of database that Dougong runs on.
    """
    kind = KINDS.get(url.get_backend_name())
    if kind is None:
        reason = msg("'{kind}' is not a kind of database that Dougong runs on.", kind=url.drivername)
        raise SettingError(Problem(code="setting-database", thing="DATABASE_URL", reason=reason))
    return kind(url, company, threads)
