"""Companies of one database: each reaches its own rows alone, whatever SQL is written on its connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from dougong.base.errors import BadRequest, Conflict, NotFound
from dougong.cli import temporary_postgresql as postgresql
from dougong.engine import jobs
from dougong.engine.actor import SYSTEM
from dougong.engine.audit import Event, record_alone
from dougong.engine.company import Companies, Company, PlainSettings
from dougong.engine.directory import DEFAULT
from dougong.engine.jobs import JOBS, Job
from dougong.engine.publish import Publication, publish
from dougong.engine.saving.batch import Create
from dougong.engine.workers import Worker
from tests.companies import PACKAGES, tree_of

DONE: list[str] = []
JOBS.add(Job("apart", lambda company, task: DONE.append(company.name)))


@pytest.fixture
def url(database_url: str) -> URL:
    """The address of an empty database."""
    return make_url(database_url)


@pytest.fixture
def companies(url: URL) -> Iterator[Companies]:
    """A default company that was there before, and two that were made."""
    with closing(Companies(PlainSettings(database_url=url, threads=2))) as found:
        publish(found.open(), Publication(tree=tree_of(PACKAGES / "base")))
        found.retire(DEFAULT)
        for name in ("east", "west"):
            found.directory.create(name, name.title(), [f"{name}.example.com"])
        yield found


def run(company: Company, *statements: str) -> None:
    """Statements on a connection of the company, as an injection would have them."""
    with company.database.writers.connect() as connection:
        for each in statements:
            connection.execute(text(each))


def test_each_company_works(companies: Companies) -> None:
    """It publishes, saves, reads, records and does background work; the first one with what it had."""
    DONE.clear()
    for name in (DEFAULT, "east", "west"):
        company = companies.open(name)
        publish(company, Publication(tree=tree_of(PACKAGES / "base")))
        company.write(SYSTEM, lambda unit: unit.records.save([Create("group", {"name": unit.company.name})]))
        record_alone(company, SYSTEM, Event("exported"))
        task = company.write(SYSTEM, lambda unit: jobs.enqueue(unit, "apart", {}))
        assert task is not None
        assert jobs.run_due(company) == 1
    assert DONE == [DEFAULT, "east", "west"]


FORBIDDEN = {
    "postgresql": [
        ("SELECT * FROM west.dg_head",),
        ('SELECT * FROM "default".dg_head',),
        ("SELECT * FROM companies.company",),
        ("SELECT * FROM jobs.procrastinate_jobs",),
        ("SELECT * FROM jobs.dg_member",),
        ("UPDATE jobs.dg_member SET company = 'west'",),
        ("RESET ROLE", "SELECT * FROM west.dg_head"),
        ("RESET SESSION AUTHORIZATION", "SELECT * FROM west.dg_head"),
        ("SET search_path TO west", "SELECT * FROM dg_head"),
        ("CREATE TABLE west.mine (id int)",),
        ("CREATE SCHEMA mine",),
        ("SELECT jobs.procrastinate_defer_jobs_v1(NULL)", "SELECT * FROM west.dg_outbox"),
    ],
    "sqlite": [
        ("ATTACH DATABASE '{folder}/west.sqlite3' AS west",),
        ("ATTACH DATABASE ':memory:' AS other",),
    ],
}


def test_no_statement_reaches_another_company(companies: Companies, url: URL, database_kind: str) -> None:
    """By a qualified name, by another search path, by taking a role off, by attaching a file: the server refuses."""
    for name in ("east", "west"):
        companies.open(name)
    folder = str(url.database).rpartition("/")[0]
    for statements in FORBIDDEN[database_kind]:
        with pytest.raises(DBAPIError, match=r"permission denied|does not exist|too many attached"):
            run(companies.open("east"), *(each.format(folder=folder) for each in statements))


def test_no_company_becomes_another_role(companies: Companies, database_kind: str) -> None:
    """SET ROLE to the operator or to another company is refused."""
    if database_kind == "sqlite":
        return  # it has no roles
    account = companies.directory.get("west").account
    assert account is not None
    for each in ("postgres", account.name):
        with pytest.raises(DBAPIError, match="permission denied"):
            run(companies.open("east"), f'SET ROLE "{each}"')


def test_hosts_names_and_places_are_checked(companies: Companies) -> None:
    """One name, one place, one company for a host."""
    directory = companies.directory
    for name in ("Nord", "jobs", "companies", "public", "../north", ""):
        with pytest.raises(BadRequest, match="company-name"):
            directory.create(name, "", [])
    with pytest.raises(Conflict, match="company-taken"):
        directory.create("east", "", [])
    with pytest.raises(Conflict, match="company-host-taken"):
        directory.create("north", "", ["EAST.example.com"])
    for host in ("https://a.b", "a.b:80", "a b", "-a", "ä.com", ""):
        with pytest.raises(BadRequest, match="company-host"):
            directory.create("north", "", [host])
    with pytest.raises(NotFound, match="company-unknown"):
        directory.change("north", active=False)
    assert set(directory.listed()) == {DEFAULT, "east", "west"}


def test_archived_company_is_gone_and_can_be_taken_over_again(companies: Companies, database_kind: str) -> None:
    """Only one that was switched off; a name that something stands at is not taken by accident."""
    directory = companies.directory
    publish(companies.open("east"), Publication(tree=tree_of(PACKAGES / "base")))
    with pytest.raises(Conflict, match="company-active"):
        directory.archive("east")
    directory.change("east", active=False)
    account = directory.get("east").account
    companies.retire("east")
    archive = directory.archive("east")
    assert "east" not in directory.listed()
    assert not directory.places.taken("east")
    directory.create("east", "East", [])
    assert not companies.open("east").runtime().model.objects
    assert (account is None) == (database_kind == "sqlite")
    if database_kind == "postgresql":
        assert directory.places.taken(archive)


def test_what_stands_there_already_is_no_company(companies: Companies) -> None:
    """A schema or file of somebody else's is taken over by word alone, then with all that is in it."""
    directory = companies.directory
    with closing(Companies(companies._settings)) as others:  # unlisted: as restored from an archive
        publish(others.open("north"), Publication(tree=tree_of(PACKAGES / "base")))
    with pytest.raises(Conflict, match="company-place-taken"):
        directory.create("north", "", [])
    directory.create("north", "", [], adopt=True)
    company = companies.open("north")
    assert "user" in company.runtime().model.objects
    company.write(SYSTEM, lambda unit: unit.records.save([Create("group", {"name": "adopted"})]))
    purged = tree_of(PACKAGES / "base")
    publish(company, Publication(tree=purged.without("app:admin")))


@pytest.fixture
def operators(postgresql_server: postgresql.Server) -> Iterator[dict[str, URL]]:
    """Databases of operators who are no superusers: one may make roles, one may not."""
    with postgresql.database(postgresql_server) as address, postgresql_server.connect() as connection:
        found, database = {}, make_url(address).database
        for name, right in (("makes", "CREATEROLE"), ("makes_not", "NOCREATEROLE")):
            role = sql.Identifier(f"{database}_{name}")
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER {}").format(role, sql.SQL(right)))
            connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(str(database)), role))
            found[name] = make_url(address).set(username=f"{database}_{name}")
        yield found


def test_operator_needs_no_superuser(operators: dict[str, URL]) -> None:
    """CREATEROLE is enough; without it a company is refused, or made in the weaker way that is asked for."""
    with closing(Companies(PlainSettings(database_url=operators["makes"], threads=2))) as found:
        found.open()
        found.retire(DEFAULT)
        found.directory.create("east", "", [])
        publish(found.open("east"), Publication(tree=tree_of(PACKAGES / "base")))
        with pytest.raises(DBAPIError, match="permission denied"):
            run(found.open("east"), 'SELECT * FROM "default".dg_head')
        found.open()
        found.directory.change("east", active=False)
        found.retire("east")
        found.directory.archive("east")


def test_operator_without_the_right_is_told(operators: dict[str, URL]) -> None:
    """Refused with what to do; `shared_account` is the weaker mode, by word alone."""
    with closing(Companies(PlainSettings(database_url=operators["makes_not"], threads=2))) as found:
        with pytest.raises(Conflict, match="company-roles"):
            found.directory.create("east", "", [])
        assert found.directory.listed() == {}
        made = found.directory.create("east", "", [], shared_account=True)
        assert made.account is None
        publish(found.open("east"), Publication(tree=tree_of(PACKAGES / "base")))


def test_wrong_secret_opens_nothing(companies: Companies, database_kind: str) -> None:
    """The role's password is a real one (where the server asks for it)."""
    if database_kind == "sqlite":
        return  # it has no accounts
    account = companies.directory.get("east").account
    assert account is not None
    assert len(account.secret) >= 40
    with companies.directory.places.directory().connect() as connection:  # type: ignore[union-attr]
        kept = connection.scalar(text(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{account.name}'"))
    assert str(kept).startswith("SCRAM-SHA-256")


def test_a_closed_database_is_told_apart(companies: Companies, database_kind: str) -> None:
    """A company's role that was switched off by the server's administrator opens no connection."""
    if database_kind == "sqlite":
        return
    account = companies.directory.get("east").account
    assert account is not None
    with companies.directory.places.directory().begin() as connection:  # type: ignore[union-attr]
        connection.execute(text(f'ALTER ROLE "{account.name}" NOLOGIN'))
    with pytest.raises(OperationalError):
        companies.open("east")
    west = companies.open("west")
    DONE.clear()
    west.write(SYSTEM, lambda unit: jobs.enqueue(unit, "apart", {}))
    Worker(companies)._sweep()  # a company that is out of reach keeps no other waiting
    assert DONE == ["west"]
