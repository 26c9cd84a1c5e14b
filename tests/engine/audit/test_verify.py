"""Tampering is found, whatever was done: entries altered, removed, moved or forged, anywhere in the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit import Event, append, record_alone
from dougong.engine.audit.chain import canonical, link
from dougong.engine.audit.events import Entry
from dougong.engine.audit.verify import Checkpoint, checkpoint, verify
from dougong.engine.company import Company
from dougong.engine.tables import PLATFORM, audit, audit_head

PERSON = Actor(user_id="01890000-0000-7000-8000-000000000001", name="李明", login="li.ming", address="10.0.0.7")
LENGTH = 12


@contextmanager
def log_without_guards() -> Iterator[Connection]:
    """A log of some entries in a database whose owner has dropped the triggers."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        PLATFORM.create_all(connection, tables=[audit, audit_head])
        connection.execute(insert(audit_head).values(id=1, seq=0, hash=""))

        events = [Event("exported", f"object:{number}", {"records": number}) for number in range(LENGTH)]
        append(connection, [Entry.of(PERSON, datetime.now(UTC), each) for each in events])
        yield connection
    engine.dispose()


def state(connection: Connection) -> list[Any]:
    """Everything in the log."""
    found = (text(f"SELECT * FROM {table} ORDER BY seq") for table in (audit.name, audit_head.name))
    return [tuple(row) for each in found for row in connection.execute(each)]


SEQ = st.integers(1, LENGTH)
TEXT = st.text(alphabet='ab0{}"', max_size=4)
COLUMNS = ("kind", "target", "body", "personal", "hash", "actor_id", "at")


@st.composite
def tamperings(draw: st.DrawFn) -> Any:
    """One thing that somebody may do to the tables."""
    sort = draw(st.sampled_from(("set", "splice", "remove", "swap", "forge", "blank", "head", "renumber")))
    return sort, draw(SEQ), draw(SEQ), draw(st.sampled_from(COLUMNS)), draw(TEXT), draw(st.integers(0, 60))


def tamper(connection: Connection, tampering: Any) -> None:
    """Do it."""
    sort, one, other, column, value, at = tampering
    where = audit.c.seq == one
    row = connection.execute(select(audit.c.body, audit.c.personal, audit.c.hash).where(where)).first()
    if sort == "head":
        connection.execute(update(audit_head).values(seq=at, hash=value))
    elif sort == "forge":
        last = connection.scalar(select(audit_head.c.hash))
        values = {"seq": LENGTH + 1 + at, "at": datetime.now(UTC), "kind": "exported"}
        body = canonical({"seq": LENGTH + 1 + at, "kind": "exported"})
        forged = {**values, "target": "", "body": body, "personal": None, "hash": link(str(last), body)}
        connection.execute(insert(audit).values(forged))
    elif row is None:
        return
    elif sort == "set":
        connection.execute(
            text(f"UPDATE dg_audit SET {column} = :value WHERE seq = :seq"), {"value": value, "seq": one}
        )
    elif sort == "splice" and column in ("body", "personal", "hash"):
        old = row._mapping[column] or ""
        connection.execute(update(audit).where(where).values({column: old[:at] + value + old[at + 1 :]}))
    elif sort == "remove":
        connection.execute(delete(audit).where(audit.c.seq.between(min(one, other), max(one, other))))
    elif sort == "blank":
        connection.execute(update(audit).where(where).values(personal=None))
    elif sort == "renumber":
        connection.execute(update(audit).where(where).values(seq=LENGTH + 5 + at))
    elif sort == "swap" and one != other:
        for number, aim in ((one, 1000), (other, one), (1000, other)):
            connection.execute(update(audit).where(audit.c.seq == number).values(seq=aim))


@settings(max_examples=100)
@given(st.lists(tamperings(), min_size=1, max_size=3))
def test_tampering_is_always_found(done: list[Any]) -> None:
    """Unless what was done changed nothing, verify finds something; on an untouched log it finds nothing."""
    with log_without_guards() as connection:
        before = state(connection)
        assert list(verify(connection)) == []
        for each in done:
            with suppress(IntegrityError):  # a number that is taken
                tamper(connection, each)
        assert bool(list(verify(connection))) == (state(connection) != before)


@settings(max_examples=40)
@given(SEQ, st.integers(0, LENGTH))
def test_a_chain_made_anew_is_found_by_a_checkpoint(first: int, known: int) -> None:
    """Whoever rewrites the rest of the log, hashes and head and all, cannot rewrite the checkpoint kept elsewhere."""
    with log_without_guards() as connection:
        kept = [Checkpoint(row.seq, row.hash) for row in connection.execute(select(audit)) if row.seq == known]
        kept.append(checkpoint(connection))
        _rewrite(connection, first)
        assert list(verify(connection)) == []
        found = {each.seq for each in verify(connection, known=kept)}
        assert found == {each.seq for each in kept if each.seq >= first}


def test_a_log_cut_short_with_its_head_is_found_by_a_checkpoint() -> None:
    """The last entries removed and the head set back: the checkpoint names an entry that is no more."""
    with log_without_guards() as connection:
        kept = checkpoint(connection)
        connection.execute(delete(audit).where(audit.c.seq > 9))
        last = connection.scalar(select(audit.c.hash).where(audit.c.seq == 9))
        connection.execute(update(audit_head).values(seq=9, hash=last))
        assert list(verify(connection)) == []
        assert [each.what for each in verify(connection, known=[kept])] == ["checkpoint"]


def _rewrite(connection: Connection, first: int) -> None:
    previous = connection.scalar(select(audit.c.hash).where(audit.c.seq == first - 1)) or ""
    for row in connection.execute(select(audit).where(audit.c.seq >= first).order_by(audit.c.seq)).all():
        body = row.body.replace('"channel":"form"', '"channel":"api"')
        previous = link(previous, body)
        connection.execute(update(audit).where(audit.c.seq == row.seq).values(body=body, hash=previous))
    connection.execute(update(audit_head).values(hash=previous))


@pytest.mark.parametrize(
    ("removed", "start", "said"),
    [
        ((5, 5), 1, ["Entry 5 was removed."]),
        ((1, 3), 1, ["Entries 1 to 3 were removed."]),
        ((10, 12), 1, ["Entries 10 to 12 were removed."]),
        ((1, 12), 1, ["Entries 1 to 12 were removed."]),
        ((2, 3), 6, []),
    ],
)
def test_findings_name_the_entries(removed: tuple[int, int], start: int, said: list[str]) -> None:
    """What is gone is named by its numbers; what stands before the start is not looked at."""
    with log_without_guards() as connection:
        connection.execute(delete(audit).where(audit.c.seq.between(*removed)))
        assert [each.message.to("en") for each in verify(connection, start)] == said


def test_findings_on_both_databases(empty_company: Company) -> None:
    """A log of the real databases reads back as it was hashed."""
    for number in range(3):
        record_alone(empty_company, PERSON, Event("exported", f"object:{number}", {"a": [1, 2.5, None, "高"]}))
    with empty_company.read(SYSTEM) as unit:
        assert list(verify(unit.connection)) == []
        assert list(verify(unit.connection, 2)) == []
        assert checkpoint(unit.connection).seq == 3
