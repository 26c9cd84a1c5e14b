"""Filling new columns from old ones, while everybody works on.

A field that changes its type gets a new column, a new sort or unique key another, a stored formula field one for each
formula that it ever had; before the model that names it is in force, each is filled in batches. Rows that are written
meanwhile are noted by triggers (`Database.watch`) and filled again, the last of them within the switch, when nobody
writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlalchemy import Column, bindparam, column, delete, select, update

from dougong.base.field_types import Reading, Reference, ValueRefused
from dougong.base.language import msg
from dougong.engine import tables
from dougong.engine.ledger import Ledger
from dougong.engine.runtime import Runtime
from dougong.engine.saving.defaults import defaults_of, fill_stored
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.keys import fill_keys
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Row
from dougong.engine.saving.writing import sort_columns, sort_key_of
from dougong.engine.storage import RecordTable
from dougong.engine.unit import Unit
from dougong.metadata.model import Field

ROWS = 500
"""Rows filled by one transaction: some ten milliseconds, for which SQLite's other writers wait."""


@dataclass(frozen=True, slots=True)
class Retype:
    """A field whose values move to other columns. `kept`: those hold the values of an earlier time, not nothing."""

    old: Field
    new: Field
    source: tuple[Column[Any], ...]
    target: tuple[Column[Any], ...]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Filling:
    """What has to be filled in the table of one object of the coming model."""

    before: RecordTable
    after: RecordTable
    retypes: tuple[Retype, ...] = ()
    sort_keys: tuple[str, ...] = ()
    uniques: tuple[str, ...] = field(default=())
    formulas: tuple[str, ...] = ()
    """Stored formula fields whose columns are new."""
    life: str | None = None
    """The column of the life status, where the object has one from now on: what is there counts, as it did."""

    @property
    def columns(self) -> frozenset[str]:
        """The names of the columns that are filled."""
        retyped = (column.name for each in self.retypes for column in each.target)
        computed = (column.name for name in self.formulas for column in self.after.parts[name])
        life = () if self.life is None else (self.life,)
        return frozenset({*retyped, *computed, *self.sort_keys, *self.uniques, *life})


def fillings(before: Runtime, after: Runtime, known: Ledger) -> tuple[Filling, ...]:
    """What must be filled before `after` can follow `before`; tables that are new have nothing to fill."""
    old = {records.object.id: records for records in before.storage.tables.values()}
    physical = {(place.table, name) for place in known.values() for name in place.columns}
    found = []
    for records in after.storage.tables.values():
        former = old.get(records.object.id)
        if former is not None:
            filling = Filling(
                former,
                records,
                tuple(_retypes(former, records, physical)),
                tuple(sorted(_names(records.keys.values()) - _names(former.keys.values()))),
                tuple(sorted(_names(records.uniques.values()) - _names(former.uniques.values()))),
                tuple(new_formulas(former, records)),
                _new_life(former, records),
            )
            if filling.columns:
                found.append(filling)
    return _parents_first(found)


def _parents_first(found: Sequence[Filling]) -> tuple[Filling, ...]:
    """Tables whose formulas read others after those; in a circle of objects any order does (see `aftermath`)."""
    by_name = {each.after.object.name: each for each in found}
    graph: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(by_name, ()))
    for name, each in by_name.items():
        for target in _read_objects(each):
            if target in by_name and target != name:
                graph.add(name, target)
    try:
        return tuple(by_name[name] for name in graph.static_order())
    except CycleError:
        return tuple(found)


def _read_objects(filling: Filling) -> Iterator[str]:
    """The objects that the lookups of an object's new formulas begin with."""
    fields = filling.after.object.fields
    formulas = [formula for name in filling.formulas if (formula := fields[name].formula) is not None]
    for path in (path for each in formulas for path in each.references):
        if len(path) > 1:
            yield from fields[path[0]].targets


def new_formulas(before: RecordTable, after: RecordTable) -> Iterator[str]:
    """The stored formula fields whose values are not those that the table has: their columns are new."""
    known = _names(before.table.columns)
    for name, columns in after.parts.items():
        own = after.object.fields.get(name)  # of a record without an owner the column alone is there
        if own is not None and own.formula is not None and columns[0].name not in known:
            yield name


def _new_life(before: RecordTable, after: RecordTable) -> str | None:
    """The column of the life status where the object had none."""
    begun = after.object.effective and not before.object.effective
    return after.parts["life_status"][0].name if begun else None


def _names(columns: Iterable[Column[Any]]) -> set[str]:
    return {column.name for column in columns}


def _retypes(before: RecordTable, after: RecordTable, physical: set[tuple[str, str]]) -> Iterator[Retype]:
    old = {each.id: each for each in before.object.fields.values() if each.name in before.parts}
    for new in after.object.fields.values():
        former = old.get(new.id)
        if former is None or former.system or new.name not in after.parts or new.formula is not None:
            continue
        source, target = before.parts[former.name], after.parts[new.name]
        if [column.name for column in source] != [column.name for column in target]:
            yield Retype(former, new, source, target, kept=(after.table.name, target[0].name) in physical)


def converted(old: Field, new: Field, value: Any, reading: Reading) -> Any:
    """`value` of a field as a value of what the field becomes; None for blank.

    Raises:
        ValueRefused: the value has no counterpart.
    """
    if value is None or new.type.refers or old.type.refers:
        return _reference(new, value)
    try:
        return new.type.coerce(new, old.type.to_json(old, value), reading)
    except ValueRefused:
        return new.type.coerce(new, old.type.to_text(old, value, reading), reading)


def _reference(new: Field, value: Any) -> Any:
    """A reference stays one where its object may still be chosen; nothing else is or becomes one."""
    if value is None:
        return None
    if new.type.refers and isinstance(value, Reference) and value.object in new.targets:
        return value
    raise ValueRefused("value-lost", msg("A reference does not become anything else."))


# -- filling ------------------------------------------------------------------------------------------------
class Filler:
    """Fills the columns of one `Filling` on one connection, under the coming model."""

    def __init__(self, filling: Filling, unit: Unit) -> None:
        """`unit` is on the coming runtime."""
        self.filling, self.unit = filling, unit
        self.table = filling.after.table
        self.plan = plan_of(unit.runtime, filling.after.object.name)
        sources = [column for each in filling.retypes for column in (*each.source, *each.target)]
        own = [self.table.c[column.name] for column in self.plan.columns]
        # By bare name: a column that the coming model no longer has is in the same table all the same.
        named = {each.name: column(each.name, each.type) for each in (*own, *sources)}
        self.select = select(*named.values()).select_from(self.table).order_by(self.table.c.id).with_for_update()
        self.update = (
            update(self.table)
            .where(self.table.c.id == bindparam("b_id"))
            .values({name: bindparam(f"n_{name}", type_=self.table.c[name].type) for name in sorted(filling.columns)})
        )

    def after(self, last: str | None) -> list[str]:
        """The ids of the next batch of rows, in order."""
        statement = select(self.table.c.id).order_by(self.table.c.id).limit(ROWS)
        if last is not None:
            statement = statement.where(self.table.c.id > last)
        return list(self.unit.connection.scalars(statement))

    def fill(self, ids: Sequence[str]) -> None:
        """Fill the rows `ids`; those that are gone are left out."""
        found = self.unit.connection.execute(self.select.where(self.table.c.id.in_(ids))).mappings()
        rows = [(stored, dict(stored)) for stored in found]
        params = [self._params(stored, values) for stored, values in rows]
        self._formulas([values for _, values in rows], params)
        self._unique_keys([values for _, values in rows], params)
        if params:
            self.unit.connection.execute(self.update, params)

    def _params(self, stored: Any, values: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"b_id": stored["id"]}
        if self.filling.life is not None:
            status = stored[self.filling.life] or "effective"
            found[f"n_{self.filling.life}"] = values[self.filling.life] = status
        for each in self.filling.retypes:
            parts = tuple(stored[column.name] for column in each.target)
            if not (each.kept and self._same(each, stored, parts)):
                parts = self._parts(each, stored)
            for target, part in zip(each.target, parts, strict=True):
                found[f"n_{target.name}"] = values[target.name] = part
        for slot, key in sort_columns(self.plan):
            if key in self.filling.sort_keys:
                value = slot.field.type.from_row(slot.field, tuple(values[name] for name in slot.keys))
                found[f"n_{key}"] = sort_key_of(slot, value)
        return found

    def _parts(self, each: Retype, stored: Any) -> tuple[Any, ...]:
        value = each.old.type.from_row(each.old, tuple(stored[column.name] for column in each.source))
        try:
            result = converted(each.old, each.new, value, self.unit.reading)
        except ValueRefused:
            result = None
        return (None,) * len(each.target) if result is None else each.new.type.to_row(each.new, result)

    def _same(self, each: Retype, stored: Any, parts: tuple[Any, ...]) -> bool:
        """Whether what the target kept is what the source was made from: then it says more than the source."""
        now = each.old.type.from_row(each.old, tuple(stored[column.name] for column in each.source))
        kept = each.new.type.from_row(each.new, parts)
        try:
            return bool(converted(each.new, each.old, kept, self.unit.reading) == now)
        except ValueRefused:
            return now is None

    def _formulas(self, stored: list[dict[str, Any]], params: list[dict[str, Any]]) -> None:
        """Compute formula fields; those of parents are filled before (`ordered`)."""
        if not self.filling.formulas:
            return
        computes = self.plan.part(defaults_of)
        expressions = Expressions(self.unit, Related(self.unit))
        rows = [self._row(values) for values in stored]
        expressions.follow([row.values for row in rows], computes.compute_needs)
        for row, values, found in zip(rows, stored, params, strict=True):
            for each, rule in computes.computes:
                if each.name in self.filling.formulas:
                    fill_stored(row, each, rule.formula, expressions)
                    made = self.plan.params(row.values, (each.name,))
                    values.update(made)
                    found.update((f"n_{name}", part) for name, part in made.items())

    def _unique_keys(self, stored: list[dict[str, Any]], params: list[dict[str, Any]]) -> None:
        if not self.filling.uniques:
            return
        rows = [self._row(values) for values in stored]
        fill_keys(rows, Expressions(self.unit, Related(self.unit)))
        for row, found in zip(rows, params, strict=True):
            found.update((f"n_{name}", row.keys.get(name)) for name in self.filling.uniques)

    def _row(self, stored: dict[str, Any]) -> Row:
        values = self.plan.read([stored[column.name] for column in self.plan.columns])
        return Row(0, "derive", self.plan, stored["id"], {}, before=values, written=values, values=values)


# -- rows written meanwhile -----------------------------------------------------------------------------------
def catch_up(filler: Filler) -> int:
    """Fill up to a batch of the rows that were written since they were filled; how many notes there were."""
    columns, table = tables.touched.c, filler.table.name
    notes = select(columns.id, columns.record_id).where(columns.table_name == table).order_by(columns.id).limit(ROWS)
    found = filler.unit.connection.execute(notes).all()
    if found:
        filler.fill(sorted({record for _, record in found}))
        filler.unit.connection.execute(delete(tables.touched).where(columns.id.in_([note for note, _ in found])))
    return len(found)
