"""Who follows a field of another record: computed values, live copies, inherited currencies, searched texts, roll-ups.

A stored value that reads a parent (``product.name``) is made anew when that field of the parent changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, select

from dougong.engine.dialects.among import among
from dougong.engine.runtime import Runtime
from dougong.engine.saving.defaults import defaults_of
from dougong.engine.saving.fills import followed
from dougong.engine.saving.money import money_plan
from dougong.engine.saving.plan import COMPANY, ObjectPlan, money_slots, plan_of
from dougong.engine.saving.related import AT_ONCE
from dougong.engine.saving.rollups import read_paths, routes_of
from dougong.engine.saving.row import Batch, Row
from dougong.engine.saving.search_rows import search_plan

Kind = Literal["computed", "searched", "touched"]


@dataclass(frozen=True, slots=True)
class Follower:
    """Records of `object` that read a field through the lookups `chain`, first one first."""

    object: str
    chain: tuple[str, ...]
    kind: Kind


Followers = Mapping[str, Mapping[str, frozenset[Follower]]]
"""By object followed, by field followed."""

Found = dict[tuple[str, str], set[Kind]]
"""Records to make anew, by (object, id), and why."""


def followers_of(runtime: Runtime) -> Followers:
    """Every follower of a revision."""
    found: dict[str, dict[str, frozenset[Follower]]] | None = runtime.prepared.get("followers")
    if found is None:
        found = runtime.prepared["followers"] = {}
        for name in runtime.model.objects:
            plan = plan_of(runtime, name)
            for kind, path in _paths(plan):
                _follow(runtime, plan, kind, path, found)
    return found


def _paths(plan: ObjectPlan) -> Iterable[tuple[Kind, tuple[str, ...]]]:
    """The paths through lookups that stored things of an object read."""
    defaults = plan.part(defaults_of)
    for field, compute in defaults.computes:
        if compute.mode != "until_edited":
            for formula in (compute.formula, compute.when, field.company):
                yield from (("computed", path) for path in (formula.references if formula else ()))
    yield from (("computed", path) for path in followed(plan))
    yield from (("computed", (copy.lookup, copy.source)) for copy in defaults.copies if copy.live)
    if plan.part(money_slots):
        money = plan.part(money_plan)
        for name in (money.currency_field, money.rate_date):
            if name and money.masters:
                yield "computed", (*money.masters, name)
    yield from (("searched", path) for path in plan.part(search_plan).paths.values())
    for route, at in routes_of(plan.runtime).through.get(plan.name, ()):
        if at == 0:
            yield from (("touched", path) for path in read_paths(plan.object, route.field))


def _follow(runtime: Runtime, plan: ObjectPlan, kind: Kind, path: tuple[str, ...], into: dict[str, Any]) -> None:
    here = plan
    for at in range(1, len(path)):
        field = here.object.fields.get(path[at - 1])
        if field is None or not field.type.refers or not field.type.stored or len(field.targets) != 1:
            return
        here = plan_of(runtime, field.targets[0])
        by_field = into.setdefault(here.name, {})
        name = path[at] + COMPANY if path[at + 1 :] == ("company",) else path[at]
        by_field[name] = by_field.get(name, frozenset()) | {Follower(plan.name, path[:at], kind)}


def find(batch: Batch, rows: Iterable[Row]) -> Found:
    """The records that follow what changed in `rows` since they were last settled: one statement per way."""
    followers = followers_of(batch.unit.runtime)
    wanted: dict[Follower, set[str]] = {}
    for row in rows:
        by_field = followers.get(row.plan.name)
        if not by_field or not row.settled:
            continue
        for name, entries in by_field.items():
            if row.settled.get(name) != row.values.get(name):
                for each in entries:
                    wanted.setdefault(each, set()).add(row.id)
    found: Found = {}
    reached: dict[tuple[str, tuple[str, ...], frozenset[str]], list[str]] = {}
    for follower, ids in wanted.items():
        key = (follower.object, follower.chain, frozenset(ids))
        if key not in reached:
            reached[key] = _reach(batch, follower, sorted(ids))
        for id in reached[key]:
            found.setdefault((follower.object, id), set()).add(follower.kind)
    return found


def _reach(batch: Batch, follower: Follower, ids: list[str]) -> list[str]:
    plan = plan_of(batch.unit.runtime, follower.object)
    known: dict[tuple[str, ...], Select[Any]] = plan.part(_ways)
    statement = known.get(follower.chain)
    if statement is None:
        statement = known[follower.chain] = _way(plan, follower.chain)
    found: list[str] = []
    for start in range(0, len(ids), AT_ONCE):
        stored = batch.unit.connection.execute(statement, {"ids": ids[start : start + AT_ONCE]})
        found.extend(str(id) for id in stored.scalars())
    return found


def _ways(plan: ObjectPlan) -> dict[tuple[str, ...], Select[Any]]:
    return {}


def _way(plan: ObjectPlan, chain: tuple[str, ...]) -> Select[Any]:
    """The live records of an object that reach any of ``ids`` over `chain`."""
    table = plan.table.alias("f0")
    source: Any = table
    here_plan, here = plan, table
    for at, name in enumerate(chain[:-1], 1):
        slot = here_plan.slots[name]
        here_plan = plan_of(plan.runtime, slot.field.targets[0])
        above = here_plan.table.alias(f"f{at}")
        source = source.join(above, above.c.id == here.c[slot.keys[0]])
        here = above
    last = here.c[here_plan.slots[chain[-1]].keys[0]]
    live = table.c.deleted_at.is_(None)
    return select(table.c.id).select_from(source).where(among(last, "ids"), live)
