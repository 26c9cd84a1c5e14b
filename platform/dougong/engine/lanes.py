"""Lanes: work that must not overtake other work. What stands in one lane is done one after the other, in the order
in which it was asked for; what stands in different lanes knows nothing of each other.

    lane  a ── 1 task, being tried again ── 2 waits ── 3 waits         until 1 is done, or has failed for good
    lane  b ── 1 task ── 2 waits

Places are numbered by the database as transactions write them: who had to wait for somebody else's transaction (to
change the same record) stands behind what that one asked for. A task may stand in several lanes, and is begun when it
is the first in each; it has one number for all of them, so that no two tasks wait for each other. Only what is to be
done stands in the way of others: a dead letter keeps its place, so that it goes before those that came later when it
is asked for again, and does not keep them waiting meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, literal, select

from dougong.engine.tables import lanes, outbox, tickets

LIVE = ("ready", "claimed")
"""States of work that others wait for."""


def lane(*names: str) -> str:
    """What a lane is called that stands for `names`, however long they are."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]


def join(connection: Connection, task: str, wanted: Collection[str]) -> None:
    """Let a task stand at the end of lanes."""
    if wanted:
        position = connection.scalar(insert(tickets).values(task=task).returning(tickets.c.position))
        rows = [{"lane": each, "position": position, "task": task} for each in dict.fromkeys(wanted)]
        connection.execute(insert(lanes), rows)


def leave(connection: Connection, task: str) -> Sequence[str]:
    """Take a task out of its lanes; the tasks that are first in them now."""
    left = connection.scalars(delete(lanes).where(lanes.c.task == task).returning(lanes.c.lane)).all()
    connection.execute(delete(tickets).where(tickets.c.task == task))
    return _first_of(connection, lanes.c.lane.in_(left)) if left else ()


def behind(connection: Connection, task: str) -> Sequence[str]:
    """The tasks that are first in the lanes of a task that nobody waits for any more, and that keeps its places."""
    its = select(lanes.c.lane).where(lanes.c.task == task)
    return _first_of(connection, lanes.c.lane.in_(its))


def _first_of(connection: Connection, which: ColumnElement[bool]) -> Sequence[str]:
    waiting = lanes.join(outbox, outbox.c.id == lanes.c.task)
    live = outbox.c.state.in_(LIVE)
    first = select(func.min(lanes.c.position)).select_from(waiting).where(which, live).group_by(lanes.c.lane)
    return connection.scalars(select(tickets.c.task).where(tickets.c.position.in_(first))).all()


def is_first() -> ColumnElement[bool]:
    """The condition on `dg_outbox` for rows that wait for no other; to be asked of those that are `ordered`."""
    its, earlier, work = lanes.alias("its"), lanes.alias("earlier"), outbox.alias("work")
    waits: Any = (
        select(literal(1))
        .select_from(its.join(earlier, its.c.lane == earlier.c.lane).join(work, work.c.id == earlier.c.task))
        .where(its.c.task == outbox.c.id, earlier.c.position < its.c.position, work.c.state.in_(LIVE))
        .correlate(outbox)
    )
    return ~exists(waits)


def waiting(connection: Connection, tasks: Sequence[str]) -> frozenset[str]:
    """Those of `tasks` that wait for others."""
    wanted = select(outbox.c.id).where(outbox.c.id.in_(tasks), outbox.c.ordered, ~is_first())
    return frozenset(connection.scalars(wanted.where(outbox.c.state == "ready")))
