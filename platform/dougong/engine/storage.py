"""The physical side of one revision: SQLAlchemy tables of every object, as the ledger places them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, FromClause, Index, MetaData, Table, Text

from dougong.engine.columns import Id, Instant, Version, stored
from dougong.engine.dialects.keys import LookupKey
from dougong.engine.dialects.room import FOR_CHANGES
from dougong.engine.indexes import add_indexes, short
from dougong.engine.ledger import Ledger, field_shape, keyed_fields, optional_columns, unique_shape
from dougong.metadata.model import Field, Model, Object

SYSTEM_PARTS = {"owner": "owner_id"}
"""System fields whose column has another name than the field."""


@dataclass(frozen=True, slots=True)
class RecordTable:
    """The table of one object.

    `parts`: the columns of each stored field by API name, system fields included. `keys`: the sort key column of those
    that have one. `uniques`: the normalised key column of each constraint that has a key, NULL where it does not apply.
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
    _aliases: dict[tuple[str, str], FromClause] = dataclass_field(default_factory=dict)

    def alias(self, object_name: str, name: str) -> FromClause:
        """The table of an object under another name; one for all statements, since its columns are dear to make."""
        found = self._aliases.get((object_name, name))
        if found is None:
            found = self._aliases[object_name, name] = self.tables[object_name].table.alias(name)
        return found

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
            if field.type.stored and not field.type.virtual and not field.system:
                self.parts[field.name] = self._field(field)
                columns += self.parts[field.name]
        columns += self._helpers()
        table = Table(self.name, self.metadata, *columns, *self.foreign, **FOR_CHANGES)
        add_indexes(table, self.object, self.parts, self.keys, self.uniques)
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
        if "user" in self.names and self.object.owner != "none":
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
            if constraint.fields:
                key = "unique", f"{self.object.id}:{constraint.name}", unique_shape(self.object, constraint)
                yield self.uniques.setdefault(constraint.name, Column(self.ledger[key].name, Text))


def system_columns(obj: Object) -> Iterator[Column[Any]]:
    """The columns that every record of `obj` has, whatever its fields."""
    yield Column("id", Id(), primary_key=True)
    yield Column("owner_id", Id())
    yield Column("created_at", Instant(), nullable=False)
    yield Column("created_by", Id())
    yield Column("updated_at", Instant(), nullable=False)
    yield Column("updated_by", Id())
    yield Column("version", Version(), nullable=False, server_default="1")
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
