"""Roll-ups by the viewer's right: each is counted in the query that names it, over the children that its actor may see.

Nothing of it is stored or remembered. Who sees no child reads zero, or a blank; who may not read the children at all,
or a field that goes into the value, has no such field (`dougong.engine.access.Derived`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, distinct, func, literal, select, type_coerce

from dougong.base.field_types import Reading
from dougong.engine.columns import Count
from dougong.engine.expressions import Total
from dougong.engine.fields.rollup import RollupType
from dougong.engine.saving.lifecycle import IN_FORCE
from dougong.metadata.model import Field, Object

if TYPE_CHECKING:
    from dougong.engine.reading.paths import ResolvedPath
    from dougong.engine.reading.scope import Scope

Columns = tuple[ColumnElement[Any], ...]


def is_counted(field: Field) -> bool:
    """Whether a field is a roll-up by the viewer's right."""
    return field.type.virtual and field.type.name == RollupType.name


def children_of(rollup: Field) -> str:
    """The object whose records a roll-up counts."""
    return str(rollup.options["from"]).partition(".")[0]


def counted(scope: Scope, path: ResolvedPath) -> Columns:
    """The parts of a roll-up by the viewer's right: its value, of money the company amount as well."""
    _, above = scope.place(path.steps)
    return tuple(_one(scope, path.field, above, part) for part in range(2 if path.field.type.money else 1))


def _one(scope: Scope, rollup: Field, above: FromClause, part: int) -> ColumnElement[Any]:
    """One part of the value for a row of `above`, as a query of its own within the query."""
    children = scope.below(children_of(rollup))
    where = [*_leading(children, rollup, above), *_live(rollup, children.object, children.table)]
    where += [each for each in _asked(children, rollup) if each is not None]
    value = _aggregate(children, rollup, part)
    found = select(value).select_from(children.source).where(*where).correlate(above).scalar_subquery()
    return type_coerce(found, value.type)


def _leading(children: Scope, rollup: Field, above: FromClause) -> Iterator[ColumnElement[bool]]:
    """The children that lead to the row of `above`; what stands on the way must be there and be seen, too."""
    *way, last = str(rollup.options["from"]).split(".")[1:]
    steps: list[Field] = []
    for name in way:
        steps.append(children.place(steps)[0].fields[name])
        yield from _live(rollup, *children.place(steps))
    obj, table = children.place(steps)
    parts = children.runtime.storage.tables[obj.name].parts[last]
    if len(obj.fields[last].targets) > 1:
        yield table.c[parts[1].key] == rollup.object
    yield table.c[parts[0].key] == above.c.id


def _live(rollup: Field, obj: Object, table: FromClause) -> Iterator[ColumnElement[bool]]:
    yield table.c.deleted_at.is_(None)
    if obj.effective and not (rollup.where is not None and ("life_status",) in rollup.where.references):
        yield table.c.life_status.in_(IN_FORCE)


def _asked(children: Scope, rollup: Field) -> Iterator[ColumnElement[bool] | None]:
    """That the actor may see the child, that it fulfils the condition, and that it lies in the period."""
    access, obj, table, terms = children.access, children.object, children.table, children.terms
    if terms is None or terms.context.now is None:
        raise LookupError(f"{rollup.address} cannot be counted here")
    few = obj.name in terms.few
    yield access.listed(obj, table, few) if few else access.visible("read", obj, table)
    if rollup.where is not None:
        yield children.fulfils(rollup.where)
    window = rollup.options.get("window")
    if window:
        dated = children.path(window["field"])
        reading = Reading(zone=terms.context.timezone, now=terms.context.now)
        period = dated.field.type.operand(dated.field, "within", window["period"], reading)
        yield dated.field.type.condition(dated.field, children.parts(dated), "within", period)


def _aggregate(children: Scope, rollup: Field, part: int) -> ColumnElement[Any]:
    op = rollup.options["op"]
    if op == "count":
        return type_coerce(func.count(children.table.c.id), Count())
    value = _read(children, rollup, part)
    if op == "distinct":
        return type_coerce(func.count(distinct(value)), Count())
    if op == "sum":
        nothing = rollup.type.nothing if isinstance(rollup.type, RollupType) else 0
        return func.coalesce(Total(value), literal(nothing, value.type), type_=value.type)
    return func.min(value, type_=value.type) if op == "min" else func.max(value, type_=value.type)


def _read(children: Scope, rollup: Field, part: int) -> ColumnElement[Any]:
    """What is read of a child. Amounts are the company's, but for lines of a document, which are in its currency."""
    columns = children.parts(children.path(str(rollup.options["field"])))
    if not rollup.type.money:
        return columns[0]
    return columns[part] if children.object.currency.mode == "parent" else columns[1]
