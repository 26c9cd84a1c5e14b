"""Roll-ups: values of a record that are counted over the records pointing at it.

After a batch is written, the parents that it may have changed are found from what was and what is; they are locked in
order of id, and each of their roll-ups is computed anew from the children in one grouped statement. The lock comes
first and the sum after it, in a statement of its own: so a sum never misses a child that another transaction has
just committed. Nothing is added to old values, so a roll-up is right after any sequence of changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, case, distinct, func, null, select

from dougong.engine.runtime import Runtime
from dougong.engine.saving.expressions import variables
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.engine.saving.money import currency_of, in_own_currency
from dougong.engine.saving.plan import COMPANY, ObjectPlan, plan_of
from dougong.engine.saving.related import references
from dougong.engine.saving.row import Batch, Row
from dougong.formulas.evaluation import Context
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

GROUPED = frozenset({"count", "sum", "min", "max", "avg", "distinct"})
"""The operations that the database does; the others read the children's values in order."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step up: records of `object` name the next object's record in `field`."""

    object: str
    field: str


@dataclass(frozen=True, slots=True)
class Route:
    """A roll-up field and how its children lead to it. `hops` begin at the children.

    `watched` are the fields of the children that it reads, with money's company amounts under their own key;
    `link` is the many-to-many field that connects children and parent, where it is one.
    """

    field: Field
    hops: tuple[Hop, ...]
    watched: frozenset[str]
    link: Field | None = None

    @property
    def parent(self) -> str:
        """The object that has the roll-up."""
        return self.field.object

    @property
    def leaf(self) -> str:
        """The object that is counted."""
        return self.hops[0].object


@dataclass(frozen=True, slots=True)
class Routes:
    """Every roll-up of a revision: by the parent, and by each object that lies on the way to it."""

    by_parent: Mapping[str, tuple[Route, ...]]
    through: Mapping[str, tuple[tuple[Route, int], ...]]


def routes_of(runtime: Runtime) -> Routes:
    """The roll-ups of a revision."""
    found: Routes | None = runtime.prepared.get("rollups")
    if found is None:
        routes = [
            _route(runtime, each)
            for obj in runtime.model.objects.values()
            for each in obj.fields.values()
            if each.type.name == "rollup"
        ]
        by_parent: dict[str, tuple[Route, ...]] = {}
        through: dict[str, tuple[tuple[Route, int], ...]] = {}
        for route in routes:
            by_parent[route.parent] = (*by_parent.get(route.parent, ()), route)
            for at, hop in enumerate(route.hops):
                through[hop.object] = (*through.get(hop.object, ()), (route, at))
        found = runtime.prepared["rollups"] = Routes(by_parent, through)
    return found


def _route(runtime: Runtime, field: Field) -> Route:
    objects = runtime.model.objects
    name, *steps = str(field.options["from"]).split(".")
    hops: list[Hop] = []
    link: Field | None = None
    for step in steps:
        lookup = objects[name].fields[step]
        hops.append(Hop(name, step))
        link = link or (None if lookup.type.stored else lookup)
        name = field.object if field.object in lookup.targets else lookup.targets[0]
    return Route(field, tuple(hops), frozenset(_watched(objects[hops[0].object], field)), link)


def _watched(leaf: Object, rollup: Field) -> Iterable[str]:
    if rollup.options.get("field"):
        name = str(rollup.options["field"]).partition(".")[0]
        yield from (name, name + COMPANY)
        if leaf.currency.mode == "record":
            yield "currency"
    yield from (each["field"] for each in rollup.options.get("order") or ())
    if rollup.where is not None:
        yield from (path[0] for path in rollup.where.references)
    if leaf.effective:
        yield "life_status"


def empty(field: Field) -> Any:
    """The value of a roll-up over nothing: 0 for counts and sums, blank for the others."""
    return {"count": 0, "distinct": 0, "sum": Decimal(0)}.get(str(field.options.get("op")))


Affected = dict[str, tuple[set[str], set[str]]]
"""By parent object: the ids of its records, and the names of their roll-ups, to compute anew."""


def affected(batch: Batch, rows: Iterable[Row]) -> Affected:
    """The parents whose roll-ups may differ after what happened to `rows` since they were last settled."""
    routes = routes_of(batch.unit.runtime)
    found: Affected = {}
    pending: dict[tuple[str, str, int], tuple[Route, set[str]]] = {}
    for row in rows:
        if row.doing == "restore" and not row.settled and row.plan.name in routes.by_parent:
            names = {route.field.name for route in routes.by_parent[row.plan.name]}
            _note(found, row.plan.name, {row.id}, names)
        for route, at in routes.through.get(row.plan.name, ()):
            ids = _above(row, route, at)
            if ids:
                key = (route.parent, route.field.name, at)
                pending.setdefault(key, (route, set()))[1].update(ids)
    memory: dict[tuple[tuple[Hop, ...], frozenset[str]], set[str]] = {}
    for (_, _, at), (route, ids) in pending.items():
        key_ = (route.hops[at + 1 :], frozenset(ids))
        if key_ not in memory:
            memory[key_] = _climb(batch, route.hops[at + 1 :], ids)
        _note(found, route.parent, memory[key_], {route.field.name})
    return found


def _note(found: Affected, parent: str, ids: set[str], names: set[str]) -> None:
    if ids:
        known = found.setdefault(parent, (set(), set()))
        known[0].update(ids)
        known[1].update(names)


def _above(row: Row, route: Route, at: int) -> set[str]:
    """The ids one hop up that a row concerns: those that it named and those that it names."""
    was = bool(row.settled) and row.settled.get("deleted_at") is None
    is_ = row.values.get("deleted_at") is None
    hop = route.hops[at]
    following = route.hops[at + 1].object if at + 1 < len(route.hops) else route.parent
    old = _ids(row.settled.get(hop.field), following) if was else set()
    new = _ids(row.values.get(hop.field), following) if is_ else set()
    if old == new and was == is_ and not row.touched:
        watched = route.watched if at == 0 else frozenset({"life_status"})
        if not any(row.settled.get(name) != row.values.get(name) for name in watched):
            return set()
    return old | new


def _ids(value: Any, target: str) -> set[str]:
    return {each.id for each in references(value) if each.object == target}


def _climb(batch: Batch, hops: Sequence[Hop], ids: set[str]) -> set[str]:
    """The records that `ids` lead to over further hops, as they are stored now."""
    for hop in hops:
        plan = plan_of(batch.unit.runtime, hop.object)
        column = plan.table.c[plan.slots[hop.field].keys[0]]
        named = plan.table.c.id.in_(bindparam("ids", expanding=True))
        statement = select(column).where(named, column.is_not(None)).distinct()
        ids = {str(id) for id in batch.unit.connection.execute(statement, {"ids": sorted(ids)}).scalars()}
    return ids


def compute(batch: Batch, plan: ObjectPlan, rows: Sequence[Row], names: Iterable[str]) -> None:
    """Set the roll-ups `names` of the parents `rows` (which are locked) from their children."""
    wanted = set(names)
    routes = [route for route in routes_of(batch.unit.runtime).by_parent[plan.name] if route.field.name in wanted]
    ids = sorted(row.id for row in rows)
    for group in _together(routes):
        if group[0].field.options["op"] in GROUPED:
            values = _grouped(batch, plan, group, ids)
        else:
            values = _listed(batch, plan, group[0], ids)
        for row in rows:
            for route in group:
                _set(batch, row, route, values.get((row.id, route.field.name), (empty(route.field),) * 2))


def _set(batch: Batch, row: Row, route: Route, results: tuple[Any, ...]) -> None:
    slot = row.plan.slots[route.field.name]
    row.values[slot.name] = results[0]
    if not slot.money:
        return
    row.values[slot.name + COMPANY] = results[1]
    if _one_currency(plan_of(batch.unit.runtime, route.leaf).object, route):
        return
    company, codes = results[1], set(results[2:])
    if codes != {currency_of(batch, row)}:
        row.values[slot.name] = in_own_currency(batch, row, route.field, company)


Results = dict[tuple[str, str], tuple[Any, ...]]
"""By id of the parent and name of the roll-up: its value; of money also the company amount, and the first and last
currency of the children where each has its own."""


def _together(routes: Sequence[Route]) -> list[list[Route]]:
    """Roll-ups that one statement can compute: same children on the same way, same life statuses."""
    found: dict[Any, list[Route]] = {}
    for route in routes:
        grouped = route.field.options["op"] in GROUPED
        found.setdefault((route.hops, _speaks_of_life(route.field)) if grouped else route.field.name, []).append(route)
    return list(found.values())


def _speaks_of_life(field: Field) -> bool:
    return field.where is not None and ("life_status",) in field.where.references


class _Children:
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
        freely = _speaks_of_life(route.field)
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
        slot = self.plan.slots[name]
        columns: list[ColumnElement[Any]] = [self.table.c[key] for key in slot.keys]
        if not slot.money:
            return columns[:1]
        own = _one_currency(self.plan.object, self.route) or _currencies(self.plan, field)
        return columns if aspect != "company" and own else [columns[1]] * 2

    def where(self, field: Field) -> ColumnElement[bool] | None:
        """The roll-up's condition on a child."""
        if field.where is None:
            return None
        columns = {path: self._meaning(path) for path in field.where.references}
        unit = self.unit
        return field.where.sql(columns, Context(now=unit.now, timezone=unit.actor.zone, variables=variables(unit)))

    def _meaning(self, path: tuple[str, ...]) -> ColumnElement[Any]:
        if len(path) > 1:
            owner, table = self._place_of(path)
            slot = owner.slots[path[-2]] if path[-1] not in owner.slots else owner.slots[path[-1]]
            if slot.field.picklist is not None and path[-1] not in owner.slots:
                return _attribute(table.c[slot.keys[0]], slot.field, path[-1])
            if slot.money and path[-1] == "company":
                return table.c[slot.keys[1]]
        return self.column(path)

    def _place_of(self, path: tuple[str, ...]) -> tuple[ObjectPlan, FromClause]:
        head = self._joined.get(path[:-2]) or self._place(path[:-2])
        inner = head[0].slots.get(path[-2])
        if inner is not None and (inner.field.picklist is not None or inner.money):
            return head
        return self._place(path[:-1])


def _attribute(column: ColumnElement[Any], field: Field, name: str) -> ColumnElement[Any]:
    values = field.picklist.values.values() if field.picklist else ()
    known = {each.value: each.attributes[name] for each in values if name in each.attributes}
    return case(known, value=column) if known else null()


def _currencies(leaf: ObjectPlan, rollup: Field) -> bool:
    """True where every child says its own currency: then those of one parent may be alike, and like the parent's."""
    if leaf.object.currency.mode != "record" or rollup.options["op"] not in GROUPED - {"count", "distinct"}:
        return False
    name, _, aspect = str(rollup.options["field"]).partition(".")
    slot = leaf.slots.get(name)
    own = slot is not None and slot.money and slot.field.options.get("currency", "record") == "record"
    return own and aspect != "company"


def _one_currency(leaf: Object, route: Route) -> bool:
    """True where every child's amount is in the parent's currency already: lines of one document."""
    master = leaf.master
    return leaf.currency.mode == "parent" and master is not None and route.hops == (Hop(leaf.name, master.name),)


def _grouped(batch: Batch, plan: ObjectPlan, group: Sequence[Route], ids: Sequence[str]) -> Results:
    statement = _grouped_statement(batch.unit, plan, group)
    found: Results = {}
    for stored in batch.unit.connection.execute(statement, {"ids": ids}):
        at = 1
        for route in group:
            field = route.field
            results: list[Any] = []
            for _ in range(2 if plan.slots[field.name].money else 1):
                width = 2 if field.options["op"] == "avg" else 1
                results.append(_result(field, stored[at : at + width]))
                at += width
            if _currencies(plan_of(batch.unit.runtime, route.leaf), field):
                results += stored[at : at + 2]
                at += 2
            found[str(stored[0]), field.name] = tuple(results)
    return found


def _grouped_statement(unit: Unit, plan: ObjectPlan, group: Sequence[Route]) -> Select[Any]:
    timed = any(
        route.field.where is not None and (route.field.where.uses_clock or route.field.where.uses_user)
        for route in group
    )
    known: dict[Any, Select[Any]] = plan.part(_statements)
    key = tuple(route.field.name for route in group)
    found = known.get(key)
    if found is None or timed:
        children = _Children(unit, group[0])
        columns = [each for route in group for each in _aggregates(children, plan, route.field)]
        parent = children.parent
        found = known[key] = (
            select(parent, *columns)
            .select_from(children.source)
            .where(parent.in_(bindparam("ids", expanding=True)), *children.conditions)
            .group_by(parent)
        )
    return found


def _statements(plan: ObjectPlan) -> dict[Any, Select[Any]]:
    return {}


def _aggregates(children: _Children, plan: ObjectPlan, field: Field) -> list[ColumnElement[Any]]:
    op, where = field.options["op"], children.where(field)
    if op == "count":
        made: list[Any] = [func.count(children.table.c.id)]
    else:
        money = plan.slots[field.name].money
        values = children.values(field)[: 2 if money else 1]
        made = [each for value in values for each in _AGGREGATES[op](value)]
        if _currencies(children.plan, field):
            code = case((values[0].is_not(None), children.column(("currency",))))
            made += [func.min(code), func.max(code)]
    return [each.filter(where) if where is not None else each for each in made]


_AGGREGATES: Mapping[str, Callable[[ColumnElement[Any]], list[Any]]] = {
    "sum": lambda value: [func.sum(value, type_=value.type)],
    "min": lambda value: [func.min(value)],
    "max": lambda value: [func.max(value)],
    "avg": lambda value: [func.sum(value, type_=value.type), func.count(value)],
    "distinct": lambda value: [func.count(distinct(value))],
}


def _result(field: Field, stored: Sequence[Any]) -> Any:
    if field.options["op"] == "avg":
        total, count = stored
        return field.type.computed(field, Decimal(total) / Decimal(count)) if count else None
    return empty(field) if stored[0] is None else stored[0]


def _listed(batch: Batch, plan: ObjectPlan, route: Route, ids: Sequence[str]) -> Results:
    """First, last and concat: the children's values in order, worked out here."""
    field, children = route.field, _Children(batch.unit, route)
    columns = children.values(field)[: 2 if plan.slots[field.name].money else 1]
    where = children.where(field)
    statement = (
        select(children.parent, *columns)
        .select_from(children.source)
        .where(
            children.parent.in_(bindparam("ids", expanding=True)),
            columns[0].is_not(None),
            *children.conditions,
            *([where] if where is not None else []),
        )
        .order_by(children.parent, *_order(children, field), children.table.c.id)
    )
    values: dict[str, list[tuple[Any, ...]]] = {}
    for parent, *each in batch.unit.connection.execute(statement, {"ids": ids}):
        values.setdefault(str(parent), []).append(tuple(each))
    return {(parent, field.name): _reduce(field, children, each) for parent, each in values.items()}


def _order(children: _Children, field: Field) -> Iterable[ColumnElement[Any]]:
    for key in field.options.get("order") or ({"field": "created_at"},):
        column = children.column((key["field"],))
        yield (column.desc() if key.get("dir") == "desc" else column.asc()).nulls_last()


def _reduce(field: Field, children: _Children, values: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    read = children.plan.object.fields[str(field.options["field"])]
    if field.options["op"] == "concat":
        texts = (str(read.type.to_json(read, read.type.from_row(read, each))) for each in values)
        return (str(field.options.get("separator", ", ")).join(dict.fromkeys(texts)),)
    chosen = values[0] if field.options["op"] == "first" else values[-1]
    return chosen if len(chosen) > 1 else (read.type.from_row(read, chosen),)
