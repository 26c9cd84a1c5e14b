"""The audit log: what is recorded is chained, in the transaction of what it tells of, under any number of writers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit import Event, record, record_alone
from dougong.engine.audit.verify import verify
from dougong.engine.company import Company
from dougong.engine.publish import Publication, publish
from dougong.engine.tables import audit
from dougong.engine.unit import Unit
from dougong.metadata.component import Component
from dougong.metadata.tree import Tree

PERSON = Actor(user_id="01890000-0000-7000-8000-000000000001", name="李明", login="li.ming", address="10.0.0.7")


def rows(company: Company) -> list[Any]:
    """The log as it stands."""
    with company.read(SYSTEM) as unit:
        return list(unit.connection.execute(select(audit).order_by(audit.c.seq)))


def whole(company: Company) -> bool:
    """Whether `verify` finds nothing."""
    with company.read(SYSTEM) as unit:
        return not list(verify(unit.connection))


def test_entry_is_committed_with_what_it_tells_of(empty_company: Company) -> None:
    """Who, when, what and the reason of the unit are there; personal things stand beside the body."""
    empty_company.write(PERSON, lambda unit: record(unit, Event("exported", "object:a", {"records": 3})), why="quarter")
    (row,) = rows(empty_company)
    assert (row.seq, row.kind, row.target, row.actor_id) == (1, "exported", "object:a", PERSON.user_id)
    assert '"records":3' in row.body
    assert all(each in row.personal for each in ("li.ming", "10.0.0.7", "quarter"))
    assert not any(each in row.body for each in ("li.ming", "10.0.0.7", "quarter"))
    assert whole(empty_company)


def test_entry_is_undone_with_what_it_tells_of(empty_company: Company) -> None:
    """A transaction that fails leaves no entry; one recorded alone stays."""

    def fails(unit: Unit) -> None:
        record(unit, Event("exported"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        empty_company.write(PERSON, fails)
    assert rows(empty_company) == []
    record_alone(empty_company, PERSON, Event("refused", "/r/account/1"))
    assert [row.kind for row in rows(empty_company)] == ["refused"]


def test_reading_records_when_it_ends(empty_company: Company) -> None:
    """An export reads only: its entry is written after it, also where it broke off."""
    with empty_company.read(PERSON) as unit:
        record(unit, Event("exported", "object:a"))
        record(unit, Event("exported", "object:b"))
    with pytest.raises(RuntimeError), empty_company.read(PERSON) as unit:
        record(unit, Event("exported", "object:c"))
        raise RuntimeError
    assert [row.target for row in rows(empty_company)] == ["object:a", "object:b", "object:c"]
    assert whole(empty_company)


def test_several_units_on_one_connection_share_their_entries(empty_company: Company) -> None:
    """The API acts in a unit made of another one: what it records is kept."""

    def work(unit: Unit) -> None:
        record(Unit(unit.company, unit.connection, unit.runtime, PERSON, unit.now), Event("token_created"))

    empty_company.write(SYSTEM, work)
    assert [row.actor_id for row in rows(empty_company)] == [PERSON.user_id]


def test_unknown_kind_is_refused(empty_company: Company) -> None:
    """A misspelt kind would never be found again."""
    with pytest.raises(LookupError, match="did you mean 'exported'"):
        empty_company.write(PERSON, lambda unit: record(unit, Event("exportd")))


def test_any_text_can_be_recorded(empty_company: Company) -> None:
    """What strangers send may hold NUL, half characters, and be endless."""
    odd = "\0\ud800" + "x" * 5000
    record_alone(empty_company, PERSON, Event("sign_in_failed", target=odd, personal={"typed": odd}, data={"a": odd}))
    (row,) = rows(empty_company)
    assert len(row.target) == 300
    assert len(row.personal) < 3000
    assert whole(empty_company)


def test_writers_at_once_make_one_chain(empty_company: Company) -> None:
    """Entries of many threads follow one another without a gap."""

    def work() -> None:
        for number in range(10):
            empty_company.write(PERSON, lambda unit, n=number: record(unit, Event("exported", f"object:{n}")))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [row.seq for row in rows(empty_company)] == list(range(1, 41))
    assert whole(empty_company)


def test_who_records_nothing_waits_for_nobody(database_kind: str, empty_company: Company) -> None:
    """A save goes through while another transaction holds the end of the log, where the database has many writers."""
    if database_kind == "sqlite":
        return  # one writes at a time there, log or none
    with empty_company.database.writers.connect() as other, other.begin():
        empty_company.database.begin_write(other)
        other.execute(text("SELECT seq FROM dg_audit_head FOR UPDATE"))
        empty_company.write(PERSON, lambda unit: unit.connection.execute(text("SET LOCAL lock_timeout = 2000")))


ALTERATIONS: dict[str, Callable[[], Any]] = {
    "delete": lambda: delete(audit),
    "body": lambda: update(audit).values(body="{}"),
    "kind": lambda: update(audit).values(kind="signed_in"),
    "actor": lambda: update(audit).values(actor_id=None),
    "hash": lambda: update(audit).values(hash="0"),
    "personal": lambda: update(audit).values(personal="{}"),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_rows_cannot_be_altered(empty_company: Company, alteration: str) -> None:
    """Through the application's own account no entry is changed or removed; only its personal part can be erased."""
    record_alone(empty_company, PERSON, Event("exported"))
    with pytest.raises(DatabaseError, match="append-only"):
        empty_company.write(SYSTEM, lambda unit: unit.connection.execute(ALTERATIONS[alteration]()))
    empty_company.write(SYSTEM, lambda unit: unit.connection.execute(update(audit).values(personal=None)))


def test_publish_is_recorded_with_what_it_changed(empty_company: Company) -> None:
    """The entry names revision and components; one that touches rights is of a kind of its own."""
    title = {"field": "name"}
    field = {"kind": "field", "name": "note.name", "type": "text", "label": {"en": "Name"}}
    note = {"kind": "object", "name": "note", "label": {"en": "Note"}, "title": title}
    publish(
        empty_company,
        Publication(
            tree=Tree.of([Component("object", "note", note), Component("field", "note.name", field)]),
            author=PERSON,
            message="new",
        ),
    )
    (row,) = rows(empty_company)
    assert (row.kind, row.target, row.actor_id) == ("published", "revision:1", PERSON.user_id)
    assert '"added":["field:note.name","object:note"]' in row.body
    assert "new" in row.personal
    assert whole(empty_company)
