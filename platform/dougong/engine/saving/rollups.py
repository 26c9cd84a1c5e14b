"""Roll-ups: values of a record that are counted over the records pointing at it.

After a batch is written, the parents that it may have changed are found from what was and what is; they are locked in
order of id, and each of their roll-ups is computed anew from the children in one grouped statement. The lock comes
first and the sum after it, in a statement of its own: so a sum never misses a child that another transaction has
just committed. A parent that only got new children takes in these, where they can be added (`rollup_growth`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, case, distinct, func, select

from dougong.engine.dialects.among import among
from dougong.engine.expressions import Total
from dougong.engine.fields.rollup import RollupType
from dougong.engine.runtime import Runtime
from dougong.engine.saving import writing
from dougong.engine.saving.plan import COMPANY, ObjectPlan, plan_of
from dougong.engine.saving.related import references
from dougong.engine.saving.rollup_children import Children, one_currency, own_currencies, speaks_of_life
from dougong.engine.saving.rollup_growth import Growth, can_grow, grow, growths_of
from dougong.engine.saving.rollup_results import Shape
from dougong.engine.saving.rollup_ways import Affected, Concerned, Way, is_new, led, ways_of
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.engine.saving.trees import with_ancestors
from dougong.engine.saving.windows import is_timed, watched
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
    `link` is the many-to-many field that connects children and parent, where it is one. A roll-up over a `tree` counts
    for each record the children of all that stand below it as well.
    """

    field: Field
    hops: tuple[Hop, ...]
    watched: frozenset[str]
    link: Field | None = None
    tree: bool = False

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
    trees: Mapping[str, frozenset[str]]
    """By object that is a tree, its roll-ups over it."""
    linked: Mapping[str, frozenset[str]]
    """By object, its many-to-many fields that lead to roll-ups."""


def routes_of(runtime: Runtime) -> Routes:
    """The roll-ups of a revision."""
    found: Routes | None = runtime.prepared.get("rollups")
    if found is None:
        routes = [
            _route(runtime, each)
            for obj in runtime.model.objects.values()
            for each in obj.fields.values()
            if each.type.name == "rollup" and not each.type.virtual
        ]
        by_parent: dict[str, tuple[Route, ...]] = {}
        through: dict[str, tuple[tuple[Route, int], ...]] = {}
        for route in routes:
            by_parent[route.parent] = (*by_parent.get(route.parent, ()), route)
            for at, hop in enumerate(route.hops):
                through[hop.object] = (*through.get(hop.object, ()), (route, at))
        trees = {name: frozenset(each.field.name for each in its if each.tree) for name, its in by_parent.items()}
        trees = {name: names for name, names in trees.items() if names}
        linked: dict[str, frozenset[str]] = {}
        for route in routes:
            for hop in route.hops:
                if route.link is not None and route.link.name == hop.field:
                    linked[hop.object] = linked.get(hop.object, frozenset()) | {hop.field}
        found = runtime.prepared["rollups"] = Routes(by_parent, through, trees, linked)
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
    read = frozenset(_watched(objects[hops[0].object], field))
    return Route(field, tuple(hops), read, link, bool(field.options.get("tree")))


def _watched(leaf: Object, rollup: Field) -> Iterable[str]:
    if rollup.options.get("field"):
        name = str(rollup.options["field"]).partition(".")[0]
        yield from (name, name + COMPANY)
        if leaf.currency.mode == "record":
            yield "currency"
    yield from (each["field"] for each in rollup.options.get("order") or ())
    for path in read_paths(leaf, rollup):
        yield path[0] + COMPANY if path[1:] == ("company",) else path[0]
    yield from watched(rollup)
    if leaf.effective:
        yield "life_status"


def read_paths(leaf: Object, rollup: Field) -> Iterator[tuple[str, ...]]:
    """What the formulas behind a roll-up read of a child: its condition, and a formula field that it counts."""
    read = leaf.fields.get(str(rollup.options.get("field", "")).partition(".")[0])
    formulas = (rollup.where, *((read.formula, read.company) if read is not None and read.type.virtual else ()))
    yield from (path for each in formulas if each is not None for path in each.references)


def empty(field: Field) -> Any:
    """The value of a roll-up over nothing: 0 for counts and sums, blank for the others."""
    return field.type.nothing if isinstance(field.type, RollupType) else None


def affected(batch: Batch, rows: Iterable[Row]) -> Affected:
    """The parents whose roll-ups may differ after what happened to `rows` since they were last settled."""
    routes = routes_of(batch.unit.runtime)
    rows = list(rows)
    if routes.linked:
        _load_links(batch, rows, routes)
    found: Affected = {}
    pending: dict[tuple[str, str, int, bool], tuple[Route, set[str]]] = {}
    for row in rows:
        _note_own(row, routes, found)
    for plan, group in grouped(rows):
        for way in plan.part(_ways):
            for route, ids, grows in led(group, way):
                if ids:
                    key = (route.parent, route.field.name, way.at, grows)
                    pending.setdefault(key, (route, set()))[1].update(ids)
    memory: dict[tuple[tuple[Hop, ...], frozenset[str]], set[str]] = {}
    for (_, name, at, grows), (route, ids) in pending.items():
        climb = (route.hops[at + 1 :], frozenset(ids))
        if climb not in memory:
            memory[climb] = _climb(batch, route.hops[at + 1 :], ids)
        _note(found, route.parent, memory[climb], {name}, grows and len(route.hops) == 1)
    for name, over in routes.trees.items():
        if name in found:
            _climb_tree(batch, name, over, found)
    new = {plan.name: group for plan, group in grouped(filter(is_new, rows))}
    for each in found.values():
        each.new = new
    return found


def _note_own(row: Row, routes: Routes, found: Affected) -> None:
    """Of a record that comes back its own roll-ups; of one that moves in a tree those over the tree, where it stood."""
    name = row.plan.name
    if row.doing == "restore" and not row.settled and name in routes.by_parent:
        _note(found, name, {row.id}, {route.field.name for route in routes.by_parent[name]})
    over = routes.trees.get(name)
    if over:
        _note(found, name, _moved(row), set(over))


def _load_links(batch: Batch, rows: Sequence[Row], routes: Routes) -> None:
    """Read the links that lead to roll-ups, of rows that were not given them: one statement per link field."""
    for plan, group in grouped(row for row in rows if row.plan.name in routes.linked):
        for name in sorted(routes.linked[plan.name]):
            lacking = [row for row in group if name not in row.values]
            for row, links in writing.links_of(batch, plan.object.fields[name], lacking):
                for known in (row.values, row.before, row.settled):
                    if known:
                        known[name] = links


def _moved(row: Row) -> set[str]:
    """The records under which a record of a tree stood and stands, where that changed."""
    field = row.plan.object.hierarchy or ""
    was = row.settled.get(field) if row.settled and row.settled.get("deleted_at") is None else None
    is_ = row.values.get(field) if row.values.get("deleted_at") is None else None
    return {each.id for each in (*references(was), *references(is_))} if was != is_ else set()


def _climb_tree(batch: Batch, name: str, names: frozenset[str], found: Affected) -> None:
    """What stands above records of a tree follows them in the roll-ups `names` over it."""
    ids, wanted = found[name].ids, found[name].names
    if wanted & names:
        above = with_ancestors(batch, plan_of(batch.unit.runtime, name), ids) - ids
        _note(found, name, above, set(wanted & names))


def _note(found: Affected, parent: str, ids: set[str], names: set[str], grows: bool = False) -> None:
    if ids:
        found.setdefault(parent, Concerned()).note(ids, names, grows)


def _ways(plan: ObjectPlan) -> tuple[Way, ...]:
    return ways_of(routes_of(plan.runtime).through.get(plan.name, ()))


def _climb(batch: Batch, hops: Sequence[Hop], ids: set[str]) -> set[str]:
    """The records that `ids` lead to over further hops, as they are stored now."""
    for hop in hops:
        ids = {parent for _, parent in step(batch, hop, ids)}
    return ids


def step(batch: Batch, hop: Hop, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """One hop up: pairs of an id out of `ids` and the id of a record that it names, as they are stored now."""
    plan = plan_of(batch.unit.runtime, hop.object)
    if hop.field in plan.slots:
        column, key = plan.table.c[plan.slots[hop.field].keys[0]], plan.table.c.id
    else:
        link = batch.unit.runtime.storage.links[plan.object.fields[hop.field].address]
        column, key = link.target, link.source
    named = among(key, "ids")
    statement = select(key, column).where(named, column.is_not(None))
    for id, parent in batch.unit.connection.execute(statement, {"ids": sorted(ids)}):
        yield str(id), str(parent)


def compute(batch: Batch, plan: ObjectPlan, rows: Sequence[Row], concerned: Concerned) -> None:
    """Set the roll-ups that are `concerned` of the parents `rows` (which are locked) from their children."""
    routes = routes_of(batch.unit.runtime).by_parent[plan.name]
    for group in _together([route for route in routes if route.field.name in concerned.names]):
        if group[0].field.options["op"] in GROUPED:
            _compute(batch, plan, group, rows, concerned)
        else:
            shape, values = _shape(plan, group[0]), _listed(batch, plan, group[0], sorted(row.id for row in rows))
            for row in rows:
                shape.give(batch, row, values.get(row.id, shape.nothing))


def _compute(batch: Batch, plan: ObjectPlan, group: Sequence[Route], rows: Sequence[Row], concerned: Concerned) -> None:
    """Roll-ups that one statement computes. Parents that only got new children take in these where that is enough."""
    growths, growing = _growths(plan, group), dict[str, Row]()
    if growths:
        free = (row for row in rows if row.id not in concerned.changed)
        growing = {row.id: row for row in free if can_grow(batch, row, growths.values())}
        grow(batch, growing, concerned.new.get(group[0].leaf, ()), tuple(growths.values()))
    _count_anew(batch, plan, group, [row for row in rows if row.id not in growing])
    others = [route for route in group if route.field.name not in growths]
    _count_anew(batch, plan, others, list(growing.values()))


def _count_anew(batch: Batch, plan: ObjectPlan, group: Sequence[Route], rows: Sequence[Row]) -> None:
    if not group or not rows:
        return
    shapes, results = [_shape(plan, route) for route in group], _grouped(batch, plan, group, rows)
    for row in rows:
        for shape, found in _read(shapes, results.get(row.id)):
            shape.give(batch, row, found)


def _growths(plan: ObjectPlan, group: Sequence[Route]) -> dict[str, Growth]:
    known: dict[tuple[str, ...], dict[str, Growth]] = plan.part(_known_growths)
    key = tuple(route.field.name for route in group)
    if key not in known:
        known[key] = growths_of(plan, group, [_shape(plan, route) for route in group])
    return known[key]


def _known_growths(plan: ObjectPlan) -> dict[tuple[str, ...], dict[str, Growth]]:
    return {}


def _read(shapes: Iterable[Shape], stored: Sequence[Any] | None) -> Iterator[tuple[Shape, Sequence[Any]]]:
    """What one parent's row of a grouped statement says, roll-up by roll-up."""
    at = 1
    for shape in shapes:
        yield shape, shape.nothing if stored is None else shape.read(stored[at : at + shape.width])
        at += shape.width


Results = Mapping[str, Sequence[Any]]
"""By id of the parent: what its roll-ups come to, side by side (see `Shape`), in a grouped statement after the id."""


def _shape(plan: ObjectPlan, route: Route) -> Shape:
    known: dict[str, Shape] = plan.part(_shapes)
    found = known.get(route.field.name)
    if found is None:
        field, leaf = route.field, plan_of(plan.runtime, route.leaf)
        money, average = plan.slots[field.name].money, field.options["op"] == "avg"
        parts = 2 if money else 1
        width = parts * (2 if average else 1) + (2 if own_currencies(leaf, field) else 0)
        mixed = money and not one_currency(leaf.object, route)
        found = known[field.name] = Shape(field, parts, width, average, mixed, (empty(field),) * 2)
    return found


def _shapes(plan: ObjectPlan) -> dict[str, Shape]:
    return {}


def _together(routes: Sequence[Route]) -> list[list[Route]]:
    """Roll-ups that one statement can compute: same children on the same way, same life statuses."""
    found: dict[Any, list[Route]] = {}
    for route in routes:
        grouped = route.field.options["op"] in GROUPED
        alike = (route.hops, route.tree, speaks_of_life(route.field))
        found.setdefault(alike if grouped else route.field.name, []).append(route)
    return list(found.values())


def _grouped(batch: Batch, plan: ObjectPlan, group: Sequence[Route], rows: Iterable[Row]) -> Results:
    statement = _grouped_statement(batch.unit, plan, group)
    ids = sorted(row.id for row in rows)
    return {str(stored[0]): stored for stored in batch.unit.ask(statement, {"ids": ids}).all()}


def _grouped_statement(unit: Unit, plan: ObjectPlan, group: Sequence[Route]) -> Select[Any]:
    timed = any(
        is_timed(route.field) or (route.field.where is not None and route.field.where.uses_user) for route in group
    )
    known: dict[Any, Select[Any]] = plan.part(_statements)
    key = tuple(route.field.name for route in group)
    found = known.get(key)
    if found is None or timed:
        children = Children(unit, group[0])
        columns = [each for route in group for each in _aggregates(children, plan, route.field)]
        parent = children.parent
        found = known[key] = (
            select(parent, *columns)
            .select_from(children.source)
            .where(among(parent, "ids"), *children.conditions)
            .group_by(parent)
        )
    return found


def _statements(plan: ObjectPlan) -> dict[Any, Select[Any]]:
    return {}


def _aggregates(children: Children, plan: ObjectPlan, field: Field) -> list[ColumnElement[Any]]:
    op, where = field.options["op"], children.where(field)
    if op == "count":
        made: list[Any] = [func.count(children.table.c.id)]
    else:
        money = plan.slots[field.name].money
        values = children.values(field)[: 2 if money else 1]
        made = [each for value in values for each in _AGGREGATES[op](value)]
        if own_currencies(children.plan, field):
            code = case((values[0].is_not(None), children.column(("currency",))))
            made += [func.min(code), func.max(code)]
    return [each.filter(where) if where is not None else each for each in made]


_AGGREGATES: Mapping[str, Callable[[ColumnElement[Any]], list[Any]]] = {
    "sum": lambda value: [Total(value)],
    "min": lambda value: [func.min(value)],
    "max": lambda value: [func.max(value)],
    "avg": lambda value: [Total(value), func.count(value)],
    "distinct": lambda value: [func.count(distinct(value))],
}


def _listed(batch: Batch, plan: ObjectPlan, route: Route, ids: Sequence[str]) -> Results:
    """First, last, concat and median: the children's values in order, worked out here."""
    field, children = route.field, Children(batch.unit, route)
    columns = children.values(field)[: 2 if plan.slots[field.name].money else 1]
    where = children.where(field)
    statement = (
        select(children.parent, *columns)
        .select_from(children.source)
        .where(
            among(children.parent, "ids"),
            columns[0].is_not(None),
            *children.conditions,
            *([where] if where is not None else []),
        )
        .order_by(children.parent, *_order(children, field), children.table.c.id)
    )
    values: dict[str, list[tuple[Any, ...]]] = {}
    for parent, *each in batch.unit.connection.execute(statement, {"ids": ids}):
        values.setdefault(str(parent), []).append(tuple(each))
    return {parent: _reduce(field, children, each) for parent, each in values.items()}


def _order(children: Children, field: Field) -> Iterable[ColumnElement[Any]]:
    for key in field.options.get("order") or ({"field": "created_at"},):
        column = children.column((key["field"],))
        yield (column.desc() if key.get("dir") == "desc" else column.asc()).nulls_last()


def _reduce(field: Field, children: Children, values: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    read = children.plan.object.fields[str(field.options["field"])]
    if field.options["op"] == "concat":
        texts = (str(read.type.to_json(read, read.type.from_row(read, each))) for each in values)
        return (str(field.options.get("separator", ", ")).join(dict.fromkeys(texts)),)
    if field.options["op"] == "median":
        return tuple(
            _median(field, [each for each in column if each is not None]) for column in zip(*values, strict=True)
        )
    chosen = values[0] if field.options["op"] == "first" else values[-1]
    return chosen if len(chosen) > 1 else (read.type.from_row(read, chosen),)


def _median(field: Field, numbers: Sequence[Any]) -> Any:
    """The number in the middle; of an even count the mean of the two."""
    ordered = sorted(Decimal(each) for each in numbers)
    half = len(ordered) // 2
    if not ordered:
        return None
    middle = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return field.type.computed(field, middle)
