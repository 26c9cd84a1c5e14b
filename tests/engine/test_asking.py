"""Questions put to the driver itself: the same rows, the same errors, heard by who listens; the rest as ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Integer, Select, bindparam, event, insert, literal, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, StatementError

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.dialects import Database, open_database
from dougong.engine.dialects.asking import Answer, Question, ask, question_of
from dougong.engine.dialects.compiled import MOST_ASKED, Compiled
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create
from dougong.engine.tables import outbox
from tests.engine.repeating import again

KEYS = ("a", "b", "c")
THIRD = "01900000-0000-7000-8000-000000000002"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with the platform's tables and three tasks."""
    found = open_database(make_url(database_url), "default", 2)
    found.create()
    with found.writers.connect() as opened:
        found.begin_write(opened)
        now = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
        for at, key in enumerate(KEYS):
            id = f"01900000-0000-7000-8000-00000000000{at}"
            row = {"id": id, "job": "x", "key": key, "payload": {"at": at}, "state": "ready", "run_at": now}
            opened.execute(insert(outbox).values(**row, attempts=at, created_at=now))
        opened.commit()
    yield found
    found.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A snapshot of it."""
    with database.readers.connect() as opened:
        database.begin_read(opened)
        yield opened
        database.end_read(opened)


KEPT = select(outbox.c.key).order_by(outbox.c.key)
"""What statements below are made of."""


def _keys(*wanted: Any) -> Select[Any]:
    return KEPT.where(*wanted)


@pytest.mark.parametrize(
    ("statement", "given", "expected"),
    [
        (_keys(outbox.c.attempts >= bindparam("least", 0)), {}, "abc"),
        (_keys(outbox.c.attempts >= bindparam("least", 0)), {"least": 2}, "c"),
        (_keys(outbox.c.attempts >= bindparam("least", 0)), {"least": 1, "unheard of": 3}, "bc"),
        (_keys(outbox.c.key == bindparam("key", type_=outbox.c.key.type)), {"key": "b"}, "b"),
        (_keys(outbox.c.attempts == 1), {}, "b"),
        (_keys(outbox.c.id == bindparam("id", type_=outbox.c.id.type)), {"id": THIRD}, "c"),
        (_keys(bindparam("n", type_=Integer) <= outbox.c.attempts, outbox.c.attempts <= bindparam("n")), {"n": 1}, "b"),
        (_keys(outbox.c.key.like("%b%")), {}, "b"),
        (_keys(literal("100%") == "100%"), {}, "abc"),
    ],
)  # fmt: skip
def test_parameters_are_as_ever(connection: Connection, statement: Select[Any], given: Any, expected: str) -> None:
    """Left out, given, given twice over, of every kind, and those that a statement does not know."""
    assert "".join(key for (key,) in again(connection, statement, given)) == expected


def test_every_execution_has_its_own_parameters(connection: Connection) -> None:
    """Nothing of the last one stays."""
    statement = _keys(outbox.c.attempts >= bindparam("least", 1))
    asked = [({}, "bc"), ({"least": 0}, "abc"), ({}, "bc"), ({"least": 2}, "c"), ({}, "bc"), ({"least": 9}, "")]
    for given, expected in asked * 2:
        assert "".join(key for (key,) in ask(connection, statement, given)) == expected


def test_rows_are_read_as_wanted(connection: Connection) -> None:
    """The first, all that are left, one by one; none where there is none."""
    statement = _keys(outbox.c.attempts >= bindparam("least", 0))
    for _ in range(5):
        (first,) = ask(connection, statement, {}).first() or ()
        assert first == "a"
        assert ask(connection, statement, {"least": 9}).first() is None
        assert [tuple(row) for row in ask(connection, statement, {}).all()] == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        (_keys(outbox.c.key.in_(bindparam("keys", expanding=True))), {"keys": ["a", "b"]}),
        (_keys(outbox.c.attempts >= bindparam("least", callable_=lambda: 0)), {}),
        (KEPT.execution_options(yield_per=2), {}),
        (KEPT.limit(bindparam("most", 2, literal_execute=True)), {}),
    ],
)
def test_what_differs_from_time_to_time_is_left_to_sqlalchemy(
    connection: Connection, statement: Select[Any], given: Any
) -> None:
    """SQL that depends on the values, values that are worked out, and options of the execution."""
    for _ in range(5):
        asked = ask(connection, statement, given)
        assert not isinstance(asked, Answer)
        assert [key for (key,) in asked][:2] == ["a", "b"]


def test_a_missing_parameter_is_named(connection: Connection) -> None:
    """Whichever way the statement is asked."""
    statement = _keys(outbox.c.key == bindparam("wanted", type_=outbox.c.key.type, required=True))
    for at in range(6):
        if at % 2:
            assert len(list(ask(connection, statement, {"wanted": "a"}))) == 1
        else:
            with pytest.raises(StatementError, match="wanted"):
                ask(connection, statement, {})


def test_listeners_hear_every_statement(connection: Connection) -> None:
    """What counts or times statements does so with these too."""
    heard: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *call: setattr(call[4], "began", call[2]))
    event.listen(connection, "after_cursor_execute", lambda *call: heard.append(call[4].began))
    statement = _keys(outbox.c.attempts == 1)
    for _ in range(6):
        ask(connection, statement, {}).all()
    assert len(heard) == 6 and len(set(heard)) == 1


def test_what_the_database_refuses_is_told_by_sqlalchemy(database: Database) -> None:
    """The error has the statement, and it is the same one before the statement is known and after."""
    statement = _keys(outbox.c.attempts >= bindparam("least", 0))
    told = []
    for asked_before in (0, 5):
        with database.writers.connect() as opened:
            database.begin_write(opened)
            for _ in range(asked_before):
                ask(opened, statement, {}).all()
            opened.exec_driver_sql("DROP TABLE dg_outbox")
            with pytest.raises(DBAPIError) as refused:
                ask(opened, statement, {}).all()
            told.append((type(refused.value), refused.value.statement, type(refused.value.orig)))
            opened.rollback()
    assert told[0] == told[1]


def test_asked_together(company: Company) -> None:
    """Statements of one round trip: sent, and read afterwards in any order."""
    company.write(SYSTEM, lambda unit: unit.records.save([Create("customer", {"name": name}) for name in KEYS]))
    for _ in range(6):
        with company.read(SYSTEM) as unit:
            with unit.together():
                asked = [unit.records.ask(Query(object="customer", columns=("name",), limit=n)) for n in (1, 2, 3)]
            assert [len(read().rows) for read in reversed(asked)] == [3, 2, 1]


def test_only_this_very_statement_is_known(connection: Connection) -> None:
    """An equal one with other values in it gets its own answer, also where it takes the place of one that is gone."""
    for at, key in list(enumerate(KEYS)) * 3:
        statement = _keys(outbox.c.attempts == at)
        for _ in range(5):
            assert [found for (found,) in ask(connection, statement, {})] == [key]
        del statement


def test_what_is_built_anew_is_not_taken_for_what_is_kept(connection: Connection) -> None:
    """A new statement often stands in memory where the last one stood."""
    memory = connection.get_execution_options()["compiled_cache"]
    before = len(memory._questions)
    for at in range(200):
        statement = _keys(outbox.c.attempts == at)
        ask(connection, statement, {}).all()
        del statement
    assert len(memory._questions) == before


def test_one_row_has_names(connection: Connection) -> None:
    """The first times, and of the driver."""
    statement = select(outbox.c.key, outbox.c.payload.label("given")).where(outbox.c.attempts == bindparam("n", 1))
    for _ in range(5):
        found = ask(connection, statement, {}).one()
        assert (found.key, found.given, found._asdict()) == ("b", {"at": 1}, {"key": "b", "given": {"at": 1}})


def test_so_many_are_kept_and_no_more(connection: Connection) -> None:
    """What is asked but once is not kept at all."""
    memory = Compiled()
    question = question_of(KEPT, connection.dialect, ask(connection, KEPT, {}).cursor.description)  # type: ignore[attr-defined]
    assert isinstance(question, Question)
    for statement in [KEPT.where(literal(True)) for _ in range(MOST_ASKED + 1)]:
        assert not memory.meets(statement)
        memory.keep(statement, question)
    assert len(memory._questions) <= MOST_ASKED
