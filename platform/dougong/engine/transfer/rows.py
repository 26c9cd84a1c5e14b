"""Rows of a file to changes of records: cells read, names resolved, existing records found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dougong.base.errors import Place, Problem
from dougong.base.field_types import Reading, ValueRefused
from dougong.base.language import Message, msg
from dougong.engine.saving.batch import Change, Create, Made, Update
from dougong.engine.transfer.keys import SEVERAL, KnownNames, folded, normal
from dougong.engine.transfer.mapping import ColumnPlan, ImportPlan, TargetPlan, filled
from dougong.metadata.model import Object

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Named = tuple[str, str, str]
"""(object, field, normal form of a value): how a record that the file makes is found again."""


@dataclass(frozen=True, slots=True)
class Later:
    """A reference to a record of the same object that stands further down in the file."""

    row: int
    key: str
    field: str
    name: str
    text: Any


@dataclass
class Built:
    """The changes of one batch. `rows`: for each change, the row of the file (0 for what it only brings along)."""

    changes: list[Change] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    problems: dict[int, list[Problem]] = field(default_factory=dict)
    later: list[Later] = field(default_factory=list)
    named: dict[Named, str] = field(default_factory=dict)

    def add(self, change: Change, row: int) -> None:
        """One more change for `row`."""
        self.changes.append(change)
        self.rows.append(row)


class Builder:
    """Builds the changes of one batch of rows."""

    def __init__(
        self,
        unit: Unit,
        plan: ImportPlan,
        names: KnownNames,
        reading: Reading,
        upcoming: Mapping[str, frozenset[str]],
        carried: Mapping[Named, Create],
    ) -> None:
        """Work within `unit`.

        `upcoming`: per name field, the normal forms in the whole file. `carried`: what earlier batches of a dry run
        made.
        """
        self.unit, self.plan, self.names, self.reading = unit, plan, names, reading
        self.upcoming, self.carried = upcoming, carried
        self.built = Built()
        self._creates: dict[str, Create] = {}

    def build(self, header: Sequence[str], rows: Sequence[tuple[int, tuple[Any, ...]]]) -> Built:
        """The changes for `rows`; a row with a problem makes none."""
        records = [(number, dict(zip(header, cells, strict=True))) for number, cells in rows]
        self._learn(records)
        for number, row in records:
            parent = self._record(self.plan.parent, number, row, None)
            for child in self.plan.children:
                if parent is not None and any(not blank(row.get(column.title)) for column in child.columns):
                    self._record(child, number, row, parent)
        return self.built

    # -- what names mean ------------------------------------------------------------------------------------
    def _learn(self, records: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Ask for every name in the batch at once."""
        wanted: dict[tuple[str, str], list[Any]] = {}
        for target in (self.plan.parent, *self.plan.children):
            for column in target.columns:
                cells = [aliased(column, row[column.title]) for _, row in records if not blank(row[column.title])]
                for name in column.look_up if column.field.type.refers else ():
                    wanted.setdefault((column.field.targets[0], name), []).extend(cells)
                if column.field.name in target.key:
                    wanted.setdefault((target.object.name, column.field.name), []).extend(cells)
        for (object_name, name), texts in wanted.items():
            self.names.look_up(self.unit, self.unit.runtime.model.objects[object_name], name, texts, self.reading)

    def _meaning(self, obj: Object, name: str, text: Any) -> str | Made | None:
        known = self.names.meaning(obj, name, text, self.reading)
        if known is not None:
            return known
        named = (obj.name, name, normal(obj.fields[name], text, self.reading))
        if named in self.built.named:
            return Made(self.built.named[named])
        return self._carry(named)

    def _carry(self, named: Named) -> Made | None:
        """Bring a record along that an earlier batch of this dry run made and rolled back."""
        create = self.carried.get(named)
        if create is None or create.key is None:
            return None
        if create.key not in self._creates:
            for value in create.values.values():
                if isinstance(value, Made):
                    for other, made in self.carried.items():
                        if made.key == value.key:
                            self._carry(other)
            self._creates[create.key] = create
            self.built.add(create, 0)
        return Made(create.key)

    # -- one record ------------------------------------------------------------------------------------------
    def _record(
        self, target: TargetPlan, number: int, row: Mapping[str, Any], parent: str | Made | None
    ) -> str | Made | None:
        before = len(self.built.problems.get(number, ()))
        key = f"{target.object.name}:{number}"
        values = dict(self._values(target, number, row, key))
        if parent is not None:
            values[target.back] = parent
        if len(self.built.problems.get(number, ())) > before:
            return None
        found = self._existing(target, number, values)
        if isinstance(found, Made):
            made = self._creates.get(found.key)
            if made is not None and isinstance(made.values, dict):
                made.values.update({name: value for name, value in values.items() if name not in made.values})
            return found
        if found == SEVERAL:
            return None
        writable = {name: value for name, value in values.items() if target.object.fields[name].type.writable}
        if found is not None:
            self.built.add(Update(target.object.name, found, writable), number)
            return found
        create = Create(target.object.name, writable, key)
        self._creates[key] = create
        self.built.add(create, number)
        self._remember(target, values, key)
        return Made(key)

    def _remember(self, target: TargetPlan, values: Mapping[str, Any], key: str) -> None:
        for name, value in values.items():
            each = target.object.fields[name]
            named_by = name in target.key or each.unique or each.external_key or name == target.object.title
            if named_by and not each.type.refers:
                named = (target.object.name, name, folded(each.type.display(each, value, self.reading)))
                self.built.named.setdefault(named, key)
                if (each.unique or each.external_key) and named in self.carried:
                    self._carry(named)

    def _existing(self, target: TargetPlan, number: int, values: Mapping[str, Any]) -> str | Made | None:
        for name in target.key:
            if values.get(name) is None:
                continue
            each = target.object.fields[name]
            found = self._meaning(target.object, name, each.type.display(each, values[name], self.reading))
            if found == SEVERAL:
                self._refuse(
                    number,
                    name,
                    "key-ambiguous",
                    msg(
                        "{value} is the {label} of more than one record.",
                        value=str(values[name]),
                        label=each.label,
                    ),
                )
                return SEVERAL
            if found is not None:
                return found
        return None

    def _values(self, target: TargetPlan, number: int, row: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
        for name, template in target.templates.items():
            text = filled(template, row)
            each = target.object.fields[name]
            if text:
                yield from self._read(
                    ColumnPlan(
                        title=name,
                        field=each,
                        look_up=tuple(n for n in (target.object.title,) if each.type.refers),
                    ),
                    number,
                    text,
                    key,
                )
        for column in target.columns:
            cell = row[column.title]
            if not blank(cell):
                yield from self._read(column, number, aliased(column, cell), key)

    def _read(self, column: ColumnPlan, number: int, cell: Any, key: str) -> Iterator[tuple[str, Any]]:
        if column.field.type.refers and column.look_up:
            found = self._reference(column, number, cell, key)
            if found is not None:
                yield column.field.name, found
            return
        try:
            value = column.field.type.coerce(column.field, cell, self.reading)
        except ValueRefused as refused:
            self._refuse(number, column.title, refused.code, refused.reason, refused.fix)
            return
        if value is not None:
            yield column.field.name, value

    def _reference(self, column: ColumnPlan, number: int, cell: Any, key: str) -> str | Made | None:
        target = self.unit.runtime.model.objects[column.field.targets[0]]
        for name in column.look_up:
            found = self._meaning(target, name, cell)
            if found == SEVERAL:
                self._refuse(
                    number,
                    column.title,
                    "lookup-ambiguous",
                    msg(
                        "{value} is the name of more than one record of {object}.",
                        value=str(cell),
                        object=target.label,
                    ),
                )
                return None
            if found is not None:
                return found
        if target.name == self.plan.parent.object.name:
            for name in column.look_up:
                if normal(target.fields[name], cell, self.reading) in self.upcoming.get(name, frozenset()):
                    self.built.later.append(Later(number, key, column.field.name, name, cell))
                    return None
        return self._missing(column, target, number, cell)

    def _missing(self, column: ColumnPlan, target: Object, number: int, cell: Any) -> Made | None:
        if column.missing == "create":
            key = f"{target.name}:{folded(cell)}"
            if key not in self._creates:
                create = Create(target.name, {target.title: cell}, key)
                self._creates[key] = create
                self.built.add(create, number)
                self.built.named[target.name, target.title, normal(target.fields[target.title], cell, self.reading)] = (
                    key
                )
            return Made(key)
        if column.missing == "refuse":
            self._refuse(
                number,
                column.title,
                "lookup-unknown",
                msg("There is no {object} named {value}.", object=target.label, value=str(cell)),
                msg("Make it first, or let the mapping say what to do with what is missing."),
            )
        return None

    def _refuse(self, number: int, column: str, code: str, reason: Message, fix: Message | None = None) -> None:
        self.built.problems.setdefault(number, []).append(
            Problem(code=code, thing=str(number), place=Place(row=number, field=column), reason=reason, fix=fix)
        )


def blank(cell: Any) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def aliased(column: ColumnPlan, cell: Any) -> Any:
    """A cell after the mapping's replacements."""
    if isinstance(cell, str):
        text = cell.strip()
        if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
            text = text[1:]
        return column.values.get(folded(text), text)
    return column.values.get(folded(cell), cell) if column.values else cell
