"""What members of a pool see of what waits in it: these records, and of them the fields that are shown, no more.

Nothing else shows these records to them: they are nobody's, so lists, pages, search, export, API and history have no
ground for them. Whoever has another ground (a data scope, a share, a territory) sees what that ground shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy import ColumnElement, FromClause

from dougong.base.errors import Forbidden, NotFound, Problem
from dougong.base.language import msg
from dougong.engine.access import Access, Combined, Derived, Right
from dougong.engine.rights.access import granted_to
from dougong.engine.rights.grants import Granted
from dougong.engine.rights.queues import claimed_from
from dougong.metadata.model import Field, Object
from dougong.metadata.pool import Pool

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


class Waiting(Access):
    """Narrows an object to what is shown of the records in one pool; says nothing of other objects."""

    def __init__(self, pool: Pool) -> None:
        """Show what waits in `pool`."""
        self.pool, self.key = pool, f"pool:{pool.name}"

    def may(self, right: Right, obj: Object) -> bool:
        """Whether the right is to read, of the pool's object."""
        return obj.name != self.pool.object or right == "read"

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        """Whether the field is shown before claiming."""
        return obj.name != self.pool.object or (right == "read" and field.name in (*self.pool.shows, "id"))

    def masks(self, obj: Object, field: Field) -> bool:
        """Whether the field is shown at all: the person's rights say what their mask leaves."""
        return obj.name == self.pool.object and field.name in self.pool.shows

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """The records that the pool owns."""
        return table.c.owner_id == self.pool.account if obj.name == self.pool.object else None


class _Whichever(Access):
    """The person's access, but of the pool's object every row of their segments is theirs: `Waiting` says which."""

    def __init__(self, access: Access, pool: Pool, granted: Granted | None) -> None:
        self.access, self.pool, self.key = access, pool, f"{access.key}+{pool.name}"
        self.granted = granted
        self.parameters = access.parameters

    @property
    def rights_key(self) -> str:
        return f"{self.access.rights_key}+{self.pool.name}"

    @property
    def shape(self) -> str:
        return f"{self.access.shape}+{self.pool.name}"

    def may(self, right: Right, obj: Object) -> bool:
        return self.access.may(right, obj)

    def may_field(self, right: Literal["read", "edit"], obj: Object, field: Field) -> bool:
        return self.access.may_field(right, obj, field)

    def masks(self, obj: Object, field: Field) -> bool:
        return self.access.masks(obj, field)

    def visible(self, right: Right, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        if obj.name != self.pool.object:
            return self.access.visible(right, obj, table)
        return self.granted.rows.within(obj, table) if self.granted is not None else None

    def is_one_of(self, people: object) -> bool:
        return self.access.is_one_of(people)  # type: ignore[arg-type]


def through(access: Access, pool: Pool, unit: Unit) -> Access:
    """What somebody with `access` sees at the page of a pool."""
    granted = None if unit.actor.is_system else granted_to(unit)
    return Derived(Combined((_Whichever(access, pool, granted), Waiting(pool))), unit.runtime.model)


def looking(unit: Unit, pool: Pool) -> Unit:
    """A unit of the same transaction that sees a pool as its actor does.

    Raises:
        Forbidden: they may not read records of its object.
    """
    found = unit.acting(unit.actor)
    found.access = through(unit.access, pool, unit)
    return found


def may_enter(unit: Unit, pool: Pool) -> bool:
    """Whether the unit's actor sees what waits in a pool: its members, and those who give records out of it."""
    obj = unit.runtime.model.objects[pool.object]
    return unit.access.may("read", obj) and (pool.account in claimed_from(unit) or may_assign(unit, pool))


def may_assign(unit: Unit, pool: Pool) -> bool:
    """Whether the actor gives records out of a pool, and sees what the night would do."""
    return (bool(pool.assign) and unit.access.is_one_of(pool.assign)) or unit.access.has("design")


def pool_named(unit: Unit, name: str) -> Pool:
    """A pool that the actor may see.

    Raises:
        NotFound: there is none of this name, or it is not for them.
    """
    found = unit.runtime.model.workflows.pools.get(name)
    if found is None or not may_enter(unit, found):
        raise NotFound(
            Problem(code="pool-unknown", thing=f"pool:{name}", reason=msg("There is no pool {name}.", name=name))
        )
    return found


def need_assign(unit: Unit, pool: Pool) -> None:
    """Refuse who may not give records out of a pool.

    Raises:
        Forbidden: they may not.
    """
    if not may_assign(unit, pool):
        reason = msg("You may not give records out of {pool}.", pool=pool.label)
        raise Forbidden(Problem(code="pool-assign", thing=f"pool:{pool.name}", reason=reason))
