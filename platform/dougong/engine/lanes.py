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

from sqlalchemy import ColumnElement, Connection, FromClause, delete, exists, insert, literal, select, update

from dougong.engine.tables import lanes, outbox, tickets


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
    return _first_of(connection, left)


def give_way(connection: Connection, task: str) -> Sequence[str]:
    """Let nobody wait for a task any more, that keeps its places; the tasks that are first in its lanes now."""
    its = update(lanes).where(lanes.c.task == task).values(live=False)
    return _first_of(connection, connection.scalars(its.returning(lanes.c.lane)).all())


def resume(connection: Connection, tasks: Sequence[str]) -> None:
    """Let others wait again for tasks that had given way."""
    connection.execute(update(lanes).where(lanes.c.task.in_(tasks)).values(live=True))


def _first_of(connection: Connection, which: Sequence[str]) -> Sequence[str]:
    if not which:
        return ()
    taken = select(lanes.c.lane).where(lanes.c.lane.in_(which), _live(lanes)).distinct().subquery("taken")
    return connection.scalars(select(_first("task", taken.c.lane)).distinct()).all()


def _live(of: FromClause) -> ColumnElement[bool]:
    """Those who keep others waiting; said as the index `dg_lane_first` says it, which is used then."""
    live: ColumnElement[bool] = of.c.live.is_(True)
    return live


def _first(column: str, of: ColumnElement[str]) -> ColumnElement[Any]:
    """Of the first in a lane, a column: a look into the index, however many wait."""
    here = lanes.alias("first")
    found = select(here.c[column]).where(here.c.lane == of, _live(here)).order_by(here.c.position)
    return found.limit(1).correlate_except(here).scalar_subquery()


def is_first() -> ColumnElement[bool]:
    """The condition on `dg_outbox` for rows that wait for no other; to be asked of those that are `ordered`."""
    its = lanes.alias("its")
    waits = select(literal(1)).where(its.c.task == outbox.c.id, its.c.position > _first("position", its.c.lane))
    return ~exists(waits.correlate(outbox))


def waiting(connection: Connection, tasks: Sequence[str]) -> frozenset[str]:
    """Those of `tasks` that wait for others."""
    wanted = select(outbox.c.id).where(outbox.c.id.in_(tasks), outbox.c.ordered, ~is_first())
    return frozenset(connection.scalars(wanted.where(outbox.c.state == "ready")))
