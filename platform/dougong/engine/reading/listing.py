"""Lists and single records: the prepared statements behind `Records.query` and `Records.get`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, Select, asc, bindparam, false, literal_column, select, union_all

from dougong.base.errors import BadRequest, Forbidden, NotFound, Problem
from dougong.base.ids import is_record_id
from dougong.base.language import msg
from dougong.engine.access import Right
from dougong.engine.query import Page, Query, Record, Row, Sort
from dougong.engine.reading import keyset
from dougong.engine.reading.computed import changing_names, terms_of, under
from dougong.engine.reading.forms import Formed, compile_filter, of_form
from dougong.engine.reading.keyset import Key
from dougong.engine.reading.paths import ResolvedPath
from dougong.engine.reading.prepared import prepared
from dougong.engine.reading.readers import Fill, Layout, ask_linked, lay_out, name_open_ended, only_here
from dougong.engine.reading.scope import Scope
from dougong.engine.reading.searching import search_condition, search_key, search_parameters
from dougong.engine.reading.written import texts_of, under_filter
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

LARGEST_PAGE = 1000
"""How many rows one page may have."""

FIXED = 2
"""The row starts with id and version."""

MOST_STATEMENTS = 64
"""How many statements one list keeps: directions, shapes of cursors, sizes; past it, all are forgotten."""


@dataclass(frozen=True)
class PreparedList:
    """One list, ready to run from its start and from any cursor."""

    scope: Scope
    columns: tuple[str, ...]
    layout: Layout
    keys: tuple[Key, ...]
    where: tuple[ColumnElement[bool], ...]
    statements: dict[Hashable, Any] = field(default_factory=dict)

    @cached_property
    def selected(self) -> tuple[ColumnElement[Any], ...]:
        """The SELECT list: id, version, the columns, the sort keys that are not among these.

        What is selected twice, PostgreSQL computes twice, for every row that it sorts.
        """
        table = self.scope.table
        shown = (table.c.id, table.c.version, *self.layout.columns)
        return (*shown, *(key.column for key in self.keys if _position(shown, key.column) is None))

    @cached_property
    def keys_at(self) -> tuple[int, ...]:
        """Where the sort keys stand in `selected`."""
        found = (_position(self.selected, key.column) for key in self.keys)
        return tuple(at for at in found if at is not None)

    def cursor(self, row: Sequence[Any], backwards: bool) -> str:
        """The cursor of a row."""
        return keyset.encode([row[at] for at in self.keys_at], backwards)

    def statement(self, backwards: bool, blanks: tuple[bool, ...] | None, rows: int) -> Any:
        """The statement of at most `rows` rows from the start (`blanks` is None), or after a cursor of that shape."""
        found = self.statements.get((backwards, blanks, rows))
        if found is None:
            if len(self.statements) >= MOST_STATEMENTS:
                self.statements.clear()
            found = self.statements[backwards, blanks, rows] = self._build(backwards, blanks, rows)
        return found

    def _build(self, backwards: bool, blanks: tuple[bool, ...] | None, rows: int) -> Any:
        if blanks is None:
            return self._ranged(rows, (), backwards)
        ranges = keyset.ranges(self.keys, blanks, backwards)
        if len(ranges) == 1:
            return self._ranged(rows, (ranges[0],), backwards)
        parts = [self._ranged(rows, (each,), backwards, ordinal=at).subquery() for at, each in enumerate(ranges)]
        if not parts:
            return self._ranged(rows, (false(),), backwards)
        stacked = union_all(*(select(part) for part in parts)).subquery()
        position = len(self.selected)
        shown = [column for at, column in enumerate(stacked.c) if at < position]
        tail = [replace(key, column=shown[at]) for key, at in zip(self.keys, self.keys_at, strict=True)]
        ordered = [asc(list(stacked.c)[position]), *keyset.order(tail, backwards)]
        return select(*shown).order_by(*ordered).limit(_number(rows))

    def _ranged(
        self, rows: int, extra: Sequence[ColumnElement[bool]], backwards: bool, ordinal: int | None = None
    ) -> Select[Any]:
        columns = [column.label(f"c{at}") for at, column in enumerate(self.selected)]
        if ordinal is not None:
            columns.append(_number(ordinal).label("r"))
        found = self.scope.select(columns, (*self.where, *extra))
        return found.order_by(*keyset.order(self.keys, backwards)).limit(_number(rows))


def _position(columns: Sequence[ColumnElement[Any]], wanted: ColumnElement[Any]) -> int | None:
    return next((at for at, column in enumerate(columns) if column is wanted), None)


def _number(value: int) -> ColumnElement[int]:
    """A number in the SQL, not a parameter: a plan for any size would cost PostgreSQL a look at every page."""
    return literal_column(str(value), Integer)


def run(unit: Unit, query: Query) -> Page:
    """One page of `query`; see `ask`."""
    return ask(unit, query)()


def ask(unit: Unit, query: Query) -> Callable[[], Page]:
    """One page of `query`, asked now and read when called.

    Raises:
        NotFound: the object is unknown, or the actor may not read it.
        BadRequest: a path, operator, operand, sort or cursor is wrong; every one is named.
    """
    obj = readable(unit, query.object)
    ready, values_of_filter = _prepared(unit, obj, query)
    size = _size(query.limit)
    backwards, values = keyset.decode(query.cursor, ready.keys) if query.cursor else (False, None)
    statement = ready.statement(backwards, keyset.shape(values) if values is not None else None, size + 1)
    params: dict[str, Any] = {**values_of_filter, **search_parameters(query.search), **unit.access.parameters}
    for at, value in enumerate(values or ()):
        if value is not None:
            params[f"cursor_{at}"] = value
    asked = unit.ask(statement, params)

    def page() -> Page:
        found = list(asked.all())
        more = len(found) > size
        found = found[:size]
        if backwards:
            found.reverse()
        return _page(unit, obj, ready, found, query.cursor is not None, backwards, more)

    return page


def _size(limit: int) -> int:
    if not 1 <= limit <= LARGEST_PAGE:
        raise BadRequest(
            Problem(
                code="page-size",
                thing="limit",
                reason=msg("A page has 1 to {most} rows, not {limit}.", most=LARGEST_PAGE, limit=limit),
            )
        )
    return limit


def _page(
    unit: Unit,
    obj: Object,
    ready: PreparedList,
    found: Sequence[Any],
    cursor: bool,
    backwards: bool,
    more: bool,
) -> Page:
    layout = ready.layout
    values = [layout.values(row) for row in found]
    if layout.open_ended:
        values = name_open_ended(unit, layout, values)
    if layout.linked:
        ids = [row[0] for row in found]
        values = ask_linked(unit, layout, ids)(ids, values)
    rows = tuple([Row(row[0], row[1], each) for row, each in zip(found, values, strict=True)])
    after = more if not backwards else True
    before = more if backwards else cursor
    return Page(
        object=obj.name,
        columns=ready.columns,
        rows=rows,
        next=ready.cursor(found[-1], False) if found and after else None,
        previous=ready.cursor(found[0], True) if found and before else None,
    )


def readable(unit: Unit, name: str) -> Object:
    """The object under `name` (or a former name) that the actor may read.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    obj = unit.runtime.model.object_named(name)
    if obj is None or not unit.access.may("read", obj):
        raise NotFound(
            Problem(
                code="object-unknown",
                thing=f"object:{name}",
                reason=msg("There is no object {name}.", name=name),
            )
        )
    return obj


def _prepared(unit: Unit, obj: Object, query: Query) -> tuple[PreparedList, dict[str, Any]]:
    """The list that serves every query of this form, and the parameters of this one's filter."""
    key: Hashable = (
        "list",
        obj.name,
        query.columns,
        query.sort,
        search_key(unit, obj, query.search),
        query.deleted,
        query.lifecycle,
        unit.access.shape,
        unit.access.few(unit, obj),
    )
    try:
        return of_form(
            unit,
            under_filter(unit, obj, key, query.where, field_texts(query)),
            lambda: _scope(unit, obj, query),
            query.where,
            lambda formed: _prepare(query, formed),
        )
    except BadRequest as error:
        raise BadRequest(_problems(unit, obj, query) or error.problems) from None


def field_texts(query: Query) -> Iterator[str]:
    """Every field path that a query shows or sorts by."""
    yield from query.columns
    for key in query.sort:
        yield key.field


def _scope(unit: Unit, obj: Object, query: Query) -> Scope:
    """A scope with the joins of the columns and sort keys, which lists that differ in their filter alone share."""
    terms = terms_of(unit, texts_of(unit, obj, query.where, field_texts(query)))
    scope = Scope(unit.runtime, unit.access, obj, terms, few=unit.access.few(unit, obj))
    _, keys = _lay_out(scope, query)
    scope.walks = not keys or getattr(keys[0].column, "table", None) is scope.table
    return scope


def _lay_out(scope: Scope, query: Query) -> tuple[Layout, list[Key]]:
    paths, keys = _named(scope, query)
    return lay_out(scope, paths, FIXED), keys


def _named(scope: Scope, query: Query) -> tuple[list[ResolvedPath], list[Key]]:
    """The columns and the sort keys of a query.

    Raises:
        BadRequest: each that is wrong is named.
    """
    problems: list[Problem] = []
    paths: list[ResolvedPath] = []
    keys: list[Key] = []
    for text in query.columns:
        try:
            paths.append(shown := scope.path(text))
            only_here(shown)
        except BadRequest as error:
            problems.extend(error.problems)
    for each in query.sort:
        try:
            keys.extend(_sort_keys(scope, each))
        except BadRequest as error:
            problems.extend(error.problems)
    if problems:
        raise BadRequest(problems)
    return paths, keys


def _problems(unit: Unit, obj: Object, query: Query) -> list[Problem]:
    """Everything that is wrong with a query: its columns, its sort and its filter. No column becomes SQL for that."""
    found: list[Problem] = []
    scope = Scope(unit.runtime, unit.access, obj, terms_of(unit))
    for look in (lambda: _named(scope, query), lambda: compile_filter(unit, scope, query.where)):
        try:
            look()
        except BadRequest as error:
            found.extend(error.problems)
    return found


def _prepare(query: Query, formed: Formed) -> PreparedList:
    scope = formed.scope
    layout, keys = _lay_out(scope, query)
    where = scope.rows(query.deleted, query.lifecycle)
    if formed.condition is not None:
        where.append(formed.condition)
    if query.search:
        where.append(search_condition(scope, query.search))
    # Without a sort the newest come first: ids are made in time order.
    keys.append(Key(scope.table.c.id, keys[-1].descending if keys else True, False))
    return PreparedList(scope, query.columns, layout, tuple(keys), tuple(where))


def _sort_keys(scope: Scope, sort: Sort) -> list[Key]:
    path = scope.path(sort.field)
    if not path.field.type.sortable or not path.field.type.stored:
        raise BadRequest(
            Problem(
                code="sort-refused",
                thing=sort.field,
                reason=msg("{label} cannot be sorted.", label=path.field.label),
            )
        )
    return scope.sort_keys(path, sort.descending)


def get(unit: Unit, name: str, record_id: str, deleted: str = "live") -> Record:
    """One record with every field that the actor may read.

    Raises:
        NotFound: no such object or record, or not visible to the actor.
    """
    obj = readable(unit, name)
    key = under(unit, ("record", obj.name, deleted, unit.access.shape), changing_names(unit.runtime, obj))
    ready = (
        prepared(unit.runtime, key, lambda: _prepare_record(unit, obj, deleted))
        if key is not None
        else _prepare_record(unit, obj, deleted)
    )
    found, linked = _read(unit, ready, record_id) if is_record_id(record_id) else (None, None)
    if found is None or linked is None:
        raise NotFound(
            Problem(
                code="record-unknown",
                thing=f"{obj.name} {record_id}",
                reason=msg("There is no such record of {object}.", object=obj.label),
            )
        )
    values = [ready.layout.values(found)]
    if ready.layout.open_ended:
        values = name_open_ended(unit, ready.layout, values)
    named = dict(zip(ready.columns, linked([found[0]], values)[0], strict=True))
    return Record(object=obj.name, id=found[0], version=found[1], values=named, deleted=bool(found[-1]))


def _read(unit: Unit, ready: PreparedList, record_id: str) -> tuple[Sequence[Any] | None, Fill]:
    """The row of a record, and what fills in its many-to-many fields."""
    with unit.together() if ready.layout.linked else nullcontext():
        named = {"record_id": record_id, **unit.access.parameters}
        asked = unit.ask(ready.statements["record"], named)
        linked = ask_linked(unit, ready.layout, [record_id])
    return asked.first(), linked


def _prepare_record(unit: Unit, obj: Object, deleted: str) -> PreparedList:
    scope = Scope(unit.runtime, unit.access, obj, terms_of(unit, changing_names(unit.runtime, obj)))
    names = tuple(
        each.name
        for each in obj.fields.values()
        if each.name not in ("id", "version") and unit.access.seen(obj, each) is not None
    )
    layout = lay_out(scope, [scope.path(name) for name in names], FIXED)
    where = (*scope.rows(deleted), scope.table.c.id == bindparam("record_id", type_=scope.table.c.id.type))
    ready = PreparedList(scope, names, layout, (), where)
    columns = (*ready.selected, scope.table.c.deleted_at)
    ready.statements["record"] = scope.select([each.label(f"c{at}") for at, each in enumerate(columns)], where)
    return ready


def refuse_unreadable(unit: Unit, obj: Object, right: Right) -> None:
    """Raise `Forbidden` where the actor may see the object but lacks `right`."""
    if not unit.access.may(right, obj):
        raise Forbidden(
            Problem(
                code="right-missing",
                thing=f"object:{obj.name}",
                reason=msg("{object}: this is not among your rights.", object=obj.label),
            )
        )
