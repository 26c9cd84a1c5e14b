"""Grounds: the reasons for which a person may see or touch a row, each a condition in SQL and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    and_,
    false,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from dougong.base.language import Message, msg
from dougong.engine.tables import memberships
from dougong.formulas import Formula

SELF = "user"
"""The object of people."""

PLACED = frozenset(("own_and_subordinates", "own_and_roles_below", "department", "department_and_below"))
"""Reaches that go by the place of the owner."""

Condition = Callable[[FromClause], ColumnElement[bool]]
"""From the table of an object, or an alias of it, to a condition on its rows."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason. `holds` judges a given row; `finds` is the same condition as a search for rows begins with it.

    `reason` says that it holds, `otherwise` that it does not. `walks` is `holds` for judging many rows one after the
    other, where that is something else.
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
    walks: Condition | None = None


def plain(kind: str, reason: Message, otherwise: Message, condition: Condition) -> Ground:
    """A ground whose condition is the same for judging and for finding."""
    return Ground(kind, reason, otherwise, condition, condition)


def everybody(reason: Message) -> Ground:
    """Every row."""
    return Ground("everybody", reason, reason, lambda table: true(), lambda table: true(), always=True)


Groups = Sequence[str] | BindParameter[Any]
"""Names of groups, or the parameter that has them."""


def themselves(person: BindParameter[str]) -> Ground:
    """Of people, the person."""
    said, otherwise = msg("It is their own user record."), msg("It is somebody else's user record.")
    return plain("self", said, otherwise, lambda table: table.c.id == person)


def owner(person: BindParameter[str]) -> Ground:
    """What the person owns."""
    said, otherwise = msg("They own it."), msg("They do not own it.")
    return plain("owner", said, otherwise, lambda table: table.c.owner_id == person)


def waiting(queues: BindParameter[Any]) -> Ground:
    """What is owned by one of the queues that the person takes from."""
    said = msg("It waits in a queue that they take from.")
    otherwise = msg("It waits in no queue that they take from.")
    return plain("queue", said, otherwise, lambda table: table.c.owner_id.in_(queues))


def waiting_to_be_changed(queues: BindParameter[Any]) -> Ground:
    """The same of queues whose members may change what is in them."""
    said = msg("It waits in a queue that they take from, whose members may change it.")
    otherwise = msg("It waits in no queue that they take from and whose members may change it.")
    return plain("queue", said, otherwise, lambda table: table.c.owner_id.in_(queues))


def owned_within(kind: str, reason: Message, otherwise: Message, groups: Groups, few: bool) -> Ground:
    """What is owned by people of one of `groups`; `few` people are looked up once for all rows of a list."""

    def found(table: FromClause) -> ColumnElement[bool]:
        return owned_by_one_of(table, groups)

    judged: Condition = lambda table: owned(table, groups)  # noqa: E731
    return Ground(kind, reason, otherwise, judged, found, walks=found if few else None)


def owned(table: FromClause, groups: Groups) -> ColumnElement[bool]:
    """Whether the owner of a row is in one of `groups`: one look into an index per row and group.

    PostgreSQL would take EXISTS for a reason to look up everybody in the groups first, for the rows of a page too.
    """
    member = memberships.alias()
    mine = and_(member.c.user_id == table.c.owner_id, member.c.grp.in_(groups))
    looked_up = select(literal(1)).select_from(member).where(mine).limit(literal_column("1", Integer))
    return looked_up.correlate(table).scalar_subquery().is_not(None)


def owned_by_one_of(table: FromClause, groups: Groups) -> ColumnElement[bool]:
    """The same, beginning with the people of the groups."""
    member = memberships.alias()
    return table.c.owner_id.in_(select(member.c.user_id).where(member.c.grp.in_(groups)))


def either(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """One of `conditions`; false where there is none."""
    return or_(*conditions) if conditions else false()


def values_in(column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column has one of `values`."""
    return column.in_(values) if values else false()
