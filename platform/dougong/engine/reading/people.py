"""The users that ``$me``, ``$my_team`` and ``$my_queues`` stand for in filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from dougong.engine.reading.prepared import prepared
from dougong.engine.rights.queues import taken_from

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def people(unit: Unit, name: str) -> tuple[str, ...]:
    """User ids: the actor for ``$me``; for ``$my_team`` also everybody who reports to the actor, at any depth.

    ``$my_queues`` are those that the actor takes records from.
    """
    me = unit.actor.user_id
    if me is None:
        return ()
    if name == "$me":
        return (me,)
    if name == "$my_queues":
        return tuple(sorted(taken_from(unit)))
    known = unit.memory.get("my_team")
    if known is None:
        statement = prepared(unit.runtime, "my_team", lambda: _reports(unit))
        ids = unit.connection.execute(statement, {"me": me}).scalars().all() if statement is not None else [me]
        known = unit.memory["my_team"] = tuple(sorted({me, *ids}))
    return known


def _reports(unit: Unit):  # type: ignore[no-untyped-def]
    """A recursive walk down the reporting line; UNION, so that a loop in the data ends."""
    users = unit.runtime.storage.tables.get("user")
    if users is None or "manager" not in users.parts:
        return None
    table = users.table
    manager = table.c[users.parts["manager"][0].key]
    line = select(table.c.id).where(table.c.id == bindparam("me", type_=table.c.id.type)).cte("line", recursive=True)
    below = select(table.c.id).join(line, manager == line.c.id).where(table.c.deleted_at.is_(None))
    return select(line.union(below).c.id)
