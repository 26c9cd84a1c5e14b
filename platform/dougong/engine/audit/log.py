"""Writing the log: entries join the chain in the transaction of what they tell of, as its last act.

Chaining takes the lock of one row, the head. It is taken just before the commit, so that nobody waits for more than
two statements and a commit, whatever else the transaction did; what records nothing never touches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.audit.chain import link
from dougong.engine.audit.events import Entry, Event
from dougong.engine.tables import audit, audit_head

if TYPE_CHECKING:
    from dougong.engine.company import Company
    from dougong.engine.unit import Unit

_PENDING = "dougong_audit"


def record(unit: Unit, event: Event) -> None:
    """Record `event`, done by the unit's actor.

    In a unit that writes the entry is committed with the rest, or undone with it. A unit that reads has nothing to
    commit: its entries are written as soon as it ends, whether it ended well or not.

    Raises:
        LookupError: an unknown kind of event.
    """
    entry = Entry.of(unit.actor, datetime.now(UTC), event, unit.why)
    waiting = pending(unit.connection)
    if waiting:
        waiting.append(entry)
    else:
        unit.connection.execution_options(**{_PENDING: [entry]})


def record_alone(company: Company, actor: Actor, event: Event) -> None:
    """Record `event` in a transaction of its own: for what was refused, or has no transaction.

    Raises:
        LookupError: an unknown kind of event.
    """
    entry = Entry.of(actor, datetime.now(UTC), event)
    company.write(SYSTEM, lambda unit: append(unit.connection, [entry]))


def pending(connection: Connection) -> list[Entry]:
    """What the unit on `connection` has recorded so far."""
    found: list[Entry] = connection.get_execution_options().get(_PENDING) or []
    return found


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Chain `entries` in the open transaction, which ends at once thereafter: others wait for the head until then."""
    if not entries:
        return
    head = connection.execute(select(audit_head.c.seq, audit_head.c.hash).with_for_update()).one()
    first, last = int(head.seq) + 1, str(head.hash)
    rows: list[dict[str, Any]] = []
    for seq, entry in enumerate(entries, start=first):
        row = entry.row(seq)
        last = row["hash"] = link(last, row["body"])
        rows.append(row)
    connection.execute(insert(audit), rows)
    connection.execute(update(audit_head).values(seq=first - 1 + len(rows), hash=last))
