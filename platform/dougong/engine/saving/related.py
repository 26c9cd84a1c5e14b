"""The records that a batch looks at through lookups: each loaded once, one statement per object and level."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, literal, select

from dougong.base.field_types import Reference
from dougong.engine.dialects.among import among
from dougong.engine.saving import met
from dougong.engine.saving.plan import COMPANY, ObjectPlan, plan_of

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

AT_ONCE = 1000
"""How many ids one statement asks for; larger batches ask several times."""


@dataclass(slots=True)  # not frozen: one is made for every row, and a frozen one takes thrice as long
class Seen:
    """A record as a lookup sees it: the fields asked for, whether it is live, whether the actor may see it."""

    values: Mapping[str, Any]
    live: bool
    visible: bool


@dataclass(slots=True)
class Need:
    """What is wanted of the record behind one lookup: its fields, and what lies behind its own lookups."""

    fields: set[str] = field(default_factory=set)
    deeper: dict[str, Need] = field(default_factory=dict)

    def merge(self, other: Need) -> None:
        """Want what `other` wants as well."""
        self.fields |= other.fields
        merge_needs(self.deeper, other.deeper)


Needs = dict[str, Need]
"""By name of the lookup field."""


def merge_needs(into: Needs, other: Mapping[str, Need]) -> None:
    """Add the wants of `other` to `into`."""
    for name, need in other.items():
        into.setdefault(name, Need()).merge(need)


def needs_of(plan: ObjectPlan, paths: Iterable[tuple[str, ...]]) -> Needs:
    """What must be loaded before formulas with these reference `paths` can be evaluated on records of `plan`."""
    found: Needs = {}
    for path in paths:
        _need(plan, path, found)
    return found


def _need(plan: ObjectPlan, path: tuple[str, ...], into: Needs) -> None:
    first = plan.object.fields.get(path[0])
    if first is None or len(path) < 2:
        return
    if first.type.money:
        master = plan.object.master
        if path[1] == "currency" and plan.object.currency.mode == "parent" and master is not None:
            _need(plan, (master.name, "currency"), into)
        return
    if not first.type.refers or not first.type.stored:
        return
    need = into.setdefault(first.name, Need())
    need.fields.add(path[1])
    if path[2:] == ("currency",):
        need.fields.add("currency")  # of the record there: its amounts have no currency of their own
    for target in first.targets:
        _need(plan_of(plan.runtime, target), path[1:], need.deeper)


def references(value: Any) -> tuple[Reference, ...]:
    """The references in a lookup's value: none, one or several."""
    if isinstance(value, Reference):
        return (value,)
    if isinstance(value, tuple):
        return tuple(each for each in value if isinstance(each, Reference))
    return ()


class Related:
    """The records seen by one batch. Rows of the batch itself are read as they will be stored."""

    def __init__(self, unit: Unit) -> None:
        """Know nothing yet."""
        self.unit = unit
        self._own: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._seen: dict[tuple[str, str], Seen | None] = {}
        self._fields: dict[str, frozenset[str]] = {}

    def put(self, object_name: str, id: str, values: Mapping[str, Any]) -> None:
        """A record that this batch itself is making or changing; `values` may still change."""
        self._own[object_name, id] = values

    def own(self, object_name: str, id: str) -> Mapping[str, Any] | None:
        """The values of a record that this batch makes or changes."""
        return self._own.get((object_name, id))

    def forget(self, object_name: str, ids: Iterable[str]) -> None:
        """Load these again when they are next asked for: their stored values have changed."""
        for id in ids:
            self._seen.pop((object_name, id), None)
            self._own.pop((object_name, id), None)

    def renew(self, object_name: str, records: Mapping[str, Mapping[str, Any]]) -> None:
        """What was seen of these records, by id, has other values now, as far as they are given."""
        for id, values in records.items():
            seen = self._seen.get((object_name, id))
            if seen is not None and any(seen.values[name] != values[name] for name in seen.values.keys() & values):
                known = {name: values.get(name, old) for name, old in seen.values.items()}
                self._seen[object_name, id] = replace(seen, values=known)

    def values(self, reference: Reference) -> Mapping[str, Any] | None:
        """The fields of the record behind `reference`, as far as they were asked for; None where there is none."""
        own = self._own.get((reference.object, reference.id))
        if own is not None:
            return own
        seen = self._seen.get((reference.object, reference.id))
        return None if seen is None else seen.values

    def seen(self, reference: Reference) -> Seen | None:
        """The record behind `reference`; None when it does not exist. It must have been fetched."""
        own = self._own.get((reference.object, reference.id))
        if own is not None:
            return Seen(own, own.get("deleted_at") is None, True)
        return self._seen.get((reference.object, reference.id))

    def fetch(self, object_name: str, ids: Iterable[str], fields: Iterable[str], lock: bool = False) -> None:
        """Load records by id with at least `fields`; `lock` keeps them from being deleted meanwhile."""
        self.ask(object_name, ids, fields, lock)()

    def ask(
        self, object_name: str, ids: Iterable[str], fields: Iterable[str], lock: bool = False
    ) -> Callable[[], None]:
        """`fetch`, asked now and read by calling what this gives: for several of one `Unit.together`."""
        wanted = frozenset(fields)
        known = self._fields.get(object_name, frozenset())
        complete = wanted <= known
        missing = sorted(self.missing(object_name, ids, wanted))
        if not missing:
            return _nothing
        met.note(self.unit, missing)
        names = wanted | known
        self._fields[object_name] = names
        if not complete:
            self._drop(object_name)
        plan = plan_of(self.unit.runtime, object_name)
        statement = self._statement(plan, names, lock)
        slots = [plan.slots[name] for name in readable(plan, names)]
        chunks = [missing[start : start + AT_ONCE] for start in range(0, len(missing), AT_ONCE)]
        asked = [self.unit.ask(statement, {"ids": chunk}) for chunk in chunks]

        def read() -> None:
            self._seen.update(((object_name, id), None) for id in missing)
            for stored in chain.from_iterable(asked):
                self._seen[object_name, str(stored[0])] = seen_of(slots, stored)

        return read

    def missing(self, object_name: str, ids: Iterable[str], fields: Collection[str]) -> set[str]:
        """Those of `ids` of which not all of `fields` are known."""
        own, seen = self._own, self._seen
        if self._fields.get(object_name, frozenset()).issuperset(fields):
            return {id for id in ids if (object_name, id) not in seen and (object_name, id) not in own}
        return {id for id in ids if (object_name, id) not in own}

    def _drop(self, object_name: str) -> None:
        for key in [key for key in self._seen if key[0] == object_name]:
            del self._seen[key]

    def _statement(self, plan: ObjectPlan, names: frozenset[str], lock: bool) -> Select[Any]:
        access = self.unit.access
        made: dict[Any, Select[Any]] = plan.part(_statements)
        key = (names, lock, access.key)
        found = made.get(key)
        if found is None:
            visible = access.visible("read", plan.object, plan.table)
            columns = [plan.table.c[part] for name in readable(plan, names) for part in plan.slots[name].keys]
            found = select(
                plan.table.c.id,
                plan.table.c.deleted_at,
                literal(1) if visible is None else case((visible, 1), else_=0),
                *columns,
            ).where(among(plan.table.c.id, "ids"))
            if lock:
                found = found.order_by(plan.table.c.id).with_for_update(read=True, key_share=True, of=plan.table)
            made[key] = found
        return found

    def follow(self, rows: Iterable[Mapping[str, Any]], needs: Needs) -> None:
        """Load what `needs` wants behind the lookups of `rows`, level by level."""
        level: list[tuple[list[Mapping[str, Any]], Mapping[str, Need]]] = [(list(rows), needs)] if needs else []
        while level:
            wanted: dict[str, tuple[set[str], set[str]]] = {}
            nexts: list[tuple[list[Reference], Mapping[str, Need]]] = []
            for group, needed in level:
                for name, need in needed.items():
                    named = [value for values in group if (value := values.get(name)) is not None]
                    found = [reference for value in named for reference in references(value)]
                    for reference in found:
                        ids, fields = wanted.setdefault(reference.object, (set(), set()))
                        ids.add(reference.id)
                        fields |= need.fields
                    if need.deeper:
                        nexts.append((found, need.deeper))
            for object_name, (ids, fields) in wanted.items():
                self.fetch(object_name, ids, fields)
            level = [
                ([values for reference in found if (values := self.values(reference)) is not None], deeper)
                for found, deeper in nexts
                if found
            ]


def _nothing() -> None:
    """Everything was known."""


def _statements(plan: ObjectPlan) -> dict[Any, Select[Any]]:
    return {}


def readable(plan: ObjectPlan, names: Iterable[str]) -> list[str]:
    """Those of `names` that are stored with a record, in the order in which they are read."""
    return sorted(name for name in names if name in plan.slots)


def seen_of(slots: list[Any], stored: Any) -> Seen:
    """A record from a stored row: its id, when it was deleted, whether it may be seen, then the columns of `slots`."""
    values: dict[str, Any] = {}
    at = 3
    for slot in slots:
        parts = stored[at : at + len(slot.keys)]
        at += len(slot.keys)
        values[slot.name] = parts[0] if slot.plain else slot.field.type.from_row(slot.field, parts)
        if slot.money:
            values[slot.name + COMPANY] = parts[1]
    values["id"] = str(stored[0])
    return Seen(values, stored[1] is None, bool(stored[2]))
