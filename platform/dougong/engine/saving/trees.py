"""Hierarchies in SQL: what stands above records, and what stands below them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import CTE, Select, select

from dougong.engine.dialects.among import among
from dougong.engine.saving.related import AT_ONCE

if TYPE_CHECKING:
    from dougong.engine.saving.plan import ObjectPlan
    from dougong.engine.saving.row import Batch


def with_ancestors(batch: Batch, plan: ObjectPlan, ids: Iterable[str]) -> set[str]:
    """The live records `ids` and all that stand above them: one statement a level.

    Each level is locked before the next is read. So a record that another transaction is just moving is waited for,
    and what stands above it then is seen.
    """
    found: set[str] = set()
    level = set(ids)
    statement = plan.part(_parents)
    while level:
        above: set[str] = set()
        listed = sorted(level)
        for start in range(0, len(listed), AT_ONCE):
            for id, parent in batch.unit.connection.execute(statement, {"ids": listed[start : start + AT_ONCE]}):
                found.add(str(id))
                if parent is not None:
                    above.add(str(parent))
        level = above - found
    return found


def _parents(plan: ObjectPlan) -> Select[Any]:
    table, parent = plan.table, plan.slots[plan.object.hierarchy or ""].keys[0]
    named = among(table.c.id, "ids")
    live = table.c.deleted_at.is_(None)
    return select(table.c.id, table.c[parent]).where(named, live).order_by(table.c.id).with_for_update(key_share=True)


def subtrees(plan: ObjectPlan) -> CTE:
    """Pairs (``root``, ``node``): each record of ``ids`` with itself and every live record that stands below it."""
    base, below = plan.table.alias("t0"), plan.table.alias("t1")
    parent = plan.slots[plan.object.hierarchy or ""].keys[0]
    first = select(base.c.id.label("root"), base.c.id.label("node"))
    tree = first.where(among(base.c.id, "ids")).cte("subtree", recursive=True)
    further = select(tree.c.root, below.c.id).where(below.c[parent] == tree.c.node, below.c.deleted_at.is_(None))
    return tree.union(further)
