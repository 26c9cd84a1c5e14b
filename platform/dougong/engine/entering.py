"""Who may come in: people who are active and not frozen. Whoever may not is out at once, and keeps what they own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, and_

if TYPE_CHECKING:
    from dougong.engine.storage import RecordTable

USER, ACTIVE, FROZEN = "user", "active", "frozen"
"""The object of people, and the fields by which they are switched off for good, or shut out for now."""


def may_enter(values: Mapping[str, Any]) -> bool:
    """Whether the person with these values of a user record may sign in, and call with a token."""
    return bool(values.get(ACTIVE)) and not values.get(FROZEN)


def entering(users: RecordTable, table: FromClause | None = None) -> ColumnElement[bool]:
    """The same of the rows of the users' table, or of `table`, an alias of it.

    A company whose metadata is older than freezing freezes nobody.
    """
    here = users.table if table is None else table
    column = {name: here.c[users.parts[name][0].key] for name in (ACTIVE, FROZEN) if name in users.parts}
    frozen = [column[FROZEN].is_not(True)] if FROZEN in column else []
    return and_(column[ACTIVE].is_(True), *frozen)
