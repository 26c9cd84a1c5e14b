"""The indexes of record tables: what lookups, uniqueness and the list views of the metadata ask for.

Every index is paid for by everybody who writes, so there is none that another one stands in for, and none holds rows
that nobody finds by it: lookups and unique values are indexed where they are not blank, what a list view holds to be
yes or no in the rows for which it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Index, Table, and_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from dougong.engine.columns import shape
from dougong.engine.dialects.indexing import only_where_blanks_come_first
from dougong.engine.ledger import sorted_fields
from dougong.metadata.model import Constraint, Field, Object

Parts = Mapping[str, tuple[Column[Any], ...]]
Helpers = Mapping[str, Column[Any]]


def add_indexes(table: Table, obj: Object, parts: Parts, keys: Helpers, uniques: Helpers) -> None:
    """Give `table` the indexes of `obj`. `parts`, `keys` and `uniques` are as in `RecordTable`."""
    indexer = _Indexer(table, obj, parts, keys)
    indexer.add_system(uniques)
    indexer.add_lists()
    indexer.add_owner()
    indexer.add_fields()


class _Indexer:
    """Adds the indexes of one object's table."""

    def __init__(self, table: Table, obj: Object, parts: Parts, keys: Helpers) -> None:
        self.table, self.object, self.parts, self.keys = table, obj, parts, keys
        self.live = table.c.deleted_at.is_(None)
        self.served: set[Column[Any]] = set()
        """The columns with which an index of all live records begins."""

    def add_system(self, uniques: Helpers) -> None:
        """What the recycle bin and constraints look up."""
        deleted_at, deleted_with = self.table.c.deleted_at, self.table.c.deleted_with
        self._add([deleted_at], where=deleted_at.is_not(None))
        self._add([deleted_with], where=deleted_with.is_not(None))
        for name, column in uniques.items():
            constraint = self.object.constraints[name]
            unique = name if constraint.kind == "unique" else None
            self._add([column, *self._measured(constraint)], where=self._told(column), unique=unique)

    def _told(self, column: Column[Any]) -> ColumnElement[bool]:
        """Live records that have a value in `column`."""
        return and_(self.live, column.is_not(None))

    def add_owner(self) -> None:
        """What belongs to somebody; a list view of it has an index that begins with the owner."""
        if self.object.owner != "none" and self.table.c.owner_id not in self.served:
            self._add([self.table.c.owner_id])

    def _measured(self, constraint: Constraint) -> Iterator[Column[Any]]:
        """What is read of the records of one key: when their ranges end and begin, or what is summed."""
        if constraint.range is not None:
            yield from (self.parts[constraint.range.end][0], self.parts[constraint.range.start][0])
        if constraint.summed is not None:
            yield self.parts[constraint.summed][-1]

    def add_lists(self) -> None:
        """What list views filter and sort by."""
        pairs = set(self._pairs())
        alone = self._filtered() - {pair[0] for pair in pairs}
        sorts: dict[str, bool | None] = {**dict.fromkeys(sorted(alone), False), **sorted_fields(self.object)}
        if self.object.title in self.keys:
            sorts.setdefault(self.object.title, False)
        for name, descending in sorts.items():
            if not self._refers(name) and self._orders(name):
                self._sort(self._key(name), descending)
        for equal, name, descending, flag in sorted(pairs, key=str):
            if flag is None:
                self._sort(self._key(name), descending, self.parts[equal][0])
            else:
                self._sort_flagged(self._key(name), descending, equal, flag)

    def add_fields(self) -> None:
        """What fields ask for themselves: keys, lookups, parts that are searched for."""
        for name, columns in self.parts.items():
            field = self.object.fields.get(name)
            if field is None or name == "id":
                continue
            if field.unique or field.external_key:
                self._add([columns[0]], where=self._told(columns[0]), unique=name)
            if self._refers(name):  # deleted rows too: a foreign key looks them up
                self._add([columns[0], self.table.c.id], where=columns[0].is_not(None))
            elif field.indexed and indexable(field):
                self._asked(field, columns[0])
            for column in columns:
                if column.info.get("index"):
                    self._add([column], where=self.live)

    def _asked(self, field: Field, column: Column[Any]) -> None:
        """What a field with `indexed` is found by; of a stored formula, also the order downwards, which PostgreSQL does
        not read off an index upwards: blanks are last in both."""
        columns = [column, self.table.c.id]
        upwards = self._add(columns, where=self.live) if column not in self.served else None
        if field.formula is not None and column.nullable:
            downwards = self._add(columns, where=self.live, descending=0)
            if upwards is not None and downwards is not None:
                only_where_blanks_come_first(downwards)

    def _refers(self, name: str) -> bool:
        field = self.object.fields.get(name)
        return field is not None and field.type.refers and not field.system

    def _key(self, name: str) -> Column[Any]:
        """What a list is sorted by, for a field."""
        return self.keys.get(name, self.parts[name][0])

    def _filtered(self) -> set[str]:
        """The own fields that list views filter by."""
        views = self.object.list_views.values()
        return {name.partition(".")[0] for view in views for name in filter_fields(view.filter)} & self.parts.keys()

    def _pairs(self) -> Iterator[tuple[str, str, bool, bool | None]]:
        """Own fields that a list view wants to be equal to something, and what it sorts by, whether downwards: in one
        index, a page reads its own rows alone, however few they are among all. The last is what a yes/no field is to
        be; blank is no."""
        for view in self.object.list_views.values():
            key = view.sort[0] if view.sort else None
            if key is None or not self._orders(key["field"]):
                continue
            for name, value in equal_fields(view.filter):
                if name != key["field"] and self._orders(name):
                    is_flag = self.object.fields[name].type.formula_type == "boolean"
                    yield name, key["field"], key.get("dir") == "desc", bool(value) if is_flag else None
                    break

    def _orders(self, name: str) -> bool:
        """Whether an index can have the field `name` among its columns."""
        field = self.object.fields.get(name)
        return field is not None and name in self.parts and (name in self.keys or indexable(field))

    def _sort(self, column: Column[Any], descending: bool | None, equal: Column[Any] | None = None) -> None:
        """What a keyset page walks along: the order with blanks last, the id breaking ties, live records alone.

        With `equal`, those records alone that have one value of it.
        """
        first = [equal] if equal is not None else []
        columns = [*first, column, self.table.c.id]
        self.served.add(columns[0])
        if descending is not True or not column.nullable:
            self._add(columns, where=self.live)
        if descending is not False and column.nullable:
            made = self._add(columns, where=self.live, descending=len(first))
            if made is not None and descending is None and not first:
                only_where_blanks_come_first(made)

    def _sort_flagged(self, column: Column[Any], descending: bool, name: str, flag: bool) -> None:
        """The same, of those records alone of which the yes/no field `name` is `flag`.

        No index serves "is not true" but one that holds it. It has what the condition reads as well, so that rows are
        counted in the index alone, and the owner of private records, by whom they are judged.
        """
        field, read = self.object.fields[name], self.parts[name]
        where = and_(self.live, field.type.condition(field, read, "is", flag))
        columns = [column, self.table.c.id, self.table.c.deleted_at, *read]
        if self.object.owner != "none" and self.object.access.get("default", "private") == "private":
            columns.append(self.table.c.owner_id)
        backwards = 0 if descending and column.nullable else None
        self._add(columns, where=where, descending=backwards, suffix="__yes" if flag else "")

    def _add(
        self,
        columns: list[Column[Any]],
        *,
        where: ColumnElement[bool] | None = None,
        unique: str | None = None,
        descending: int | None = None,
        suffix: str = "",
    ) -> Index | None:
        """An index under a name that says what it is on; None where there is one of that name.

        `descending` is the position from which on its columns descend; the first of those has its blanks last.
        """
        prefix = "ux" if unique else "ix" if descending is None else "dx"
        named = [column.name for column in columns if column.name != "id"] or ["id"]
        name = short(f"{prefix}__{self.table.name}__{'__'.join(named)}{suffix}")
        if any(index.name == name for index in self.table.indexes):
            return None
        keys: list[Any] = list(columns)
        if descending is not None:
            first, *others = columns[descending:]
            keys = [*columns[:descending], _BlanksLast(first), *(column.desc() for column in others)]
        return Index(
            name,
            *keys,
            unique=bool(unique),
            sqlite_where=where,
            postgresql_where=where,
            info={"constraint": unique},
            _table=self.table,
        )


def short(name: str) -> str:
    """`name`, or its head and a digest where it is longer than PostgreSQL keeps."""
    return name if len(name) <= 60 else f"{name[:51]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class _BlanksLast(ColumnElement[Any]):
    """A descending index column. SQLite has blanks last there by itself and knows no word for it."""

    inherit_cache = False

    def __init__(self, column: Column[Any]) -> None:
        self.column = column


@compiles(_BlanksLast)
def _blanks_last(element: _BlanksLast, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.column, **options)} DESC"


@compiles(_BlanksLast, "postgresql")
def _blanks_last_postgresql(element: _BlanksLast, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.column, **options)} DESC NULLS LAST"


INDEXED_LENGTH = 500
"""The longest text that is indexed as it is: PostgreSQL refuses index rows over 2,700 bytes."""


def indexable(field: Field) -> bool:
    """True where an index on the field's first column takes every value that it may have."""
    if field.system:
        return True
    kind = shape(field.type.parts(field)[0].type)
    if kind == "text" and field.type.formula_type == "text":
        return int(field.options.get("length") or INDEXED_LENGTH + 1) <= INDEXED_LENGTH
    return kind not in ("document", "bytes")


def filter_fields(document: Any) -> Iterator[str]:
    """Every field path in a JSON filter."""
    if isinstance(document, Mapping):
        if isinstance(document.get("field"), str):
            yield document["field"]
        for key in ("all", "any", "not"):
            yield from filter_fields(document.get(key))
    elif isinstance(document, list | tuple):
        for part in document:
            yield from filter_fields(part)


def equal_fields(document: Any) -> Iterator[tuple[str, Any]]:
    """The fields that a JSON filter wants to have one certain value, and the value, all conditions together."""
    if isinstance(document, Mapping):
        if document.get("op") == "is" and isinstance(document.get("field"), str):
            yield document["field"], document.get("value")
        yield from equal_fields(document.get("all"))
    elif isinstance(document, list | tuple):
        for part in document:
            yield from equal_fields(part)
