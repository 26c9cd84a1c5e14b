"""What saving must know of one object, worked out once per revision: its columns, its statements, its steps.

Each step keeps its own preparation beside its code and asks for it with `ObjectPlan.part`; an object that has no
use for a step then pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Row as StoredRow
from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.sql.dml import Insert, Update

from dougong.base.field_types import FieldType, Reference
from dougong.engine.dialects.among import among
from dougong.engine.runtime import Runtime
from dougong.metadata.model import Field, Object

T = TypeVar("T")

COMPANY = ".company"
"""Beside a money field's value, under its name and this suffix, stands the amount in the company's currency."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One stored field: its columns by key, and how a value becomes them and back.

    `start` is the position of the first column in the plan's select. `money` slots carry the company amount as
    their second column. `refers` values are kept as `Reference`s without title.
    """

    name: str
    field: Field
    keys: tuple[str, ...]
    start: int
    plain: bool
    money: bool

    def read(self, stored: Sequence[Any]) -> Any:
        """The value from a row of the plan's select."""
        if self.plain:
            return stored[self.start]
        return self.field.type.from_row(self.field, stored[self.start : self.start + len(self.keys)])

    def write(self, value: Any, into: dict[str, Any]) -> None:
        """Put `value` into the parameters of an insert or update."""
        if self.plain:
            into[self.keys[0]] = value
            return
        for key, part in zip(self.keys, self.field.type.to_row(self.field, value), strict=True):
            into[key] = part


class ObjectPlan:
    """One object as saving sees it. Immutable but for what it remembers of its own building."""

    def __init__(self, runtime: Runtime, obj: Object) -> None:
        """Lay out the columns of `obj`."""
        self.runtime, self.object = runtime, obj
        self.records = runtime.storage.tables[obj.name]
        self.table = self.records.table
        self.slots: Mapping[str, Slot] = self._slots()
        self.columns = [self.table.c[key] for slot in self.slots.values() for key in slot.keys]
        self.linked = tuple(each for each in obj.fields.values() if not each.type.stored)
        self._parts: dict[Any, Any] = {}
        self._updates: dict[frozenset[str], Update] = {}

    def _slots(self) -> dict[str, Slot]:
        found: dict[str, Slot] = {}
        start = 0
        for name, columns in self.records.parts.items():
            field = self.object.fields.get(name)
            if field is None or not columns:
                continue
            keys = tuple(column.key for column in columns)
            money = field.type.money
            found[name] = Slot(name, field, keys, start, field.type.plain and len(keys) == 1, money)
            start += len(keys)
        return found

    @property
    def name(self) -> str:
        """The object's API name."""
        return self.object.name

    def part(self, build: Callable[[ObjectPlan], T]) -> T:
        """What `build` makes of this plan, made once."""
        try:
            return self._parts[build]  # type: ignore[no-any-return]
        except KeyError:
            made = self._parts[build] = build(self)
            return made

    def read(self, stored: StoredRow[Any] | Sequence[Any]) -> dict[str, Any]:
        """The values of a row of `load`, by API name."""
        return self.part(reading).read(stored)

    def params(self, values: Mapping[str, Any], names: Sequence[str] | None = None) -> dict[str, Any]:
        """The parameters that store the fields `names` (all when None) of `values`."""
        found: dict[str, Any] = {}
        for name in self.slots if names is None else names:
            slot = self.slots[name]
            value = values.get(name)
            if value is None:
                for key in slot.keys:
                    found[key] = None
            else:
                slot.write(value, found)
            if slot.money:
                found[slot.keys[1]] = values.get(name + COMPANY)
        return found

    def by_column(self, rows: Sequence[Mapping[str, Any]], names: Container[str] | None = None) -> dict[str, list[Any]]:
        """What stores the fields `names` (all when None) of many records: by column, one value a record."""
        same, others = self.part(writing)
        found = {
            column: [values.get(key) for values in rows] for column, key, name in same if names is None or name in names
        }
        for slot in others:
            if names is not None and slot.name not in names:
                continue
            given = [values.get(slot.name) for values in rows]
            blank = (None,) * len(slot.keys)
            made = of_each(given, partial(slot.field.type.to_row, slot.field))
            parts = [made.get(id(value), blank) for value in given]
            found.update(zip(slot.keys, map(list, zip(*parts, strict=True)), strict=True))
            if slot.money:
                found[slot.keys[1]] = [values.get(slot.name + COMPANY) for values in rows]
        return found

    def update(self, keys: frozenset[str]) -> Update:
        """The statement that sets the columns `keys` of the record whose id is ``b_id``."""
        found = self._updates.get(keys)
        if found is None:
            found = self._updates[keys] = (
                update(self.table)
                .where(self.table.c.id == bindparam("b_id"))
                .values({key: bindparam(key) for key in keys})
            )
        return found


@dataclass(frozen=True, slots=True)
class RowReading:
    """How a stored row is read: names, what gives the first column of each, and the slots that make more of theirs.

    Company amounts are among them, under their own key.
    """

    names: tuple[str, ...]
    places: Callable[[Any], tuple[Any, ...]]
    others: tuple[Slot, ...]

    def read(self, stored: StoredRow[Any] | Sequence[Any]) -> dict[str, Any]:
        """The values, by API name."""
        values: dict[str, Any] = dict(zip(self.names, self.places(stored), strict=True))
        for slot in self.others:
            if values[slot.name] is not None or len(slot.keys) > 1:
                values[slot.name] = slot.read(stored)
        return values


def reading(plan: ObjectPlan) -> RowReading:
    """How a row of `load` is read."""
    return reading_of(tuple(plan.slots.values()))


def reading_of(slots: Sequence[Slot]) -> RowReading:
    """How a row with the columns of `slots` is read."""
    places = {slot.name: slot.start for slot in slots}
    places |= {slot.name + COMPANY: slot.start + 1 for slot in slots if slot.money}
    others = tuple(slot for slot in slots if not (slot.plain or _is_first(slot.field.type)))
    return RowReading(tuple(places), itemgetter(*places.values()), others)


def of_each(values: Iterable[Any], make: Callable[[Any], T]) -> dict[int, T]:
    """What `make` gives for each of `values` that is not None, by its id: the owner of many records is one object."""
    return {key: make(value) for key, value in {id(value): value for value in values}.items() if value is not None}


def writing(plan: ObjectPlan) -> tuple[tuple[tuple[str, str, str], ...], tuple[Slot, ...]]:
    """The columns that hold a value as it is, with its key and its field; and the slots that make columns of theirs."""
    same: list[tuple[str, str, str]] = []
    others: list[Slot] = []
    for slot in plan.slots.values():
        if slot.plain:
            same.append((slot.keys[0], slot.name, slot.name))
        elif slot.money and len(slot.keys) == 2:
            same += zip(slot.keys, (slot.name, slot.name + COMPANY), (slot.name,) * 2, strict=True)
        else:
            others.append(slot)
    return tuple(same), tuple(others)


def _is_first(kind: FieldType) -> bool:
    """True where a value is what its first column holds."""
    return type(kind).from_row is FieldType.from_row


def stored_keys(plan: ObjectPlan) -> Mapping[str, str]:
    """The keys of values that are stored, company amounts included, and the field to which each belongs."""
    amounts = {slot.name + COMPANY: slot.name for slot in plan.part(money_slots)}
    return {**{name: name for name in plan.slots}, **amounts}


def money_slots(plan: ObjectPlan) -> tuple[Slot, ...]:
    """The money fields of an object."""
    return tuple(slot for slot in plan.slots.values() if slot.money)


def load(plan: ObjectPlan) -> Select[Any]:
    """Records by id (``ids``), locked against other writers but not against new children."""
    statement = select(*plan.columns).where(among(plan.table.c.id, "ids"))
    return statement.order_by(plan.table.c.id).with_for_update(key_share=True)


def look(plan: ObjectPlan) -> Select[Any]:
    """Records by id (``ids``), as they are now; nobody is kept from changing them."""
    return select(*plan.columns).where(among(plan.table.c.id, "ids")).order_by(plan.table.c.id)


def load_to_delete(plan: ObjectPlan) -> Select[Any]:
    """Records by id (``ids``), locked against writers and against new children as well."""
    statement = select(*plan.columns).where(among(plan.table.c.id, "ids"))
    return statement.order_by(plan.table.c.id).with_for_update()


def insertion(plan: ObjectPlan) -> Insert:
    """The statement that stores new records."""
    return insert(plan.table)


def plan_of(runtime: Runtime, name: str) -> ObjectPlan:
    """The plan of object `name` in this revision."""
    plans: dict[str, ObjectPlan] = runtime.prepared.setdefault("saving", {})
    found = plans.get(name)
    if found is None:
        found = plans[name] = ObjectPlan(runtime, runtime.model.objects[name])
    return found


def bare(field: Field, value: Any) -> Any:
    """What a lookup names without its title, so that two to the same record are equal; other values as they are.

    The name that a file had when it was attached is part of the value.
    """
    if not field.type.refers or value is None:
        return value
    if isinstance(value, tuple):
        return tuple(bare(field, each) for each in value)
    return Reference(value.object, value.id) if isinstance(value, Reference) and value.title else value
