"""The storage ledger: which table or column holds what a stable id names.

A physical name is given once, the API name where it is free, and never changes: renaming is metadata only, and what
was removed and comes back under its id finds its data. A component may have several places, one for each shape its
values ever had; two revisions that disagree about a type each find their own column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dougong.base.errors import MetadataError, Problem
from dougong.base.language import msg
from dougong.engine.columns import shape
from dougong.engine.definitions import definition
from dougong.metadata.model import Constraint, Field, Model, Object

Kind = Literal["object", "system", "field", "link", "sort", "unique"]

SYSTEM_COLUMNS = (
    "id", "owner_id", "created_at", "created_by", "updated_at", "updated_by", "version", "record_type",
    "deleted_at", "deleted_with", "life_status", "currency",
)  # fmt: skip
"""The columns of every record table (the last two only where the object has them)."""

RESERVED = frozenset(SYSTEM_COLUMNS) | {
    "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "rowid", "oid", "_rowid_",
}  # fmt: skip
"""Names that no field may take as a column: ours, and those that a database keeps for itself."""

RESERVED_PREFIXES = ("dg_", "sqlite_", "pg_", "procrastinate_")
"""What no record table's name begins with."""

LONGEST = 55
"""Characters of a physical name; PostgreSQL cuts at 63, and a suffix must fit."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a component's values are: `table`, and for all but tables `name` (the column, or its first part).

    `component` is the stable id; of a unique key ``<object id>:<constraint>``, of a system column that not all objects
    have ``<object id>:<column>``. `shape` says in which form: the column shapes of a field's parts, the definition of a
    unique key, the column that a sort key is of; "" for tables.
    """

    kind: Kind
    component: str
    shape: str
    table: str
    name: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What the ledger finds a place by."""
        return self.kind, self.component, self.shape

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns; none where the place is a table."""
        if self.kind in ("object", "link"):
            return ()
        return _part_names(self.name, self.shape) if self.kind == "field" else (self.name,)


class Ledger(Mapping[tuple[str, str, str], Place]):
    """Every place ever given, by (kind, component, shape). Immutable."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        """Hold `places`."""
        self._places = {place.key: place for place in places}

    def __getitem__(self, key: tuple[str, str, str]) -> Place:
        return self._places[key]

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def extended(self, model: Model) -> Ledger:
        """This ledger with a place for everything that `model` stores.

        Raises:
            MetadataError: a field type gives columns that record tables do not take.
        """
        return Ledger([*self._places.values(), *_Allotment(self).missing(model)])

    def without(self, places: Iterable[Place]) -> Ledger:
        """This ledger after `places` were dropped."""
        gone = {place.key for place in places}
        return Ledger(place for key, place in self._places.items() if key not in gone)


def field_shape(field: Field, objects: Mapping[str, Object]) -> str:
    """The form in which `field` is stored: suffix and shape of each part; and what else the columns depend on.

    That is, for a foreign key, the object it leads to, and for values in a form of the type's own the type; for a
    stored formula field what the formula says: another formula fills another column while the first is still read.
    """
    parts = ",".join(f"{part.suffix}={shape(part.type)}" for part in field.type.parts(field))
    if field.type.refers:
        return f"{parts}|{objects[field.targets[0]].id}" if _has_key(field, objects) else parts
    if field.formula is not None:
        return f"{parts}|{field.type.name}|{definition(field, objects)}"
    return parts if field.type.plain else f"{parts}|{field.type.name}"


def _has_key(field: Field, objects: Mapping[str, Object]) -> bool:
    return len(field.targets) == 1 and field.targets[0] in objects


def optional_columns(obj: Object) -> tuple[str, ...]:
    """The system columns that `obj` has and others have not."""
    found = ("life_status",) if obj.effective else ()
    return (*found, "currency") if obj.currency.mode == "record" else found


def unique_shape(obj: Object, constraint: Constraint) -> str:
    """What the key of a constraint depends on: when any of it changes, keys are another column, computed anew."""
    fields = "+".join(obj.fields[name].id for name in constraint.fields)
    fold = "+".join(name for name, on in sorted(constraint.fold.items()) if on)
    ranged = f"|{obj.fields[constraint.range.start].id}" if constraint.range and not constraint.range.unbounded else ""
    return f"{fields}|{constraint.when.text if constraint.when else ''}|{fold}|{obj.effective}{ranged}"


def sorts_by_key(field: Field) -> bool:
    """True where text sorts by a stored key (pinyin, case-folded) once a title or a list view asks for it."""
    kind = field.type
    return kind.stored and kind.writable and kind.sortable and kind.formula_type == "text" and not field.system


def sorted_fields(obj: Object) -> dict[str, bool | None]:
    """The own fields of `obj` that its list views sort by: descending, ascending, or both (None)."""
    found: dict[str, bool | None] = {}
    for view in obj.list_views.values():
        for key in view.sort:
            name, descending = key["field"], key.get("dir") == "desc"
            if name in obj.fields and obj.fields[name].type.stored and not obj.fields[name].type.virtual:
                found[name] = descending if found.get(name, descending) == descending else None
    return found


def keyed_fields(obj: Object) -> list[Field]:
    """The fields of `obj` that have a sort key: its title, and text that list views sort by."""
    names = dict.fromkeys([obj.title, *sorted_fields(obj)])
    return [obj.fields[name] for name in names if name in obj.fields and sorts_by_key(obj.fields[name])]


class _Allotment:
    """Gives names to what has none yet."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.objects: Mapping[str, Object] = {}
        self.tables = {place.table for place in ledger.values()}
        self.columns: dict[str, set[str]] = defaultdict(lambda: set(RESERVED))
        for place in ledger.values():
            self.columns[place.table].update(place.columns)

    def missing(self, model: Model) -> list[Place]:
        found: list[Place] = []
        self.objects = model.objects
        for obj in model.objects.values():
            place = self.ledger.get(("object", obj.id, ""))
            if place is None:
                place = Place("object", obj.id, "", self._table(obj.name))
                found.append(place)
            for column in optional_columns(obj):
                if ("system", f"{obj.id}:{column}", "") not in self.ledger:
                    found.append(Place("system", f"{obj.id}:{column}", "", place.table, column))
            found += self._fields(obj, place.table)
        return found

    def _fields(self, obj: Object, table: str) -> Iterator[Place]:
        given: dict[str, str] = {}
        for field in obj.fields.values():
            if field.system or field.type.virtual:
                continue
            kind: Kind = "field" if field.type.stored else "link"
            form = self._shape(field) if kind == "field" else ""
            if kind == "link" and (not field.type.refers or field.options.get("through")):
                continue
            place = self.ledger.get((kind, field.id, form))
            if place is None:
                if kind == "link":
                    place = Place("link", field.id, "", self._table(f"{table}__{field.name}"))
                else:
                    place = Place("field", field.id, form, table, self._column(table, field.name, form))
                yield place
            given[field.name] = place.name
        for field in keyed_fields(obj):
            if ("sort", field.id, given[field.name]) not in self.ledger:
                name = self._column(table, f"{given[field.name]}__key", "=text")
                yield Place("sort", field.id, given[field.name], table, name)
        for constraint in obj.constraints.values():
            if constraint.fields:
                key = f"{obj.id}:{constraint.name}", unique_shape(obj, constraint)
                if ("unique", *key) not in self.ledger:
                    prefix = "u" if constraint.kind == "unique" else "k"
                    yield Place("unique", *key, table, self._column(table, f"{prefix}__{constraint.name}", "=text"))

    def _shape(self, field: Field) -> str:
        try:
            return field_shape(field, self.objects)
        except (TypeError, ValueError) as error:
            raise MetadataError(
                Problem(
                    code="field-not-storable",
                    thing=field.address,
                    reason=msg("The field cannot be stored: {reason}", reason=str(error)),
                )
            ) from error

    def _table(self, wanted: str) -> str:
        name = _free(wanted, lambda each: each not in self.tables and not each.startswith(RESERVED_PREFIXES))
        self.tables.add(name)
        return name

    def _column(self, table: str, wanted: str, form: str) -> str:
        taken = self.columns[table]
        name = _free(wanted, lambda each: taken.isdisjoint(_part_names(each, form)))
        taken.update(_part_names(name, form))
        return name


def _part_names(name: str, form: str) -> tuple[str, ...]:
    return tuple(name + part.partition("=")[0] for part in form.partition("|")[0].split(","))


def _free(wanted: str, is_free: Callable[[str], bool]) -> str:
    """`wanted`, or the first of wanted_2, wanted_3 … that is free."""
    name, count = wanted[:LONGEST], 1
    while not is_free(name):
        count += 1
        tail = f"_{count}"
        name = wanted[: LONGEST - len(tail)] + tail
    return name
