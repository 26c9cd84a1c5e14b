"""Roll-ups of parents that only got new children: each of these is added to what is stored.

A customer with ten thousand activities gets one more without counting the others again, and without a statement. The
parent is locked before it is read, so what is stored has everything that others committed. Whatever else happens to a
child, and whatever cannot be added, is counted anew (`rollups`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add
from typing import TYPE_CHECKING, Any

from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.money import company_currency, currency_of
from dougong.engine.saving.plan import COMPANY, ObjectPlan, Slot, plan_of
from dougong.engine.saving.related import references
from dougong.engine.saving.rollup_children import one_currency, own_currencies, speaks_of_life
from dougong.engine.saving.rollup_results import Shape
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.windows import is_timed
from dougong.formulas.decimals import EXACT
from dougong.formulas.formula import Formula

if TYPE_CHECKING:
    from dougong.engine.saving.rollups import Route

Merge = Callable[[Any, Any], Any]
"""What is stored and what a child brings, as one."""

_EXACTLY: Merge = EXACT.add

_MERGES: Mapping[str, Merge] = {"count": add, "sum": _EXACTLY, "min": min, "max": max}

_ORDERED = frozenset({"number", "date", "datetime", "time"})
"""Kinds of value that Python and the databases put into the same order."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How one roll-up takes in a new child, which names the parent in `lookup`.

    `where` is its condition; `in_force` tells that documents count only while in force. `names` are the keys of the
    parent's values that it sets, `read` those of the child's that go into them, None where children are counted.
    `filled` tells that it has a value over nothing: a blank was never worked out, and cannot be added to. `mixed` is
    as in `Shape`, `undefined` the value of a field that has none.
    """

    lookup: str
    where: Formula | None
    in_force: bool
    merge: Merge
    names: tuple[str, ...]
    read: tuple[str | None, ...]
    filled: bool
    mixed: bool
    undefined: Any


def growths_of(plan: ObjectPlan, routes: Iterable[Route], shapes: Iterable[Shape]) -> dict[str, Growth]:
    """How roll-ups of parents of `plan` take in new children, by name, but for those that have to count anew."""
    found = {route.field.name: _growth(plan, route, shape) for route, shape in zip(routes, shapes, strict=True)}
    return {name: growth for name, growth in found.items() if growth is not None}


def _growth(plan: ObjectPlan, route: Route, shape: Shape) -> Growth | None:
    field, leaf = route.field, plan_of(plan.runtime, route.leaf)
    op = str(field.options["op"])
    apart = len(route.hops) > 1 or route.tree or route.link is not None or is_timed(field)
    if apart or op not in _MERGES or not _is_own(leaf, field.where):
        return None
    read: tuple[str | None, ...] = (None,)
    undefined = None
    if op != "count":
        name, _, aspect = str(field.options["field"]).partition(".")
        slot = leaf.slots.get(name)
        if slot is None or not _fits(plan, shape, leaf, slot):
            return None
        own = one_currency(leaf.object, route) or own_currencies(leaf, field)
        read = (name if aspect != "company" and own else name + COMPANY, name + COMPANY) if slot.money else (name,)
        undefined = slot.field.type.undefined
    in_force = leaf.object.effective and not speaks_of_life(field)
    names = (field.name, field.name + COMPANY)[: shape.parts]
    filled = op in ("count", "sum")
    return Growth(route.hops[0].field, field.where, in_force, _MERGES[op], names, read, filled, shape.mixed, undefined)


def _is_own(leaf: ObjectPlan, where: Formula | None) -> bool:
    """Whether a condition reads the child alone, and means the same to everybody at any time."""
    if where is None:
        return True
    if where.uses_clock or where.uses_user or where.uses_calendar:
        return False
    fields = leaf.object.fields
    return all(len(path) == 1 or not fields[path[0]].type.refers for path in where.references if path[0] in fields)


def _fits(plan: ObjectPlan, shape: Shape, leaf: ObjectPlan, slot: Slot) -> bool:
    """Whether the parent keeps what a child has as it is: rounded one by one, values add up to something else."""
    if slot.money != (shape.parts == 2) or slot.field.type.formula_type not in _ORDERED:
        return False
    kept = plan.slots[shape.field.name]
    scales = [getattr(table.c[of.keys[0]].type, "scale", 0) for table, of in ((leaf.table, slot), (plan.table, kept))]
    return scales[0] <= scales[1]


def can_grow(batch: Batch, row: Row, growths: Iterable[Growth]) -> bool:
    """Whether what the parent `row` has stored can be added to.

    Amounts of several currencies add up in the company's alone: a parent in another one is counted anew.
    """
    own: bool | None = None
    for growth in growths:
        if growth.filled and None in map(row.values.get, growth.names):
            return False
        if growth.mixed:
            if own is None:
                own = currency_of(batch, row) == company_currency(batch.unit.runtime.model)
            if not own:
                return False
    return True


def grow(batch: Batch, parents: Mapping[str, Row], children: Iterable[Row], growths: Sequence[Growth]) -> None:
    """Add to roll-ups of `parents`, by id, those of the new `children` that name them; all name them in one lookup."""
    if not parents:
        return
    children = list(children)
    counted: dict[tuple[int, bool], list[tuple[Row, dict[str, Any]]]] = {}
    for growth in growths:
        key = id(growth.where), growth.in_force
        if key not in counted:
            counted[key] = [
                (child, parents[reference.id].values)
                for child in _counting(batch, children, growth)
                for reference in references(child.values.get(growth.lookup))
                if reference.id in parents
            ]
        _grow(counted[key], growth)


def _counting(batch: Batch, children: Sequence[Row], growth: Growth) -> Sequence[Row]:
    """Those of `children` that a roll-up counts."""
    if growth.in_force:
        children = [child for child in children if child.values.get("life_status") in IN_FORCE]
    return children if growth.where is None else batch.expressions.held(growth.where, children)


def _grow(pairs: Iterable[tuple[Row, dict[str, Any]]], growth: Growth) -> None:
    merge, mixed = growth.merge, growth.mixed
    for child, values in pairs:
        for name, read in zip(growth.names, growth.read, strict=True):
            more = 1 if read is None else child.values.get(read)
            if more is not None and more is not growth.undefined:
                old = values.get(name)
                values[name] = more if old is None else merge(old, more)
        if mixed:
            values[growth.names[0]] = values[growth.names[1]]
