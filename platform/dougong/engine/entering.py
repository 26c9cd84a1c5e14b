"""Who may come in: people who are active and not frozen, and no queue. Whoever may not is out at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, and_

from dougong.metadata.rights import QUEUE_KIND

if TYPE_CHECKING:
    from dougong.engine.storage import RecordTable

USER, ACTIVE, FROZEN, KIND = "user", "active", "frozen", "kind"
"""The object of people, the fields by which they are switched off for good, or shut out for now, and who they are."""


def may_enter(values: Mapping[str, Any]) -> bool:
    """Whether the person with these values of a user record may sign in, and call with a token."""
    return bool(values.get(ACTIVE)) and not values.get(FROZEN) and not is_queue(values)


def is_queue(values: Mapping[str, Any]) -> bool:
    """Whether these are the values of a queue: a user that owns records, and is nobody."""
    return values.get(KIND) == QUEUE_KIND


def people(users: RecordTable, table: FromClause | None = None) -> list[ColumnElement[bool]]:
    """The condition on rows of users that they are people; none where users have no kind."""
    here = users.table if table is None else table
    return [here.c[users.parts[KIND][0].key].is_distinct_from(QUEUE_KIND)] if KIND in users.parts else []


def entering(users: RecordTable, table: FromClause | None = None) -> ColumnElement[bool]:
    """The same of the rows of the users' table, or of `table`, an alias of it.

    A company whose metadata is older than freezing freezes nobody.
    """
    here = users.table if table is None else table
    column = {name: here.c[users.parts[name][0].key] for name in (ACTIVE, FROZEN) if name in users.parts}
    frozen = [column[FROZEN].is_not(True)] if FROZEN in column else []
    return and_(column[ACTIVE].is_(True), *frozen, *people(users, table))
