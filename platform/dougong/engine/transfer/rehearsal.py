"""A dry run: each batch is carried out and rolled back, and what later batches rest on is done again before them.

So no transaction is longer than a batch, no number is used up, and yet every row meets what it would meet in earnest:
records that earlier rows made, changed, whose unique values they took, or that share a range or a balance with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dougong.base.field_types import Reference
from dougong.engine.saving.balances import balance_rules
from dougong.engine.saving.batch import Create, Made, Update
from dougong.engine.saving.keys import keyed_of
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.unique import uniques_of
from dougong.engine.transfer.batches import Outcome
from dougong.engine.transfer.keys import Name

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
    """What earlier batches of a dry run did, by record: by its key where they made it, else by its id."""

    records: dict[str, Create | Update] = field(default_factory=dict)
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

        What it rests on is told partly by its `names`, partly only by what it did: then it is done once more.
        """
        again = self.freed.union(*(self.names.get(name, ()) for name in names))
        while True:
            savepoint = unit.connection.begin_nested()
            unit.memory.clear()
            keys = self._again(unit, again)
            outcome = carry_out()
            more = self._touched(unit, outcome, keys) - again
            if not more:
                self._note(unit, outcome, keys, named)
                return outcome
            savepoint.rollback()
            again |= more

    # -- doing again -----------------------------------------------------------------------------------------
    def _again(self, unit: Unit, wanted: Iterable[str]) -> dict[str, str]:
        """Save these records of earlier batches, and those that they name: their keys by the ids of this time."""
        chosen: dict[str, Create | Update] = {}
        stack = sorted(wanted)
        while stack:
            key = stack.pop()
            if key not in chosen and key in self.records:
                chosen[key] = self.records[key]
                stack += sorted(_keys_in(chosen[key].values))
        if not chosen:
            return {}
        order = [key for key in self.records if key in chosen]
        saved = unit.records.save([chosen[key] for key in order], partial=True)
        return {each.id: order[each.row - 1] for each in saved.changes}

    def _touched(self, unit: Unit, outcome: Outcome, keys: Mapping[str, str]) -> set[str]:
        """The records of earlier batches that this one changed, or whose unique values or keys it took."""
        mine = {id for _, id in outcome.done}
        changed = {id for id in mine if id in self.records}
        taken = {key for each in _taken(unit, outcome) for key in self.taken.get(each, ())}
        return changed | (taken - {keys[id] for id in mine if id in keys})

    # -- remembering -------------------------------------------------------------------------------------------
    def _note(
        self,
        unit: Unit,
        outcome: Outcome,
        keys: Mapping[str, str],
        named: Callable[[Create | Update], Iterable[Name]],
    ) -> None:
        by_id = {**keys, **{id: entry.key for entry, id in outcome.done if isinstance(entry.change, Create)}}
        for entry, id in outcome.done:
            key = by_id.get(id, id)
            change = entry.change
            values = {name: _lasting(value, by_id) for name, value in change.values.items() if _lasts(value, by_id)}
            known = self.records.get(key)
            merged = {**(known.values if known else {}), **values}
            plan = plan_of(unit.runtime, change.object)
            if plan.part(balance_rules):
                self.freed.add(key)  # A later row may be refused for want of it: that row would not tell.
            if isinstance(change, Create) or isinstance(known, Create):
                self.records[key] = Create(change.object, merged, key)
            else:
                self.records[key] = Update(change.object, id, merged)
                unique = any(each.name in values for rule in plan.part(uniques_of) for each in rule.fields)
                if unique or plan.part(keyed_of):
                    self.freed.add(key)
            for name in named(change):
                self.names.setdefault(name, set()).add(key)
        for taken, ids in _taken(unit, outcome).items():
            self.taken.setdefault(taken, set()).update(by_id.get(id, id) for id in ids)


def _keys_in(values: Mapping[str, Any]) -> set[str]:
    """The records that values name: new ones by key, stored ones by id."""
    found: set[str] = set()
    for value in values.values():
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, Made):
                found.add(each.key)
            elif isinstance(each, Reference):
                found.add(each.id)
            elif isinstance(each, str):
                found.add(each)
    return found


def _lasting(value: Any, by_id: Mapping[str, str]) -> Any:
    """A value that means the same after the rollback: what was made is named by its key."""
    if isinstance(value, str):
        return Made(by_id[value]) if value in by_id else value
    return value


def _lasts(value: Any, by_id: Mapping[str, str]) -> bool:
    """Links to what was made are left away when it is made again: no rule looks at them."""
    return not (isinstance(value, list) and any(each in by_id for each in value))


def _taken(unit: Unit, outcome: Outcome) -> dict[Taken, set[str]]:
    """The unique values and keys that the records of a batch have now, with the records' ids."""
    found: dict[Taken, set[str]] = {}
    by_object: dict[str, set[str]] = {}
    for entry, id in outcome.done:
        by_object.setdefault(entry.change.object, set()).add(id)
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
