"""Which rows a right covers: the grounds of one person for each object, within its partition.

A condition has two shapes that mean the same. `condition` judges row by row, for a table that is read anyway; `among`
begins with the rows that each ground finds, for a person who sees few. Which one a list takes is a matter of speed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    false,
    or_,
    select,
    union_all,
)

from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.expressions import OneOf
from dougong.engine.reading.computed import Terms, reads_changing
from dougong.engine.rights import grounds, person
from dougong.engine.rights.grounds import SELF, Ground
from dougong.engine.rights.holder import formula_value
from dougong.engine.rights.lent import lent
from dougong.engine.rights.parents import inherited
from dougong.engine.rights.probing import Probed, has_small_circle, probe
from dougong.engine.rights.queued import queued
from dougong.engine.rights.scopes import scoped
from dougong.engine.rights.shares import shared
from dougong.engine.rights.sharing_rules import applies, opened
from dougong.engine.rights.territories import of_territory
from dougong.engine.variables import variables
from dougong.formulas import Context
from dougong.metadata.model import Object
from dougong.metadata.rights import Partition

if TYPE_CHECKING:
    from dougong.engine.rights.grants import Granted
    from dougong.engine.unit import Unit

PROBED_FOR = timedelta(minutes=10)
"""How long the number of visible records is taken for what a probe found."""


class Rows:
    """The rows that one person may see, change, delete and hand over, on one day."""

    def __init__(self, unit: Unit, granted: Granted) -> None:
        """The rows of `granted`; keeps nothing of the unit but its day and zone."""
        self.granted, self.holder = granted, granted.holder
        self.runtime, self.model = unit.runtime, unit.runtime.model
        self.today = unit.reading.today
        self.terms = Terms(self._context(unit), unit.company.database.digits)
        self._grounds: dict[tuple[Right, str], tuple[Ground, ...]] = {}
        self._ids: dict[tuple[Right, str, bool], CTE | None] = {}
        self._probed: dict[str, tuple[datetime, Probed]] = {}
        self.small_circle = has_small_circle(unit, self.holder)
        self.shape = self._shape()

    def _context(self, unit: Unit) -> Context:
        known = variables(unit.actor, unit.runtime.model)
        holder = self.holder

        def answer(path: tuple[str, ...]) -> object:
            if path[0] == "$User" and len(path) == 2:
                return holder.user_id if path[1] == "id" else formula_value(holder.values.get(path[1]))
            return known(path)

        self._variable = answer
        calendar = unit.runtime.model.working_calendar
        return Context(now=unit.now, timezone=unit.actor.zone, variables=answer, calendar=calendar)

    def _shape(self) -> str:
        """What decides which conditions there are, and what is in them beside `person.parameters`."""
        roles = self.holder.roles
        rules = [each for several in self.model.rights.sharing_rules.values() for each in several]
        applying = [each for each in rules if applies(self, each, "read")]
        scopes = [scope for role in roles for of_object in role.scopes.values() for scope in of_object.values()]
        formulas = [each for each in (*(rule.when for rule in applying), *(scope.when for scope in scopes)) if each]
        parts = (
            [role.name for role in roles],
            [rule.address for rule in applying],
            person.belongs(self.holder),
            self.small_circle,
            sorted((path, str(self._variable(path))) for each in formulas for path in each.variables),
            self.holder.user_id if any(reads_changing(self.runtime, each) for each in formulas) else "",
        )
        return repr(parts)

    # -- conditions -----------------------------------------------------------------------------------------------
    def condition(
        self, right: Right, obj: Object, table: FromClause, walking: bool = False
    ) -> ColumnElement[bool] | None:
        """The condition on a row, or (`walking`) on the rows of a list; None where every row fulfils it."""
        found = self.grounds(right, obj)
        within = self.within(obj, table)
        if any(each.always for each in found):
            return within
        one = grounds.either([((each.walks if walking else None) or each.holds)(table) for each in found])
        return one if within is None else and_(within, one)

    def among(self, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """The same for reading live rows, as a search that begins with what each ground finds."""
        ids = self.ids(obj, live=True)
        return None if ids is None else OneOf(table.c.id, select(ids.c.id))

    def ids(self, obj: Object, right: Right = "read", live: bool = False) -> CTE | None:
        """The ids of the rows that each ground finds, some of them more than once; None where that is every row.

        It has a name in the statement, and stands there once however often children look at it. `live` leaves out
        what is in the recycle bin.
        """
        key = right, obj.name, live
        if key not in self._ids:
            found = self.grounds(right, obj)
            everything = any(each.always for each in found) and obj.name not in self._partitioned()
            name = f"{'live_' if live else ''}{right}_{obj.name}"
            self._ids[key] = None if everything else self._union(obj, found, live).cte(name)
        return self._ids[key]

    def _union(
        self, obj: Object, found: Sequence[Ground], live: bool
    ) -> Select[tuple[str]] | CompoundSelect[tuple[str]]:
        parts = [self._found(obj, each, deleted) for each in found for deleted in ((False,) if live else (False, True))]
        if not parts:
            table = self.runtime.storage.tables[obj.name].table.alias()
            return select(table.c.id).where(false())
        return parts[0] if len(parts) == 1 else union_all(*parts)

    def _found(self, obj: Object, ground: Ground, deleted: bool) -> Select[tuple[str]]:
        """What a ground finds of the live rows, or of the others: each have indexes of their own."""
        table = self.runtime.storage.tables[obj.name].table.alias()
        within = self.within(obj, table)
        kept = table.c.deleted_at.is_not(None) if deleted else table.c.deleted_at.is_(None)
        return select(table.c.id).where(kept, ground.finds(table), *([within] if within is not None else []))

    def _partitioned(self) -> set[str]:
        return {name for each in self.model.rights.partitions.values() for name in each.fields}

    def probed(self, unit: Unit, obj: Object) -> Probed:
        """What a probe found out about the rows of an object that may be read, as far as the last one knows."""
        known = self._probed.get(obj.name)
        if known is None or unit.now - known[0] > PROBED_FOR:
            ids = self.ids(obj, live=True)
            table = self.runtime.storage.tables[obj.name].table
            always = any(each.always for each in self.grounds("read", obj))
            narrowed = not always or self.within(obj, table) is not None
            found = probe(unit, table, None if ids is None else select(ids.c.id), narrowed)
            known = self._probed[obj.name] = (unit.now, found)
        return known[1]

    def within(self, obj: Object, table: FromClause) -> ColumnElement[bool] | None:
        """The condition of the object's partition; None where the person is not kept to a segment of it."""
        partition = self.model.rights.partition_of(obj.name)
        rights = self.granted.rights(obj.name)
        if partition is None or "modify_all" in rights or self.crosses(partition.across):
            return None
        column = self.column(obj, table, partition.fields[obj.name])
        return or_(column.is_(None), self.of_segment(partition, column))

    def of_segment(self, partition: Partition, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether `column`, the segment of a row, is one of the person's segments."""
        if not self.holder.named(f"segment:{partition.name}"):
            return false()
        return column.in_(person.several(self.holder, "segment", partition.name))

    def crosses(self, roles: frozenset[str]) -> bool:
        """Whether the person holds one of `roles`."""
        return any(each.name in roles for each in self.holder.roles)

    def column(self, obj: Object, table: FromClause, field: str, part: int = 0) -> ColumnElement[str]:
        """The column of `table` that keeps a field of `obj`, or one of the field's parts."""
        return table.c[self.runtime.storage.tables[obj.name].parts[field][part].key]

    # -- grounds --------------------------------------------------------------------------------------------------
    def grounds(self, right: Right, obj: Object) -> tuple[Ground, ...]:
        """Every ground that the person has for `right` on records of `obj`."""
        key = right, obj.name
        found = self._grounds.get(key)
        if found is None:
            found = self._grounds[key] = tuple(self._all(right, obj))
        return found

    def _all(self, right: Right, obj: Object) -> Iterator[Ground]:
        rights = self.granted.rights(obj.name)
        if obj.name == SELF and right == "read" and self.holder.user_id:
            yield grounds.themselves(person.one(self.holder))
        if right not in rights:
            return
        if "modify_all" in rights or ("view_all" in rights and right == "read"):
            yield grounds.everybody(msg("A permission set gives them every record."))
            return
        default = obj.access.get("default", "private")
        if default == "write" and right in ("read", "edit"):
            yield grounds.everybody(msg("Everybody with the right may change every record."))
        if default == "read" and right == "read":
            yield grounds.everybody(msg("Everybody with the right sees every record."))
        yield from scoped(self, right, obj)
        yield from queued(self, right, obj)
        yield from of_territory(self, right, obj)
        yield from opened(self, right, obj)
        yield from shared(self, right, obj)
        yield from lent(self, right, obj)
        if default == "by_parent":
            yield from inherited(self, right, obj)
