"""How many rows and people there are, as far as it matters for the shape of a list: never further than that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isqrt
from typing import TYPE_CHECKING

from sqlalchemy import Select, Table, func, select

from dougong.engine.rights.grounds import PLACED
from dougong.engine.rights.holder import Holder
from dougong.engine.tables import memberships
from dougong.metadata.rights import Role

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

FEW = 2000
"""Up to how many visible records a list begins with them, whatever there are beside."""

MANY = 5000
"""Up to how many it does where there are many more."""

MEASURED = 500_000
"""How far the records of an object are counted to learn how many there are."""

MEASURED_FOR = timedelta(minutes=10)
"""How long that number is taken for what it was."""

COUNTED = 20_000
"""Up to how many records of an object a list that is judged row by row is counted without being asked."""

SMALL_CIRCLE = 500
"""Up to how many people are looked up at once, for all rows of a list."""


@dataclass(frozen=True, slots=True)
class Probed:
    """Of one person and object: whether they see but `few` records, and whether these are `counted` in a moment."""

    few: bool
    counted: bool


def probe(unit: Unit, table: Table, ids: Select[tuple[str]] | None, narrowed: bool) -> Probed:
    """Look how many records there are: `ids` are those that somebody sees, None for all of `table`.

    `narrowed`: rows are judged by a condition.
    """
    if not narrowed:
        return Probed(few=False, counted=True)
    size = _size(unit, table)
    few = ids is not None and _at_most(unit, most_of(size), ids)
    return Probed(few, few or size <= COUNTED)


def most_of(size: int) -> int:
    """With how many records a list of `size` begins at most.

    Of a page's fifty rows in the order of the page, one is seen among ``size / seen``: judging row by row looks at
    ``50 * size / seen`` rows, and beginning with those seen at as many as these are.
    """
    return max(FEW, min(MANY, isqrt(50 * size)))


def _size(unit: Unit, table: Table) -> int:
    """How many records a table has, as far as it matters; counted now and then, for everybody."""
    sizes: dict[str, tuple[datetime, int]] = unit.runtime.prepared.setdefault("rights.sizes", {})
    known = sizes.get(table.name)
    if known is None or unit.now - known[0] > MEASURED_FOR:
        known = sizes[table.name] = (unit.now, _count(unit, MEASURED, select(table.c.id)))
    return known[1]


def has_small_circle(unit: Unit, holder: Holder) -> bool:
    """Whether those whose records the person's place opens are few people."""
    groups = [each for role in holder.roles for each in _circle(unit, holder, role)]
    members = select(memberships.c.user_id).where(memberships.c.grp.in_(groups))
    return bool(groups) and _at_most(unit, SMALL_CIRCLE, members)


def _circle(unit: Unit, holder: Holder, role: Role) -> Iterator[str]:
    """The groups whose records a role may open to the person, whatever the object."""
    reaches = {scope.reach for scopes in role.scopes.values() for scope in scopes.values()}
    for reach in reaches & PLACED:
        if reach == "own_and_roles_below":
            yield from (f"role:{each}" for each in unit.runtime.model.rights.below(role.name))
        elif reach == "own_and_subordinates":
            yield f"below:{holder.user_id}"
        else:
            kind = "department" if reach == "department" else "within"
            yield from (f"{kind}:{each}" for each in holder.named("department"))


def _at_most(unit: Unit, most: int, rows: Select[tuple[str]]) -> bool:
    return _count(unit, most + 1, rows) <= most


def _count(unit: Unit, most: int, rows: Select[tuple[str]]) -> int:
    found = rows.limit(most).subquery()
    return unit.connection.scalar(select(func.count()).select_from(found)) or 0
