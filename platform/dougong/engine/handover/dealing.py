"""Who gets which record: by the cases of a holding, after its parent, or in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, literal, select

from dougong.base.errors import BadRequest, Problem
from dougong.base.language import msg
from dougong.engine.handover.holdings import PERSON, Holding, followers
from dougong.engine.handover.rules import USUAL, Case, Handover, turns
from dougong.engine.query import Condition, Filter, Holds, Query
from dougong.engine.reading.closed import closed
from dougong.engine.reading.filters import both
from dougong.engine.saving.plan import plan_of
from dougong.engine.variables import variables

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

AT_ONCE = 1000
TALLEST = 100
"""How far a line of managers is followed."""


@dataclass(frozen=True, slots=True)
class Held:
    """A live record of the person. `parents` are the ids of the records that it follows."""

    id: str
    version: int
    closed: bool
    parents: tuple[str, ...]


def held(unit: Unit, holding: Holding, user: str) -> list[Held]:
    """The records of a holding that the actor may see, the oldest first."""
    plan = plan_of(unit.runtime, holding.object.name)
    table = plan.table
    above = [
        table.c[plan.slots[lookup].keys[0]]
        for parent in unit.runtime.model.objects.values()
        for child, lookup in followers(parent)
        if child == holding.object.name and lookup in plan.slots
    ]
    mine = [table.c[plan.slots[holding.field.name].keys[0]] == user, table.c.deleted_at.is_(None)]
    visible = unit.access.visible("read", holding.object, table)
    asked = select(table.c.id, table.c.version, closed(plan).label("closed"), *above).where(
        *mine, *([visible] if visible is not None else [])
    )
    return [
        Held(str(row[0]), int(row[1]), bool(row[2]), tuple(dict.fromkeys(str(each) for each in row[3:] if each)))
        for row in unit.connection.execute(asked.order_by(table.c.id))
    ]


def counted(unit: Unit, holding: Holding, user: str) -> tuple[int, int]:
    """How many records of a holding the actor may see, and how many of these are closed."""
    plan = plan_of(unit.runtime, holding.object.name)
    table = plan.table
    mine = [table.c[plan.slots[holding.field.name].keys[0]] == user, table.c.deleted_at.is_(None)]
    visible = unit.access.visible("read", holding.object, table)
    is_closed = case((closed(plan), literal(1)), else_=literal(0))
    asked = select(func.count(), func.sum(is_closed)).select_from(table)
    row = unit.connection.execute(asked.where(*mine, *([visible] if visible is not None else []))).one()
    return int(row[0]), int(row[1] or 0)


def unseen(unit: Unit, holding: Holding, user: str) -> bool:
    """Whether the person has records of a holding that the actor may not see."""
    plan = plan_of(unit.runtime, holding.object.name)
    table = plan.table
    seen = unit.access.visible("read", holding.object, table) if unit.access.may("read", holding.object) else None
    if seen is None and unit.access.may("read", holding.object):
        return False
    mine = [table.c[plan.slots[holding.field.name].keys[0]] == user, table.c.deleted_at.is_(None)]
    outside = [~seen] if seen is not None else []
    return unit.connection.scalar(select(literal(1)).where(*mine, *outside).limit(1)) is not None


class Dealer:
    """Deals the records of one handover; what a parent got is remembered for those that follow it."""

    def __init__(self, unit: Unit, asked: Handover) -> None:
        """Deal as `asked` says, with the rights of the unit's actor."""
        self.unit, self.asked = unit, asked
        self.given: dict[str, str] = {}

    def deal(self, holding: Holding, records: list[Held]) -> Iterator[tuple[Held, str | None]]:
        """Each record with who gets it; None for a manager whom nobody follows.

        Raises:
            BadRequest: nobody is named for what has to go.
        """
        part = self.asked.part(holding.key) or USUAL
        cases = [(self._fitting(holding, case), turns(case.to)) for case in part.cases]
        own = turns(part.to) if part.to else None
        common = turns(self.asked.to) if self.asked.to else None
        upward = _Managers(self.unit, self.asked.user) if holding.key == f"{PERSON}.manager" else None
        for record in records:
            to = self._receiver(record, cases, own, common if not holding.owned else self._after_parent(record, common))
            if to is None:
                raise BadRequest(Problem(code="handover-nobody", reason=msg("Say who takes over."), thing=holding.key))
            if holding.owned:
                self.given[record.id] = to
            yield record, upward.allowed(record.id, to) if upward else to

    def _after_parent(self, record: Held, common: Callable[[], str] | None) -> Callable[[], str] | None:
        to = next((self.given[each] for each in record.parents if each in self.given), None)
        return common if to is None else lambda: to

    @staticmethod
    def _receiver(
        record: Held,
        cases: list[tuple[set[str], Callable[[], str]]],
        own: Callable[[], str] | None,
        common: Callable[[], str] | None,
    ) -> str | None:
        for ids, following in cases:
            if record.id in ids:
                return following()
        chosen = own or common
        return chosen() if chosen else None

    def _fitting(self, holding: Holding, case: Case) -> set[str]:
        """The ids of the person's records that a case is about."""
        mine = Condition(holding.field.name, "is", self.asked.user)
        where = both(mine, case.where, self._formula(holding, case))
        query = Query(object=holding.object.name, where=where, limit=AT_ONCE)
        found: set[str] = set()
        while True:
            page = self.unit.records.query(query)
            found |= {row.id for row in page.rows}
            if page.next is None:
                return found
            query = Query(object=holding.object.name, where=where, limit=AT_ONCE, cursor=page.next)

    def _formula(self, holding: Holding, case: Case) -> Filter | None:
        if case.when is None:
            return None
        answer = variables(self.unit.actor, self.unit.runtime.model)
        known = tuple((path, answer(path)) for path in case.when.variables)
        return Holds(f"handover:{holding.object.name}:{case.text}", known, self.unit.now, case.when)


class _Managers:
    """Whom a person may report to: nobody who reports to them, or the line would be a circle."""

    def __init__(self, unit: Unit, leaver: str) -> None:
        plan = plan_of(unit.runtime, PERSON)
        column = plan.table.c[plan.slots["manager"].keys[0]]
        self._unit, self._column, self._table = unit, column, plan.table
        self._lines: Mapping[str, set[str]] = {}
        self._instead = self._manager(leaver)

    def allowed(self, person: str, manager: str) -> str | None:
        """`manager`, or the leaver's own where `manager` is the person or stands below them."""
        if manager not in self._lines:
            self._lines = {**self._lines, manager: self._line(manager)}
        if person not in self._lines[manager]:
            return manager
        return self._instead if self._instead != person else None

    def _line(self, user: str) -> set[str]:
        found: set[str] = set()
        here: str | None = user
        while here is not None and here not in found and len(found) < TALLEST:
            found.add(here)
            here = self._manager(here)
        return found

    def _manager(self, user: str) -> str | None:
        found = self._unit.connection.scalar(select(self._column).where(self._table.c.id == user))
        return None if found is None else str(found)
