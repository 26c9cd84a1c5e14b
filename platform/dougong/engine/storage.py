"""The physical side of one revision: SQLAlchemy tables of every object, as the ledger places them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, ColumnElement, Index, Integer, MetaData, Table, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from dougong.engine.columns import Id, Instant, shape, stored
from dougong.engine.dialects.keys import LookupKey
from dougong.engine.ledger import Ledger, field_shape, keyed_fields, optional_columns, sorted_fields, unique_shape
from dougong.metadata.model import Field, Model, Object

SYSTEM_PARTS = {"owner": "owner_id"}
"""System fields whose column has another name than the field."""


@dataclass(frozen=True, slots=True)
class RecordTable:
    """The table of one object.

    `parts`: the columns of each stored field by API name, system fields included. `keys`: the sort key column of those
    that have one. `uniques`: the normalised key column of each unique constraint, NULL where it does not apply.
    """

    object: Object
    table: Table
    parts: Mapping[str, tuple[Column[Any], ...]]
    keys: Mapping[str, Column[Any]]
    uniques: Mapping[str, Column[Any]]

    def sort_key(self, name: str) -> Column[Any] | None:
        """The stored sort key of field `name`, where it has one."""
        return self.keys.get(name)


@dataclass(frozen=True, slots=True)
class LinkTable:
    """The pairs of a many-to-many field: `source` holds the record that has the field, `target` the other.

    Of a link ``through`` an object, `table` is that object's own.
    """

    table: Table
    source: Column[Any]
    target: Column[Any]


@dataclass(frozen=True)
class Storage:
    """All tables of one revision: `tables` by object name, `links` by the address of the link field."""

    metadata: MetaData
    tables: Mapping[str, RecordTable]
    links: Mapping[str, LinkTable]

    @classmethod
    def build(cls, model: Model, ledger: Ledger) -> Storage:
        """The storage of `model`; `ledger` must have a place for all of it (`Ledger.extended`)."""
        metadata = MetaData()
        names = {obj.name: ledger["object", obj.id, ""].table for obj in model.objects.values()}
        tables = {obj.name: _Builder(metadata, ledger, names, model, obj).build() for obj in model.objects.values()}
        links = {
            field.address: link
            for obj in model.objects.values()
            for field in obj.fields.values()
            if (link := _link(metadata, ledger, names, tables, field)) is not None
        }
        return cls(metadata, MappingProxyType(tables), MappingProxyType(links))


def foreign_key(table: str, column: str, target: str) -> LookupKey:
    """The real foreign key of a lookup."""
    return LookupKey(short(f"fk__{table}__{column}"), column, target)


def short(name: str) -> str:
    """`name`, or its head and a digest where it is longer than PostgreSQL keeps."""
    return name if len(name) <= 60 else f"{name[:51]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class _Builder:
    """Builds one object's table."""

    def __init__(self, metadata: MetaData, ledger: Ledger, names: Mapping[str, str], model: Model, obj: Object) -> None:
        self.metadata, self.ledger, self.names, self.model, self.object = metadata, ledger, names, model, obj
        self.name = names[obj.name]
        self.parts: dict[str, tuple[Column[Any], ...]] = {}
        self.keys: dict[str, Column[Any]] = {}
        self.uniques: dict[str, Column[Any]] = {}
        self.foreign: list[LookupKey] = []

    def build(self) -> RecordTable:
        columns = list(self._system())
        for field in self.object.fields.values():
            if field.type.stored and not field.system:
                self.parts[field.name] = self._field(field)
                columns += self.parts[field.name]
        columns += self._helpers()
        table = Table(self.name, self.metadata, *columns, *self.foreign)
        self._index(table)
        return RecordTable(
            self.object,
            table,
            MappingProxyType(self.parts),
            MappingProxyType(self.keys),
            MappingProxyType(self.uniques),
        )

    def _system(self) -> Iterator[Column[Any]]:
        for column in system_columns(self.object):
            name = next((name for name, other in SYSTEM_PARTS.items() if other == column.name), column.name)
            self.parts[name] = (column,)
            yield column
        if "user" in self.names and self.object.owner == "user":
            # created_by and updated_by have none: a key on each would make every insert by one person lock that
            # person's row three times, and users are never deleted.
            self.foreign.append(foreign_key(self.name, "owner_id", self.names["user"]))

    def _field(self, field: Field) -> tuple[Column[Any], ...]:
        place = self.ledger["field", field.id, field_shape(field, self.model.objects)]
        columns = tuple(
            Column(place.name + part.suffix, stored(part.type), info={"index": part.index, "field": field.name})
            for part in field.type.parts(field)
        )
        if field.type.refers and len(field.targets) == 1 and isinstance(columns[0].type, Id):
            target = self.names.get(field.targets[0])
            if target:
                self.foreign.append(foreign_key(self.name, columns[0].name, target))
        return columns

    def _helpers(self) -> Iterator[Column[Any]]:
        for field in keyed_fields(self.object):
            place = self.ledger["sort", field.id, self.parts[field.name][0].name]
            yield self.keys.setdefault(field.name, Column(place.name, Text))
        for constraint in self.object.constraints.values():
            if constraint.kind == "unique":
                key = "unique", f"{self.object.id}:{constraint.name}", unique_shape(self.object, constraint)
                yield self.uniques.setdefault(constraint.name, Column(self.ledger[key].name, Text))

    # -- indexes -----------------------------------------------------------------------------------------
    def _index(self, table: Table) -> None:
        live = table.c.deleted_at.is_(None)
        self._add(table, [table.c.deleted_at], where=table.c.deleted_at.is_not(None))
        self._add(table, [table.c.deleted_with], where=table.c.deleted_with.is_not(None))
        if self.object.owner != "none":
            self._add(table, [table.c.owner_id])
        for constraint, column in self.uniques.items():
            self._add(table, [column], where=live, unique=constraint)
        sorts = {**dict.fromkeys(self._filtered(), False), **sorted_fields(self.object)}
        if self.object.title in self.keys:
            sorts.setdefault(self.object.title, False)
        for name, columns in self.parts.items():
            field = self.object.fields.get(name)
            if field is None or name == "id":
                continue
            if field.unique or field.external_key:
                self._add(table, [columns[0]], where=live, unique=name)
            if field.type.refers and not field.system:
                self._add(table, [columns[0], table.c.id])  # deleted rows too: a foreign key looks them up
            elif name in sorts and (name in self.keys or indexable(field)):
                self._sort(table, self.keys.get(name, columns[0]), sorts[name], live)
            elif field.indexed and indexable(field):
                self._add(table, [columns[0], table.c.id], where=live)
            for column in columns:
                if column.info.get("index"):
                    self._add(table, [column], where=live)

    def _filtered(self) -> Iterator[str]:
        """The own fields that list views filter by."""
        for view in self.object.list_views.values():
            for name in filter_fields(view.filter):
                head = name.partition(".")[0]
                if head in self.parts:
                    yield head

    def _sort(self, table: Table, column: Column[Any], descending: bool | None, live: ColumnElement[bool]) -> None:
        """What a keyset page walks along: the order with blanks last, the id breaking ties, live records alone."""
        if descending is not True or not column.nullable:
            self._add(table, [column, table.c.id], where=live)
        if descending is not False and column.nullable:
            self._add(table, [column, table.c.id], where=live, descending=True)

    def _add(
        self,
        table: Table,
        columns: list[Column[Any]],
        *,
        where: ColumnElement[bool] | None = None,
        unique: str | None = None,
        descending: bool = False,
    ) -> None:
        """An index under a name that says what it is on; one of that name is enough."""
        prefix = "ux" if unique else "dx" if descending else "ix"
        name = short(f"{prefix}__{table.name}__{columns[0].name}")
        if any(index.name == name for index in table.indexes):
            return
        keys = [_BlanksLast(columns[0]), *(column.desc() for column in columns[1:])] if descending else columns
        Index(
            name,
            *keys,
            unique=bool(unique),
            sqlite_where=where,
            postgresql_where=where,
            info={"constraint": unique},
            _table=table,
        )


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


def system_columns(obj: Object) -> Iterator[Column[Any]]:
    """The columns that every record of `obj` has, whatever its fields."""
    yield Column("id", Id(), primary_key=True)
    yield Column("owner_id", Id())
    yield Column("created_at", Instant(), nullable=False)
    yield Column("created_by", Id())
    yield Column("updated_at", Instant(), nullable=False)
    yield Column("updated_by", Id())
    yield Column("version", Integer, nullable=False, server_default="1")
    yield Column("record_type", Text)
    yield Column("deleted_at", Instant())
    yield Column("deleted_with", Id())
    for name in optional_columns(obj):
        yield Column(name, Text)


def _link(
    metadata: MetaData,
    ledger: Ledger,
    names: Mapping[str, str],
    tables: Mapping[str, RecordTable],
    field: Field,
) -> LinkTable | None:
    if field.type.stored or not field.type.refers or not field.targets:
        return None
    through = field.options.get("through")
    if through:
        return _through(tables[through], field)
    name = ledger["link", field.id, ""].table
    table = Table(
        name,
        metadata,
        Column("source", Id(), primary_key=True),
        Column("target", Id(), primary_key=True),
        foreign_key(name, "source", names[field.object]),
        foreign_key(name, "target", names[field.targets[0]]),
    )
    Index(short(f"ix__{name}__target"), table.c.target)
    return LinkTable(table, table.c.source, table.c.target)


def _through(records: RecordTable, field: Field) -> LinkTable:
    """The link through an object: its first lookup back here, and its first other one to the target."""
    back = next(each for each in records.object.fields.values() if field.object in each.targets and not each.system)
    on = next(
        each
        for each in records.object.fields.values()
        if each is not back and field.targets[0] in each.targets and not each.system
    )
    return LinkTable(records.table, records.parts[back.name][0], records.parts[on.name][0])
