"""Counts and grouped measures over the records of a query."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, literal_column, select

from dougong.base.errors import BadRequest, Place, Problem
from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.expressions import DateBucket, Total
from dougong.engine.query import Counted, Measure, Query, Summary
from dougong.engine.reading.computed import terms_of
from dougong.engine.reading.forms import Formed, of_form
from dougong.engine.reading.listing import readable
from dougong.engine.reading.paths import ResolvedPath
from dougong.engine.reading.scope import Scope
from dougong.engine.reading.searching import search_condition, search_key, search_parameters
from dougong.engine.reading.written import texts_of, under_filter
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

BUCKETS = ("day", "week", "month", "quarter", "year")
"""How dates may be grouped: ``close_date:month``."""


def count(unit: Unit, query: Query, cap: int | None = None) -> Counted:
    """How many records `query` finds; see `ask_count`."""
    return ask_count(unit, query, cap)()


def ask_count(unit: Unit, query: Query, cap: int | None = None) -> Callable[[], Counted]:
    """How many records `query` finds, asked now and read when called; with `cap`, at most that many are counted.

    Raises:
        NotFound: the object is unknown.
        BadRequest: the filter is wrong.
    """
    obj = readable(unit, query.object)
    searched = search_key(unit, obj, query.search)
    few = unit.access.few(unit, obj)
    key: Hashable = ("count", obj.name, searched, query.deleted, query.lifecycle, cap, unit.access.shape, few)
    key = under_filter(unit, obj, key, query.where)

    def build(formed: Formed) -> Any:
        where = _rows(formed, query.search, query.deleted, query.lifecycle)
        if cap is None:
            return formed.scope.select([func.count()], where)
        counted = formed.scope.select([literal_column("1")], where).limit(literal_column(str(cap + 1))).subquery()
        return select(func.count()).select_from(counted)

    statement, values = of_form(
        unit,
        key,
        lambda: Scope(unit.runtime, unit.access, obj, terms_of(unit, texts_of(unit, obj, query.where)), few=few),
        query.where,
        build,
    )
    asked = unit.connection.execute(statement, {**values, **search_parameters(query.search), **unit.access.parameters})

    def counted() -> Counted:
        number = asked.scalar_one()
        return Counted(number=min(number, cap), capped=number > cap) if cap is not None else Counted(number=number)

    return counted


def _scope(unit: Unit, obj: Object, texts: Iterable[str], few: bool) -> Scope:
    return Scope(unit.runtime, unit.access, obj, terms_of(unit, texts), few=few)


def _rows(formed: Formed, search: str, deleted: str, lifecycle: str = "any") -> list[ColumnElement[bool]]:
    found = formed.scope.rows(deleted, lifecycle)
    if formed.condition is not None:
        found.append(formed.condition)
    if search:
        found.append(search_condition(formed.scope, search))
    return found


def summarise(unit: Unit, summary: Summary) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The groups of `summary` in the order of their values: (group values, measure values).

    Sums of money are in the company's currency. A lookup groups by record and reads as a `Reference`.

    Raises:
        NotFound: the object is unknown.
        BadRequest: a path, a bucket or a measure is wrong.
    """
    obj = readable(unit, summary.object)
    few = unit.access.few(unit, obj)
    searched = search_key(unit, obj, summary.search)
    key: Hashable = (
        "summary",
        replace(summary, search="", where=None),
        searched,
        unit.access.shape,
        few,
        str(unit.reading.zone),
    )
    key = under_filter(unit, obj, key, summary.where, _field_texts(summary))
    (statement, readers), values = of_form(
        unit,
        key,
        lambda: Scope(
            unit.runtime,
            unit.access,
            obj,
            terms_of(unit, texts_of(unit, obj, summary.where, _field_texts(summary))),
            few=few,
        ),
        summary.where,
        lambda formed: _prepare(unit, summary, formed),
    )
    found = []
    named = {**values, **search_parameters(summary.search), **unit.access.parameters}
    for row in unit.connection.execute(statement, named):
        groups, at = [], 0
        for width, read in readers:
            groups.append(row[at] if read is None else read(row[at : at + width]))
            at += width
        found.append((tuple(groups), _measured(summary.measures, row[at:])))
    return found


def _field_texts(summary: Summary) -> Iterator[str]:
    yield from summary.by
    yield from (each.field for each in summary.measures if each.field)


def _measured(measures: Sequence[Measure], row: Sequence[Any]) -> tuple[Any, ...]:
    values, at = [], 0
    for measure in measures:
        value = row[at]
        if measure.op == "avg":
            at += 1
            value = Decimal(value) / row[at] if row[at] else None
        values.append(value)
        at += 1
    return tuple(values)


Read = Callable[[Sequence[Any]], Any]

GroupReader = tuple[int, Read | None]
"""How many columns of a row one group value takes, and how it is read; None for the column as it is."""


def _prepare(unit: Unit, summary: Summary, formed: Formed) -> tuple[Any, list[GroupReader]]:
    where = _rows(formed, summary.search, summary.deleted)
    scope = formed.scope
    groups: list[ColumnElement[Any]] = []
    readers: list[GroupReader] = []
    for text in summary.by:
        columns, read = _group(unit, scope, text)
        groups.extend(columns)
        readers.append((len(columns), read))
    measures = [column for each in summary.measures for column in _measure(scope, each)]
    labelled = [each.label(f"g{at}") for at, each in enumerate(groups)]
    statement = scope.select([*labelled, *measures], where)
    if groups:
        statement = statement.group_by(*groups).order_by(*(each.asc().nulls_last() for each in groups))
    return statement.limit(literal_column(str(summary.limit))), readers


def _group(unit: Unit, scope: Scope, text: str) -> tuple[list[ColumnElement[Any]], Read | None]:
    name, _, bucket = text.partition(":")
    path = scope.path(name)
    if bucket:
        return [_bucket(unit, scope, path, bucket)], None
    if path.field.type.refers and path.field.type.stored and len(path.field.targets) == 1 and not path.attribute:
        title = scope.title((*path.steps, path.field))
        key = scope.parts(path)[0]
        return [key, title if title is not None else key], _reference(path.field.targets[0])
    if not path.field.type.stored or not path.field.type.sortable:
        raise _refused(text, path, "group-refused")
    if path.attribute or path.aspect:
        return [scope.value(path)], None
    columns = scope.parts(path)
    if path.field.type.error(columns) is not None:
        return list(columns), lambda parts: path.field.type.from_row(path.field, parts)
    return [columns[0]], None


def _reference(target: str) -> Read:
    return lambda parts: None if parts[0] is None else Reference(target, parts[0], parts[1] or "")


def _bucket(unit: Unit, scope: Scope, path: ResolvedPath, bucket: str) -> ColumnElement[Any]:
    kind = path.field.type.formula_type
    if bucket not in BUCKETS or kind not in ("date", "datetime"):
        raise _refused(f"{path.text}:{bucket}", path, "group-refused")
    zone = str(unit.reading.zone) if kind == "datetime" else None
    return DateBucket(scope.parts(path)[0], bucket, zone)


def _measure(scope: Scope, measure: Measure) -> list[ColumnElement[Any]]:
    """The SQL of a measure; an average is asked for as sum and count, since databases divide inexactly."""
    if measure.op == "count" and measure.field is None:
        return [func.count()]
    path = scope.path(measure.field or "id")
    if measure.op == "count":
        return [func.count(scope.parts(path)[0])]
    value = scope.value(path)
    if measure.op in ("sum", "avg"):
        if not path.field.type.numeric:
            raise _refused(measure.field or "", path, "measure-refused")
        return [Total(value), *([func.count(value)] if measure.op == "avg" else [])]
    if not path.field.type.sortable:
        raise _refused(measure.field or "", path, "measure-refused")
    return [func.min(value, type_=value.type) if measure.op == "min" else func.max(value, type_=value.type)]


def _refused(text: str, path: ResolvedPath, code: str) -> BadRequest:
    return BadRequest(
        Problem(
            code=code,
            thing=text,
            place=Place(field=text),
            reason=msg("{label} cannot be used so: {text}.", label=path.field.label, text=text),
        )
    )


def totals(unit: Unit, query: Query, fields: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
    """The measures of a list's columns over all its records: (op, field path) pairs, in one statement."""
    measures = tuple(Measure(op, name) for op, name in fields)  # type: ignore[arg-type]
    found = summarise(
        unit,
        Summary(
            object=query.object,
            measures=measures,
            where=query.where,
            search=query.search,
            deleted=query.deleted,
        ),
    )
    return found[0][1]
