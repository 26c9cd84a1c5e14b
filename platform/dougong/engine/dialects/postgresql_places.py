"""PostgreSQL: each company in a schema of its own, which belongs to a role of its own that signs in with a password.

A connection of such a role can read no other schema, by whatever name: the server refuses it, and there is no SET ROLE
by which to become another. It may queue tasks of its own company, through one function, and cannot see the queue. The
operator's account (DATABASE_URL) is a member of every role; pages and API never use it once companies were created.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from dougong.engine.dialects import queue
from dougong.engine.dialects.places import Account

DIRECTORY = "companies"
"""The schema of the list of companies; no company may have this name."""

LONGEST_NAME = 63

OWN = """
SELECT format('ALTER %s %s OWNER TO %I',
    CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, oid::regclass, {role})
FROM pg_class WHERE relnamespace = {schema}::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
    -- a sequence of a column goes with its table
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND relkind = 'S' AND deptype IN ('a', 'i'))
UNION ALL
SELECT format('ALTER ROUTINE %s OWNER TO %I', oid::regprocedure, {role})
FROM pg_proc WHERE pronamespace = {schema}::regnamespace
UNION ALL
SELECT format('ALTER TYPE %s OWNER TO %I', oid::regtype, {role})
FROM pg_type WHERE typnamespace = {schema}::regnamespace AND typtype IN ('e', 'd', 'r')
"""


class PostgreSQLPlaces:
    """The schemas of the companies in one database (see `Places`)."""

    def __init__(self, url: URL) -> None:
        """Act by the account of `url`."""
        self._url = url

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        conninfo = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(conninfo) as connection:
            yield connection

    def directory(self, make: bool = False) -> Engine | None:
        """A schema that belongs to the operator's account."""
        schema = sql.Identifier(DIRECTORY)
        with self._connected() as connection:
            if make:
                connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
            elif not _exists(connection, DIRECTORY):
                return None
        engine = create_engine(self._url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
        event.listen(engine, "connect", _into_directory)
        return engine

    def isolates(self) -> bool:
        """Whether the operator's account may make roles."""
        with self._connected() as connection:
            asked = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
            return bool(_value(connection, asked))

    def taken(self, company: str) -> bool:
        """Whether there is such a schema."""
        with self._connected() as connection:
            return _exists(connection, company)

    def make(self, company: str) -> Account | None:
        """A role with a new password, and the schema that it owns with everything in it."""
        with self._connected() as connection:
            name = self._role(connection, company)
            account = Account(name, secrets.token_urlsafe(32))
            role, schema = sql.Identifier(name), sql.Identifier(company)
            known = _value(connection, "SELECT true FROM pg_roles WHERE rolname = %s", name)
            verb = sql.SQL("ALTER" if known else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOINHERIT PASSWORD {}").format(verb, role, sql.Literal(account.secret))
            )
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
            if _exists(connection, company):
                _give(connection, company, name)
            else:
                connection.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(schema, role))
            queue.create(connection)
            queue.admit(connection, company, name)
        return account

    def archive(self, company: str, account: Account | None) -> str:
        """Rename the schema, give it to the operator's account, drop the role; open connections end."""
        target = f"archived_{company}_{datetime.now(UTC):%Y%m%dT%H%M%S}".lower()
        with self._connected() as connection:
            if account is not None:
                role = sql.Identifier(account.name)
                connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [account.name]
                )
            if _exists(connection, company):
                _give(connection, company, str(_value(connection, "SELECT current_user")))
                names = sql.Identifier(company), sql.Identifier(target)
                connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(*names))
            queue.dismiss(connection, company)
            if account is not None:
                connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
                connection.execute(sql.SQL("DROP ROLE {}").format(role))
        return target

    def _role(self, connection: psycopg.Connection[Any], company: str) -> str:
        """The name of a company's role: roles belong to the whole server, so the database's name is in it."""
        found = f"dougong_{_value(connection, 'SELECT current_database()')}_{company}"
        if len(found.encode()) <= LONGEST_NAME:
            return found
        return f"dougong_{hashlib.blake2b(found.encode(), digest_size=8).hexdigest()}_{company}"


def _give(connection: psycopg.Connection[Any], schema: str, role: str) -> None:
    """Make `role` the owner of `schema` and of everything in it."""
    own = sql.SQL("ALTER SCHEMA {} OWNER TO {}")
    connection.execute(own.format(sql.Identifier(schema), sql.Identifier(role)))  # first: an owner may own in it
    names = {"schema": sql.Literal(sql.Identifier(schema).as_string(None)), "role": sql.Literal(role)}
    for (statement,) in connection.execute(sql.SQL(OWN).format(**names)).fetchall():
        connection.execute(sql.SQL(statement))  # the server itself has quoted its names


def _exists(connection: psycopg.Connection[Any], schema: str) -> bool:
    return bool(_value(connection, "SELECT true FROM pg_namespace WHERE nspname = %s", schema))


def _value(connection: psycopg.Connection[Any], statement: LiteralString, *parameters: Any) -> Any:
    row = connection.execute(statement, parameters).fetchone()
    return row[0] if row else None


def _into_directory(connection: psycopg.Connection[Any], _: object) -> None:
    connection.execute(sql.SQL("SET search_path TO {}; SET timezone TO 'UTC'").format(sql.Identifier(DIRECTORY)))
    connection.commit()
