"""Rows of a file to changes of records: cells read, names resolved, existing records found.

Each row is taken as if it came alone, in order: what one row makes, a later row may name or change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.errors import Place, Problem
from dougong.base.language import Message, msg
from dougong.engine.foresight import Foreseen
from dougong.engine.saving.batch import Create, Made, Update
from dougong.engine.saving.pipeline import Prepared
from dougong.engine.saving.plan import plan_of
from dougong.engine.transfer.cells import BETWEEN, Cells, blank
from dougong.engine.transfer.keys import AT_ONCE, Name, folded, look_up, name_of_value, shown
from dougong.engine.transfer.names import SEVERAL, Entry, Names, Pending, RowChanges
from dougong.engine.transfer.plans import ColumnPlan, ImportPlan, TargetPlan
from dougong.engine.transfer.readings import Column, Readings
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Record = str | Made
"""A stored record by its id, or one that the batch is about to make."""


class Refused(Exception):
    """A row that is left out, and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Carry every problem of the row."""
        super().__init__()
        self.problems = list(problems)


Found = Mapping[Name, frozenset[str]]
"""The ids of stored records by name."""


@dataclass(slots=True)
class Built:
    """The rows of a batch as changes: those that are refused apart, with their problems."""

    names: Names
    changes: list[RowChanges]
    refused: list[tuple[int, list[Problem]]]


@dataclass(slots=True)
class Known:
    """What is known of a batch before its transaction begins, by (object, field): the cells by which records are found,
    and the ids under the names that they are. `built` is what the rows come to as long as the names mean just that,
    and `foreseen` what these changes come to before they are written; `far` where that was tried.
    """

    cells: Mapping[tuple[str, str], Sequence[Any]]
    found: Mapping[tuple[str, str], Found]
    built: Built | None = None
    far: bool = False
    foreseen: Foreseen[Prepared] | None = None

    def of(self, found: Mapping[tuple[str, str], Found]) -> Built | None:
        """What the rows come to where names mean what was `found`; once, as what is built is used up."""
        built, self.built = self.built, None
        return built if found == self.found else None

    def prepared(self, unit: Unit) -> Prepared | None:
        """What the changes have come to, where that was foreseen and stands in `unit`."""
        return self.foreseen.made if self.foreseen is not None and self.foreseen.unit is unit else None


def known_of(unit: Unit, plan: ImportPlan, readings: Readings, rows: Sequence[tuple[int, Cells]], whole: bool) -> Known:
    """Read the cells of `rows`, and ask for what they name. `unit` reads what was stored a moment before.

    Where `whole` is asked for, names that the file itself changes are asked for too, and the rows are built.
    """
    cells, changing = readings.learn([row for _, row in rows]), plan.names_objects()
    wanted = {place: asked for place, asked in cells.items() if whole or place[0] not in changing}
    known = Known(cells, {place: meant(unit, readings, place, asked) for place, asked in wanted.items()})
    if whole:
        known.built = _built(unit, plan, readings, rows, known)
    return known


def _built(
    unit: Unit, plan: ImportPlan, readings: Readings, rows: Sequence[tuple[int, Cells]], known: Known
) -> Built | None:
    """The rows as changes, made before those ahead of them are saved; None where that cannot be."""
    built = Built(Names(), [], [])
    for found in known.found.values():
        built.names.learn(found)
    builder = Builder(unit, plan, readings, built.names, ahead=True)
    try:
        for number, cells in rows:
            try:
                row = builder.build(number, cells)
            except Refused as refused:
                built.refused.append((number, refused.problems))
                continue
            built.names.add(row)
            built.changes.append(row)
    except Pending:
        return None
    return built


def found_now(unit: Unit, plan: ImportPlan, readings: Readings, known: Known) -> Mapping[tuple[str, str], Found]:
    """What names mean within the transaction: asked for where the file changes that, and where nothing was found."""
    found: dict[tuple[str, str], Found] = {}
    changing = plan.names_objects()
    for place, cells in known.cells.items():
        before: Found = {} if place[0] in changing else known.found.get(place, {})
        left = [cell for cell in cells if readings.name(*place, cell) not in before] if before else cells
        found[place] = {**before, **meant(unit, readings, place, left)} if left else before
    return found


def meant(unit: Unit, readings: Readings, place: tuple[str, str], cells: Iterable[Any]) -> Found:
    """The ids under the names that `cells` are, by (object, field)."""
    obj, read = unit.runtime.model.objects[place[0]], partial(readings.value, *place)
    return look_up(unit, obj, place[1], cells, readings.reading, read)


class Builder:
    """Makes the changes of rows, within one unit."""

    def __init__(self, unit: Unit, plan: ImportPlan, readings: Readings, names: Names, ahead: bool = False) -> None:
        """Resolve names by `names`, read cells by `readings`; `ahead` of the rows before, which are not saved yet."""
        self.unit, self.plan, self.readings, self.names, self.ahead = unit, plan, readings, names, ahead
        self.reading = readings.reading
        self._current: dict[tuple[str, str], dict[str, str | None]] = {}
        self.targets = [_target(each, plan, plain) for each, plain in zip(plan.targets, readings.targets, strict=True)]

    def build(self, number: int, row: Cells) -> RowChanges:
        """The changes of one row.

        Raises:
            Refused: with every problem of the row.
            Pending: the rows so far must be saved first.
        """
        made = _Row(self, number, row)
        parent: Record | None = None
        for at, target in enumerate(self.targets):
            if at and all(blank(column.cell(row)) for column in target.plan.columns if column.template is None):
                continue
            found = made.record(at, target, parent)
            parent = parent if at else found
        if made.problems:
            raise Refused(made.problems)
        return made.changes

    def current(self, obj: Object, field_name: str, id: str) -> str | None:
        """What a stored record refers to now: asked once for all records that the batch knows.

        Raises:
            Pending: the rows before may change it.
        """
        if self.ahead:
            raise Pending
        known = self._current.get((obj.name, field_name))
        if known is None or id not in known:
            plan = plan_of(self.unit.runtime, obj.name)
            column = plan.table.c[plan.slots[field_name].keys[0]]
            ids = sorted(id for id, names in self.names.called.items() if any(name[0] == obj.name for name in names))
            known = self._current[obj.name, field_name] = dict.fromkeys([*ids, id])
            for start in range(0, len(ids), AT_ONCE):
                chosen = plan.table.c.id.in_(ids[start : start + AT_ONCE])
                for stored in self.unit.connection.execute(select(plan.table.c.id, column).where(chosen)):
                    known[str(stored[0])] = None if stored[1] is None else str(stored[1])
        return known[id]


@dataclass(frozen=True, slots=True)
class _Referring:
    """A column whose cells name records. `met` are the ids of those met so far by text, where no row of the file makes
    or renames such records: what a text names stays the same then.
    """

    plan: ColumnPlan
    met: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class _Target:
    """A target's columns by what is done with them, and the fields by whose values the file calls its records."""

    plan: TargetPlan
    plain: tuple[Column, ...]
    referring: tuple[_Referring, ...]
    naming: frozenset[str]


def _target(target: TargetPlan, plan: ImportPlan, plain: tuple[Column, ...]) -> _Target:
    """Records go by what the file finds them by, and what its lookups name them by."""
    obj = target.object
    keys = {name for each in plan.targets if each.object is obj for name in each.key}
    columns = [column for each in plan.targets for column in each.columns]
    named = {name for each in columns if each.look_up and each.field.targets[0] == obj.name for name in each.look_up}
    return _Target(
        target,
        plain,
        tuple(_referring(each, plan) for each in target.columns if each.look_up),
        frozenset(keys | named),
    )


def _referring(column: ColumnPlan, plan: ImportPlan) -> _Referring:
    stays = not column.field.type.many and column.field.targets[0] not in plan.names_objects()
    return _Referring(column, {} if stays else None)


class _Row:
    """One row on its way: what it does so far, and what is wrong with it."""

    def __init__(self, builder: Builder, number: int, row: Cells) -> None:
        self.builder, self.names, self.row = builder, builder.names, row
        self.changes = RowChanges(number)
        self.problems: list[Problem] = []

    def record(self, at: int, chosen: _Target, parent: Record | None) -> Record | None:
        """The record of one target: found by its key, else to be made."""
        target, values = chosen.plan, self._plain(chosen)
        names = {name: self._name(target.object, name, values[name]) for name in values.keys() & chosen.naming}
        found = self._existing(target, values, names)
        id = values.pop("id", None)
        names.pop("id", None)
        if id is not None and found is None and not self.problems:
            reason = msg("There is no {object} with this id.", object=target.object.label)
            self._refuse("key-unknown", "id", reason, msg("Leave the id out to make a new one."))
        key = f"{target.object.name}:{self.changes.number}:{at}"
        called = frozenset(names.values())
        if found is None:
            self.changes.names.update(dict.fromkeys(called, key))
        values.update(self._references(chosen, found))
        if at and parent is not None:
            values[target.back] = parent
        if self.problems:
            return None
        if found is not None:
            self._change(target, found, values, called)
            return found
        self._add(Create(target.object.name, values, key, read=True), key, values, called)
        return Made(key)

    def _add(self, change: Create | Update, key: str, values: Mapping[str, Any], names: frozenset[Name]) -> None:
        self.changes.entries.append(Entry(change, self.changes.number, key, names))
        self.changes.given[key] = values
        made = {each.key for each in values.values() if isinstance(each, Made)}
        if made:
            self.changes.uses |= made - {entry.key for entry in self.changes.entries}

    def _change(self, target: TargetPlan, found: Record, values: Mapping[str, Any], names: frozenset[Name]) -> None:
        """Change a record, unless this batch gave it the same values already (a parent said again for each child)."""
        key = found.key if isinstance(found, Made) else found
        if key in self.names.waiting:
            self.changes.uses.add(key)
        given = {**self.names.given.get(key, {}), **self.changes.given.get(key, {})}
        if given and all(name in given and given[name] == value for name, value in values.items()):
            return
        if isinstance(found, Made) or key in self.names.waiting:
            raise Pending
        self._add(Update(target.object.name, found, values, read=True), found, values, names)

    def _name(self, obj: Object, name: str, value: Any) -> Name:
        """What a record with this value may be called by."""
        return name_of_value(obj, name, value, self.builder.reading)

    # -- values ----------------------------------------------------------------------------------------------
    def _plain(self, target: _Target) -> dict[str, Any]:
        found: dict[str, Any] = {}
        row = self.row
        for column in target.plain:
            cell = row[column.title] if column.title else column.plan.cell(row)
            value, refused = (column.known.get(cell) if type(cell) is str else None) or column.read(cell)
            if refused is not None:
                self._refuse(refused.code, column.plan.title, refused.reason, refused.fix)
            elif value is not None:
                found[column.name] = value
        return found

    def _existing(self, target: TargetPlan, values: Mapping[str, Any], names: Mapping[str, Name]) -> Record | None:
        """The record that the key finds: by its first field that has a value and is known."""
        for name in target.key:
            if values.get(name) is None:
                continue
            found = self.names.meaning(names[name], {})
            if found == SEVERAL:
                field = target.object.fields[name]
                text = shown(field, values[name], self.builder.reading)
                reason = msg("{value} is the {label} of more than one record.", value=text, label=field.label)
                self._refuse("key-ambiguous", name, reason)
                return None
            if found is not None:
                return found
        return None

    def _references(self, target: _Target, record: Record | None) -> Iterator[tuple[str, Any]]:
        for each in target.referring:
            column, met = each.plan, each.met
            cell = column.cell(self.row)
            if met is not None and type(cell) is str and (known := met.get(cell)) is not None:
                yield column.field.name, known
                continue
            if blank(cell):
                continue
            if not column.field.type.many:
                found = self._reference(column, cell, record)
                if found is not None:
                    yield column.field.name, found
                if met is not None and type(cell) is str and isinstance(found, str) and record is None:
                    met[cell] = found
                continue
            named = [self._reference(column, part.strip(), None) for part in BETWEEN.split(str(cell)) if part.strip()]
            if any(isinstance(one, Made) for one in named):
                raise Pending
            yield column.field.name, [one for one in named if one is not None]

    def _reference(self, column: ColumnPlan, cell: Any, record: Record | None) -> Record | None:
        target = self.builder.unit.runtime.model.objects[column.field.targets[0]]
        lost: int | None = None
        for field_name in column.look_up:
            name = self.builder.readings.name(target.name, field_name, cell)
            found = self.names.meaning(name, self.changes.names)
            if found == SEVERAL:
                if kept := self._kept(column, name, record):
                    return kept
                reason = msg(
                    "{value} is the name of more than one record of {object}.", value=str(cell), object=target.label
                )
                fix = msg("Look it up by a field that tells them apart.")
                self._refuse("lookup-ambiguous", column.title, reason, fix)
                return None
            if found is not None:
                return found
            lost = lost or self.names.lost_row(name)
        return self._missing(column, target, cell, lost)

    def _kept(self, column: ColumnPlan, name: Name, record: Record | None) -> str | None:
        """Of several records of one name the one that the record refers to already: then nothing is to be decided."""
        if not isinstance(record, str) or not column.field.type.stored:
            return None
        obj = self.builder.unit.runtime.model.objects[column.field.object]
        current = self.builder.current(obj, column.field.name, record)
        return current if current in self.names.stored.get(name, ()) else None

    def _missing(self, column: ColumnPlan, target: Object, cell: Any, lost: int | None) -> Made | None:
        if column.missing == "create":
            return self._make(target, cell)
        if column.missing == "refuse":
            reason = msg("There is no {object} named {value}.", object=target.label, value=str(cell))
            fix = msg("Make it first, or let the mapping say what to do with what is missing.")
            if lost is not None:
                fix = msg("It stands in row {row}, which is left out.", row=lost)
            self._refuse("lookup-unknown", column.title, reason, fix)
        return None

    def _make(self, target: Object, cell: Any) -> Made:
        """A missing record, made by its name alone; rows that name it share it, until it is called otherwise."""
        key = f"{target.name}={folded(cell)}"
        while key in self.names.ids:
            key += "="
        name = self.builder.readings.name(target.name, target.title, cell)
        self.changes.helpers[key] = Entry(Create(target.name, {target.title: cell}, key), 0, key, frozenset({name}))
        self.changes.names[name] = key
        return Made(key)

    def _refuse(self, code: str, column: str, reason: Message, fix: Message | None = None) -> None:
        place = Place(row=self.changes.number, field=column)
        self.problems.append(Problem(code=code, thing="", place=place, reason=reason, fix=fix))
