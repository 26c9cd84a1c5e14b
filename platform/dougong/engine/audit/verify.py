"""Whether the log is as it was written: every entry, its place, and its end.

Who can write to the database can also rewrite a chain from some entry on to its end, head and all. That is found by
comparing with a checkpoint that was taken out before (`checkpoint`): keep some where the database's owner cannot reach.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, null, select

from dougong.base.language import Message, msg
from dougong.engine.audit.chain import BEGINNING, digest, link
from dougong.engine.tables import audit, audit_head

PAGE = 1000

What = Literal["altered", "removed", "moved", "broken", "end", "erased", "checkpoint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at entry `seq`."""

    seq: int
    what: What
    message: Message


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of the log at some time: kept elsewhere, it proves later that nothing before it was changed."""

    seq: int
    hash: str

    def to_json(self) -> dict[str, Any]:
        """The checkpoint as it is written down."""
        return {"seq": self.seq, "hash": self.hash}


def checkpoint(connection: Connection) -> Checkpoint:
    """The present end of the log; entry 0 where nothing was recorded yet."""
    row = connection.execute(select(audit_head.c.seq, audit_head.c.hash)).first()
    return Checkpoint(row.seq, row.hash) if row and isinstance(row.seq, int) else Checkpoint(0, BEGINNING)


def verify(connection: Connection, start: int = 1, known: Iterable[Checkpoint] = ()) -> Iterator[Finding]:
    """Everything that is wrong from entry `start` on, in order; nothing where the log is whole.

    `known` checkpoints are compared as well. An entry is told apart from what merely follows a changed one: the chain
    is taken up again after each finding.
    """
    wanted = {each.seq: each.hash for each in known if each.seq >= start}
    erased = _erased(connection)
    previous, expected = _before(connection, start), start
    for row in _rows(connection, start):
        if row.seq > expected:
            yield _removed(expected, row.seq - 1)
            previous = None
        problem = _within(row)
        if problem is not None:
            yield problem
        elif previous is not None and link(previous, row.body) != row.hash:
            yield Finding(row.seq, "broken", _broken(row.seq))
        if problem is None and row.personal is None and row.seq not in erased:
            reason = msg("Entry {seq}: its personal part is gone, and no erasure was recorded.", seq=row.seq)
            yield Finding(row.seq, "erased", reason)
        if row.seq in wanted and wanted.pop(row.seq) != row.hash:
            reason = msg("Entry {seq} is another one than when the checkpoint was taken.", seq=row.seq)
            yield Finding(row.seq, "checkpoint", reason)
        previous, expected = row.hash, row.seq + 1
    yield from _end(connection, expected - 1, previous, wanted)


def _end(connection: Connection, last: int, previous: str | None, wanted: Mapping[int, str]) -> Iterator[Finding]:
    head = checkpoint(connection)
    if head.seq > last:
        yield _removed(last + 1, head.seq)
    elif head.seq < last or (previous is not None and head.hash != previous):
        reason = msg("The log ends at entry {seq}, but its head says {head}.", seq=last, head=head.seq)
        yield Finding(last, "end", reason)
    for seq in sorted(wanted):
        if seq > max(last, head.seq):
            reason = msg("A checkpoint names entry {seq}, and the log is shorter now.", seq=seq)
            yield Finding(seq, "checkpoint", reason)


def _before(connection: Connection, start: int) -> str | None:
    """The hash before entry `start`; None where it cannot be had."""
    if start <= 1:
        return BEGINNING
    found = connection.scalar(select(audit.c.hash).where(audit.c.seq == start - 1))
    return None if found is None else str(found)


_WITHOUT_TIME = select(*(null().label("at") if each is audit.c.at else each for each in audit.c))
"""A row whose time cannot be read."""


def _rows(connection: Connection, start: int) -> Iterator[Row[Any]]:
    last = start - 1
    while True:
        found = select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(PAGE)
        try:
            page = connection.execute(found).all()
        except ValueError:  # SQLite keeps any text in a column of times
            page = connection.execute(_WITHOUT_TIME.where(audit.c.seq > last).order_by(audit.c.seq).limit(1)).all()
        yield from page
        if not page:
            return
        last = page[-1].seq


def _within(row: Row[Any]) -> Finding | None:
    """What is wrong within a row, whatever stands before it."""
    try:
        body = json.loads(row.body)
        place = body["seq"]
        columns = {
            "kind": row.kind,
            "at": row.at.isoformat(" ", "microseconds"),
            "actor": row.actor_id,
            "target": row.target,
        }
        same = all(body[name] == value for name, value in columns.items())
        whole = row.personal is None or digest(row.personal) == body["personal"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return Finding(row.seq, "altered", _altered(row.seq))
    if place != row.seq:
        reason = msg("Entry {seq} stands in the place of entry {place}.", seq=str(place), place=row.seq)
        return Finding(row.seq, "moved", reason)
    return None if same and whole else Finding(row.seq, "altered", _altered(row.seq))


def _altered(seq: int) -> Message:
    return msg("Entry {seq} was altered.", seq=seq)


def _broken(seq: int) -> Message:
    return msg("Entry {seq} was altered, or does not follow the one before it as it did.", seq=seq)


def _removed(first: int, last: int) -> Finding:
    reason = (
        msg("Entry {seq} was removed.", seq=first)
        if first == last
        else msg("Entries {first} to {last} were removed.", first=first, last=last)
    )
    return Finding(first, "removed", reason)


def _erased(connection: Connection) -> frozenset[int]:
    """The entries whose personal part was erased on record."""
    bodies = connection.scalars(select(audit.c.body).where(audit.c.kind == "person_erased"))
    found: set[int] = set()
    for body in bodies:
        found.update(_numbers(body))
    return frozenset(found)


def _numbers(body: str) -> Iterable[int]:
    try:
        return [int(seq) for seq in json.loads(body)["data"].get("entries", ())]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []  # an altered entry, found where its own turn comes
