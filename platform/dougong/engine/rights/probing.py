"""How many rows and people there are, as far as it matters for the shape of a list: never further than that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import FromClause, Select, func, select

from dougong.engine.rights.grounds import PLACED
from dougong.engine.rights.holder import Holder
from dougong.engine.tables import memberships
from dougong.metadata.rights import Role

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

FEW = 2000
"""Up to how many visible records a list begins with them."""

COUNTED = 20_000
"""Up to how many records of an object a list that is judged row by row is counted without being asked."""

SMALL_CIRCLE = 500
"""Up to how many people are looked up at once, for all rows of a list."""


@dataclass(frozen=True, slots=True)
class Probed:
    """Of one person and object: whether they see but `few` records, and whether these are `counted` in a moment."""

    few: bool
    counted: bool


def probe(unit: Unit, table: FromClause, ids: Select[tuple[str]] | None, narrowed: bool) -> Probed:
    """Look how many records there are: `ids` are those that somebody sees, None for all of `table`.

    `narrowed`: rows are judged by a condition.
    """
    few = ids is not None and _at_most(unit, FEW, ids)
    return Probed(few, few or not narrowed or _at_most(unit, COUNTED, select(table.c.id)))


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
    found = rows.limit(most + 1).subquery()
    return (unit.connection.scalar(select(func.count()).select_from(found)) or 0) <= most
