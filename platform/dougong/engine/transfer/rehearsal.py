"""A dry run: each batch is carried out and rolled back, and what later batches rest on is done again before them.

So no transaction is longer than a batch, no number is used up, and yet every row meets what it would meet in earnest:
records that earlier rows made, changed, whose unique values they took, or that share a range or a balance with them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.engine.saving.balances import balance_rules
from dougong.engine.saving.batch import Create, Made, SavedRecord, Update
from dougong.engine.saving.keys import keyed_of
from dougong.engine.saving.met import MET
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.unique import uniques_of
from dougong.engine.transfer.batches import Outcome
from dougong.engine.transfer.keys import Name
from dougong.engine.transfer.names import Entry

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

Taken = tuple[str, str, Any]
"""(object, column of a unique value or of a constraint's key, value)."""


class RolledBack(Exception):
    """Ends a dry batch: everything that it did is undone by the transaction."""

    def __init__(self, outcome: Outcome) -> None:
        """Carry what the batch would have done."""
        super().__init__()
        self.outcome = outcome


@dataclass
class Rehearsal:
    """What earlier batches of a dry run did: every change in order, with its record's id and the save it was part of.

    A record that is made again gets the id that it had, so what names it goes on naming it. The other members are
    the places of changes by record, and records by what they may be called by, by what they took, and those without
    which no batch can be told.
    """

    changes: list[tuple[int, str, Create | Update]] = field(default_factory=list)
    records: dict[str, list[int]] = field(default_factory=dict)
    names: dict[Name, set[str]] = field(default_factory=dict)
    taken: dict[Taken, set[str]] = field(default_factory=dict)
    freed: set[str] = field(default_factory=set)

    def batch(
        self,
        unit: Unit,
        names: Iterable[Name],
        carry_out: Callable[[], Outcome],
        named: Callable[[Create | Update], Iterable[Name]],
    ) -> Outcome:
        """One batch, by `carry_out`, after what it rests on. `named` tells what a record may be called by.

        What it rests on is told partly by its `names`, partly only by what it looked at and did: then it is done
        once more. Where something cannot be done again without the rest, all is, save by save as it was.
        """
        again = self._with_named(self.freed.union(*(self.names.get(name, ()) for name in names)))
        while True:
            savepoint = unit.connection.begin_nested()
            unit.memory.clear()
            whole = len(again) == len(self.records)
            if not self._again(unit, again, apart=whole) and not whole:
                savepoint.rollback()
                again = set(self.records)
                continue
            met: set[str] = set()
            unit.memory[MET] = met
            outcome = carry_out()
            taken = _taken(unit, outcome)
            touched = met | outcome.met | {saved.id for _, saved in _all(outcome)}
            touched.update(*(self.taken.get(each, ()) for each in taken))
            more = (touched & self.records.keys()) - again
            if not more:
                self._note(unit, outcome, taken, named)
                return outcome
            savepoint.rollback()
            again = self._with_named(again | more)

    # -- doing again -----------------------------------------------------------------------------------------
    def _with_named(self, wanted: Iterable[str]) -> set[str]:
        """These records of earlier batches, and those that their changes name."""
        chosen: set[str] = set()
        stack = list(wanted)
        while stack:
            id = stack.pop()
            if id not in chosen and id in self.records:
                chosen.add(id)
                for place in self.records[id]:
                    stack += _ids_in(self.changes[place][2].values)
        return chosen

    def _again(self, unit: Unit, chosen: Iterable[str], *, apart: bool) -> bool:
        """Make the changes of these records as they were made; False where one was refused."""
        places = sorted(place for id in chosen for place in self.records[id])
        saves = [unit.records.save(changes, partial=True) for changes in self._saves(places, apart)]
        return not any(saved.problems for saved in saves)

    def _saves(self, places: Iterable[int], apart: bool) -> Iterator[list[Create | Update]]:
        """The changes by what was saved together. Saves that only make records are one, unless kept `apart`.

        An update is never drawn to an earlier save: that would read the records that it names before they changed.
        """
        waiting: dict[str, Create | Update] = {}
        only_new = False
        for _, group in groupby(places, lambda place: self.changes[place][0]):
            found = {id: change for _, id, change in map(self.changes.__getitem__, group)}
            new = all(isinstance(each, Create) for each in found.values())
            joins = new and only_new and not apart and not any(_links(each, waiting) for each in found.values())
            if waiting and not joins:
                yield list(waiting.values())
                waiting = {}
            waiting.update(found)
            only_new = new
        if waiting:
            yield list(waiting.values())

    # -- remembering -------------------------------------------------------------------------------------------
    def _note(
        self,
        unit: Unit,
        outcome: Outcome,
        taken: Mapping[Taken, set[str]],
        named: Callable[[Create | Update], Iterable[Name]],
    ) -> None:
        made: dict[str, Reference] = {}
        first = self.changes[-1][0] + 1 if self.changes else 0
        for number, done in enumerate(outcome.done, first):
            made |= {entry.key: Reference(saved.object, saved.id) for entry, saved in done if entry.key != saved.id}
            for entry, saved in done:
                if saved.action == "unchanged":
                    continue
                change = _lasting(entry.change, saved.id, made)
                self.records.setdefault(saved.id, []).append(len(self.changes))
                self.changes.append((number, saved.id, change))
                if self._frees(unit, saved):
                    self.freed.add(saved.id)
                for name in named(change):
                    self.names.setdefault(name, set()).add(saved.id)
        for each, ids in taken.items():
            self.taken.setdefault(each, set()).update(ids)

    def _frees(self, unit: Unit, saved: SavedRecord) -> bool:
        """Whether a later row may be refused for want of this change: that row would not tell."""
        plan = plan_of(unit.runtime, saved.object)
        if plan.part(balance_rules):
            return True
        if isinstance(self.changes[self.records[saved.id][0]][2], Create):
            return False
        unique = any(each.name in saved.values for rule in plan.part(uniques_of) for each in rule.fields)
        return unique or bool(plan.part(keyed_of))


def _all(outcome: Outcome) -> Iterator[tuple[Entry, SavedRecord]]:
    return chain.from_iterable(outcome.done)


def _lasting(change: Create | Update, id: str, made: Mapping[str, Reference]) -> Create | Update:
    """A change that means the same in a later batch: what was made goes by its id."""
    values = {name: made[value.key] if isinstance(value, Made) else value for name, value in change.values.items()}
    return Create(change.object, values, id=id) if isinstance(change, Create) else Update(change.object, id, values)


def _links(change: Create | Update, waiting: Container[str]) -> bool:
    """Whether a many-to-many link of `change` names a record that waits to be made."""
    return any(isinstance(value, list) and any(each in waiting for each in value) for value in change.values.values())


def _ids_in(values: Mapping[str, Any]) -> Iterator[str]:
    """The ids of records that values name, among other texts."""
    for value in values.values():
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, Reference):
                yield each.id
            elif isinstance(each, str):
                yield each


def _taken(unit: Unit, outcome: Outcome) -> dict[Taken, set[str]]:
    """The unique values and keys that the records of a batch have now, with the records' ids."""
    found: dict[Taken, set[str]] = {}
    by_object: dict[str, set[str]] = {}
    for _, saved in _all(outcome):
        by_object.setdefault(saved.object, set()).add(saved.id)
    for name, ids in by_object.items():
        plan = plan_of(unit.runtime, name)
        columns = _key_columns(plan)
        ordered = sorted(ids)
        for start in range(0, len(ordered) if columns else 0, 1000):
            chosen = plan.table.c.id.in_(ordered[start : start + 1000])
            for id, *values in unit.connection.execute(select(plan.table.c.id, *columns).where(chosen)):
                for column, value in zip(columns, values, strict=True):
                    if value is not None:
                        found.setdefault((name, column.key, value), set()).add(str(id))
    return found


def _key_columns(plan: ObjectPlan) -> list[Any]:
    named = [each.column for each in plan.part(uniques_of)] + [each.column for each in plan.part(keyed_of)]
    return [plan.table.c[name] for name in dict.fromkeys(named)]
