"""What a unit asks with its first statement, and reads that go out together."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import Select, event, func, insert, literal_column, select, true
from sqlalchemy.exc import DBAPIError

from dougong.base.ids import record_id
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.first import First
from dougong.engine.publish import Publication, publish
from dougong.engine.query import Condition, Query
from dougong.engine.runtime import Runtime
from dougong.engine.tables import head, people
from dougong.engine.unit import Unit
from tests.companies import opened
from tests.engine.test_publish import field, head_tree


def _columns(runtime: Runtime) -> Select[Any]:
    """How many columns the table of parts has in a revision, and how many parts there are."""
    table = runtime.storage.tables["part"].table
    parts = select(func.count()).select_from(table).scalar_subquery()
    columns = literal_column(str(len(table.columns))).label("columns")
    return select(head.c.revision, people.c.version.label("people"), columns, parts.label("parts")).join(people, true())


COLUMNS = First("columns", _columns, {})


def _other(company: Company) -> Company:
    """The same company, as another process has it open."""
    return opened(company.database.writers.url.render_as_string(hide_password=False))


def _counted(company: Company, first: First) -> tuple[int, int, int]:
    """Revision, answer, and statements that SQLAlchemy sent for it."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(company.database.readers, "before_cursor_execute", note)
    try:
        with company.read(SYSTEM, first) as unit:
            assert unit.first is not None
            assert unit.first.columns == len(unit.runtime.storage.tables["part"].table.columns)
            return unit.runtime.revision, unit.first.columns, len(sent)
    finally:
        event.remove(company.database.readers, "before_cursor_execute", note)


def test_the_first_statement_brings_the_answer_and_the_head(company: Company) -> None:
    """A process that knows the revision asks once; so does one that has never read, after it has loaded it."""
    revision, columns, _ = _counted(company, COLUMNS)
    assert _counted(company, COLUMNS) == (revision, columns, 1)


def test_an_answer_to_another_revision_is_asked_again(company: Company) -> None:
    """What another process published counts from the first statement on."""
    with closing(_other(company)) as other:
        revision, columns, _ = _counted(other, COLUMNS)
        publish(company, Publication(tree=head_tree(company).put(field("part.further", type="text", length=40))))
        assert _counted(other, COLUMNS)[:2] == (revision + 1, columns + 1)
        assert _counted(other, COLUMNS) == (revision + 1, columns + 1, 1)


@pytest.mark.parametrize("gone", [literal_column("no_such_column"), select(literal_column("1 FROM dg_none")).exists()])
def test_what_an_old_revision_reads_may_be_gone(company: Company, gone: Any) -> None:
    """A statement of an old revision that names what was dropped since is no failure."""

    def build(runtime: Runtime) -> Select[Any]:
        asked = _columns(runtime)
        return asked.where(gone) if runtime.revision == 1 else asked

    with closing(_other(company)) as other:
        other.runtime()
        publish(company, Publication(tree=head_tree(company).put(field("part.further", type="text", length=40))))
        for _ in range(2):
            assert _counted(other, First("gone", build, {}))[0] == 2


def test_a_revision_without_what_is_asked_does_not_stand_in_the_way(empty_company: Company, company: Company) -> None:
    """A process that served the empty revision asks under the next one."""
    with empty_company.read(SYSTEM), pytest.raises(KeyError), empty_company.read(SYSTEM, COLUMNS):
        pass
    with closing(_other(empty_company)) as other:
        publish(other, Publication(tree=head_tree(company)))
    assert _counted(empty_company, COLUMNS)[0] == 1


def _parts(unit: Unit) -> list[str]:
    table = unit.runtime.storage.tables["part"].table
    rows = [
        {
            "id": record_id(),
            "name": f"P{at}",
            "sku": str(at),
            "created_at": unit.now,
            "updated_at": unit.now,
            "version": 1,
        }
        for at in range(5)
    ]
    unit.connection.execute(insert(table), rows)
    return [str(row["id"]) for row in rows]


def _named(*skus: str) -> Query:
    return Query(object="part", columns=("name",), where=Condition("sku", "in", skus))


def test_reads_together_find_what_they_find_alone(company: Company) -> None:
    """Pages and counts that go out together, read afterwards or in between, again and again."""
    company.write(SYSTEM, _parts)
    queries = [_named("1"), _named("2", "3"), _named("none")]
    for _ in range(8):  # the driver prepares what it has seen five times
        with company.read(SYSTEM) as unit:
            with unit.together():
                asked = [unit.records.ask(query) for query in queries]
                between = unit.records.query(_named("0"))
                counts = [unit.records.ask_count(query, cap=1) for query in queries]
            assert [len(page().rows) for page in asked] == [1, 2, 0]
            assert [count().number for count in counts] == [1, 1, 0]
            assert len(between.rows) == 1


def test_a_failure_among_reads_together_is_told_and_leaves_nothing(company: Company) -> None:
    """It is raised at the end of the block at the latest; the connection serves the next one."""
    company.write(SYSTEM, _parts)
    for _ in range(2):
        with pytest.raises((DBAPIError, psycopg.Error)), company.read(SYSTEM) as unit, unit.together():
            unit.connection.execute(select(literal_column("no_such_column")))
            unit.connection.execute(select(literal_column("1")))
        with company.read(SYSTEM) as unit:
            assert len(unit.records.query(_named("1", "2")).rows) == 2
