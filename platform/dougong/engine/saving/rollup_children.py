"""The children of a roll-up as SQL: where they stand, which of them count, what is read of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, and_

from dougong.engine.reading.computed import Terms, attribute_of, value_of
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.plan import ObjectPlan, Slot, plan_of
from dougong.engine.saving.trees import subtrees
from dougong.engine.saving.windows import in_window
from dougong.engine.variables import formula_context
from dougong.formulas import Context
from dougong.formulas.sql.backend import Fallible
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.saving.rollups import Hop, Route
    from dougong.engine.unit import Unit

ADDED = frozenset({"sum", "min", "max", "avg"})
"""The operations of which the amounts of one currency may be taken as they are."""


def speaks_of_life(field: Field) -> bool:
    """Whether a roll-up says itself which life statuses count."""
    return field.where is not None and ("life_status",) in field.where.references


class Children:
    """The children of one route as SQL: a FROM that leads to the parent's id, and conditions."""

    def __init__(self, unit: Unit, route: Route) -> None:
        self.unit, self.route = unit, route
        runtime = unit.runtime
        self.plan = plan_of(runtime, route.leaf)
        self.table = self.plan.table.alias("c0")
        self.source: FromClause = self.table
        self.conditions: list[ColumnElement[bool]] = []
        self._joined: dict[tuple[str, ...], tuple[ObjectPlan, FromClause]] = {(): (self.plan, self.table)}
        here_plan, here = self.plan, self.table
        freely = speaks_of_life(route.field)
        for at, hop in enumerate(route.hops):
            self._live(here_plan, here, freely)
            following = route.hops[at + 1].object if at + 1 < len(route.hops) else route.parent
            column = self._step(here_plan, here, hop, following)
            if at + 1 < len(route.hops):
                here_plan = plan_of(runtime, following)
                above = here_plan.table.alias(f"c{at + 1}")
                self.source = self.source.join(above, above.c.id == column)
                here = above
        self.parent = column
        if route.tree:
            tree = subtrees(plan_of(runtime, route.parent))
            self.source = self.source.join(tree, tree.c.node == column)
            self.parent = tree.c.root

    def _step(self, plan: ObjectPlan, table: FromClause, hop: Hop, target: str) -> ColumnElement[Any]:
        field = plan.object.fields[hop.field]
        if not field.type.stored:
            link = self.unit.runtime.storage.links[field.address]
            pairs = link.table.alias(f"l{len(self.conditions)}")
            self.source = self.source.join(pairs, pairs.c[link.source.key] == table.c.id)
            return pairs.c[link.target.key]
        keys = plan.slots[hop.field].keys
        if len(keys) > 1:
            self.conditions.append(table.c[keys[1]] == target)
        return table.c[keys[0]]

    def _live(self, plan: ObjectPlan, table: FromClause, freely: bool) -> None:
        self.conditions.append(table.c.deleted_at.is_(None))
        if plan.object.effective and not freely:
            self.conditions.append(table.c.life_status.in_(IN_FORCE))

    def column(self, path: Sequence[str]) -> ColumnElement[Any]:
        """The column that a path of the child means; parents on the way are joined."""
        plan, table = self._place(tuple(path[:-1]))
        slot = plan.slots[path[-1]]
        return table.c[slot.keys[0]]

    def _place(self, names: tuple[str, ...]) -> tuple[ObjectPlan, FromClause]:
        known = self._joined.get(names)
        if known is None:
            plan, table = self._place(names[:-1])
            slot = plan.slots[names[-1]]
            target = plan_of(self.unit.runtime, slot.field.targets[0])
            alias = target.table.alias(f"w{len(self._joined)}")
            self.source = self.source.outerjoin(alias, alias.c.id == table.c[slot.keys[0]])
            known = self._joined[names] = (target, alias)
        return known

    def values(self, field: Field) -> list[ColumnElement[Any]]:
        """What the roll-up `field` reads of a child: one column, of money the company amount as well.

        Where children may differ in currency their own amounts may not add up (`_currencies` tells); where they are in
        another one than their parent, the company amount stands for both.
        """
        name, _, aspect = str(field.options["field"]).partition(".")
        read = self.plan.object.fields[name]
        columns = self._computed(read) if read.type.virtual else self._kept(name)
        if not read.type.money:
            return columns[:1]
        own = one_currency(self.plan.object, self.route) or own_currencies(self.plan, field)
        return columns if aspect != "company" and own else [columns[1]] * 2

    def _kept(self, name: str) -> list[ColumnElement[Any]]:
        return [self.table.c[key] for key in self.plan.slots[name].keys]

    def _computed(self, read: Field) -> list[ColumnElement[Any]]:
        """The value of a formula field that has no column, of money the company amount as well; NULL where it fails."""
        formulas = [each for each in (read.formula, read.company) if each is not None]
        terms = Terms(self._context(), self.unit.company.database.digits)
        return [value_of(each, {path: self._meaning(path) for path in each.references}, terms) for each in formulas]

    def where(self, field: Field) -> ColumnElement[bool] | None:
        """The roll-up's condition on a child, and that it lies in its period."""
        parts = [each for each in (in_window(self, field, self.unit.now), self._holds(field)) if each is not None]
        return and_(*parts) if parts else None

    def _holds(self, field: Field) -> ColumnElement[bool] | None:
        if field.where is None:
            return None
        columns = {path: self._meaning(path) for path in field.where.references}
        return field.where.sql(columns, self._context(), digits=self.unit.company.database.digits)

    def _context(self) -> Context:
        # What is stored is the company's: its day, not that of whoever happens to save.
        return replace(formula_context(self.unit), timezone=self.unit.company.zone)

    def _meaning(self, path: tuple[str, ...]) -> ColumnElement[Any] | Fallible:
        if len(path) > 1:
            owner, table = self._place_of(path)
            slot = owner.slots[path[-2]] if path[-1] not in owner.slots else owner.slots[path[-1]]
            if slot.field.picklist is not None and path[-1] not in owner.slots:
                return attribute_of(table.c[slot.keys[0]], slot.field, path[-1])
            if slot.money and path[-1] == "company":
                return _fallible(slot, table, 1)
        plan, table = self._place(path[:-1])
        return _fallible(plan.slots[path[-1]], table, 0)

    def _place_of(self, path: tuple[str, ...]) -> tuple[ObjectPlan, FromClause]:
        head = self._joined.get(path[:-2]) or self._place(path[:-2])
        inner = head[0].slots.get(path[-2])
        if inner is not None and (inner.field.picklist is not None or inner.money):
            return head
        return self._place(path[:-1])


def _fallible(slot: Slot, table: FromClause, part: int) -> ColumnElement[Any] | Fallible:
    columns = [table.c[key] for key in slot.keys]
    failed = slot.field.type.error(columns)
    return columns[part] if failed is None else Fallible(columns[part], failed.is_(True))


def own_currencies(leaf: ObjectPlan, rollup: Field) -> bool:
    """True where every child says its own currency: then those of one parent may be alike, and like the parent's."""
    if leaf.object.currency.mode != "record" or rollup.options["op"] not in ADDED:
        return False
    name, _, aspect = str(rollup.options["field"]).partition(".")
    slot = leaf.slots.get(name)
    own = slot is not None and slot.money and slot.field.options.get("currency", "record") == "record"
    return own and aspect != "company"


def one_currency(leaf: Object, route: Route) -> bool:
    """True where every child's amount is in the parent's currency already: lines of one document."""
    master = leaf.master
    return leaf.currency.mode == "parent" and master is not None and _only_hop(route) == (leaf.name, master.name)


def _only_hop(route: Route) -> tuple[str, str] | None:
    return (route.hops[0].object, route.hops[0].field) if len(route.hops) == 1 else None
