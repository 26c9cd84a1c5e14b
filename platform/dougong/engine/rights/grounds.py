"""Grounds: the reasons for which a person may see or touch a row, each a condition in SQL and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, exists, false, literal, or_, select, true

from dougong.base.language import Message, msg
from dougong.engine.tables import memberships
from dougong.formulas import Formula

SELF = "user"
"""The object of people."""

Condition = Callable[[FromClause], ColumnElement[bool]]
"""From the table of an object, or an alias of it, to a condition on its rows."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason. `holds` judges a given row; `finds` is the same condition as a search for rows begins with it.

    `reason` says that it holds, `otherwise` that it does not.
    """

    kind: str
    reason: Message
    otherwise: Message
    holds: Condition
    finds: Condition
    always: bool = False
    """Whether it holds for every row."""
    formula: tuple[str, Formula] | None = None
    """What it asks of a row of an object, where that is a formula."""


def plain(kind: str, reason: Message, otherwise: Message, condition: Condition) -> Ground:
    """A ground whose condition is the same for judging and for finding."""
    return Ground(kind, reason, otherwise, condition, condition)


def everybody(reason: Message) -> Ground:
    """Every row."""
    return Ground("everybody", reason, reason, lambda table: true(), lambda table: true(), always=True)


def themselves(user_id: str) -> Ground:
    """Of people, the person."""
    said, otherwise = msg("It is their own user record."), msg("It is somebody else's user record.")
    return plain("self", said, otherwise, lambda table: table.c.id == user_id)


def owner(user_id: str) -> Ground:
    """What the person owns."""
    said, otherwise = msg("They own it."), msg("They do not own it.")
    return plain("owner", said, otherwise, lambda table: table.c.owner_id == user_id)


def owned_within(kind: str, reason: Message, otherwise: Message, groups: Sequence[str]) -> Ground:
    """What is owned by people of one of `groups`."""
    listed = tuple(groups)
    judged, found = (lambda table: owned(table, listed)), (lambda table: owned_by_one_of(table, listed))
    return Ground(kind, reason, otherwise, judged, found)


def owned(table: FromClause, groups: Sequence[str]) -> ColumnElement[bool]:
    """Whether the owner of a row is in one of `groups`: one look into an index per row and group."""
    member = memberships.alias()
    mine = and_(member.c.user_id == table.c.owner_id, member.c.grp.in_(groups))
    return exists(select(literal(1)).select_from(member).where(mine).correlate(table))


def owned_by_one_of(table: FromClause, groups: Sequence[str]) -> ColumnElement[bool]:
    """The same, beginning with the people of the groups."""
    member = memberships.alias()
    return table.c.owner_id.in_(select(member.c.user_id).where(member.c.grp.in_(groups)))


def either(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """One of `conditions`; false where there is none."""
    return or_(*conditions) if conditions else false()


def values_in(column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column has one of `values`."""
    return column.in_(values) if values else false()
