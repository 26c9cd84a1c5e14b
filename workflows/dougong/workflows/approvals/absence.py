"""Who is away, and who decides for them: the dates in a user's record, and delegations by period and scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import or_, select

from dougong.base.field_types import Reference
from dougong.workflows.approvals.people import LONGEST_LINE, People
from dougong.workflows.approvals.tables import delegations


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """`delegate` decides for `person` from `since` to `until`, both included.

    For records of `object` (its stable id) or of all, in the process `approval` (its name) or in any; up to `up_to` in
    the company's currency, or any amount.
    """

    id: str
    person: str
    delegate: str
    since: date
    until: date
    object: str | None = None
    approval: str | None = None
    up_to: Decimal | None = None
    made_by: str | None = None
    made_at: datetime
    ended_at: datetime | None = None


ROW = select(*(delegations.c[name] for name in Delegation.__slots__))
"""All that is kept of delegations."""


class Absence:
    """Who decides for whom today, for a record of one object and amount. What is asked is asked once."""

    def __init__(self, people: People, object_id: str, approval: str | None, amount: Decimal | None) -> None:
        """For a process of records of an object (by stable id); `amount` is the record's, None where it has none."""
        self.people, self.object, self.approval, self.amount = people, object_id, approval, amount
        unit = people.unit
        self.today = unit.now.astimezone(unit.company.zone).date()
        self._known: dict[str, str | None] = {}

    def delegate(self, person: str) -> str | None:
        """Who decides for somebody who is away; the end of a chain of delegates. None where nobody does."""
        seen, here = {person}, person
        while len(seen) < LONGEST_LINE:
            further = self._next(here)
            if further is None or further in seen:
                break
            seen.add(further)
            here = further
        return here if here != person and self.people.active(here) else None

    def _next(self, person: str) -> str | None:
        if person not in self._known:
            self._known[person] = self._delegated(person) or self._absent(person)
        return self._known[person]

    def _absent(self, person: str) -> str | None:
        """The delegate in the user's record, within the dates that stand there."""
        values = self.people.values(person)
        since, until, named = values.get("absent_from"), values.get("absent_until"), values.get("delegate")
        if since is None or since > self.today or (until is not None and until < self.today):
            return None
        return named.id if isinstance(named, Reference) else None

    def _delegated(self, person: str) -> str | None:
        """The delegate of the narrowest in force: one process, one object, all; small amounts before any."""
        columns = delegations.c
        statement = ROW.where(
            columns.person == person, columns.since <= self.today, columns.until >= self.today,
            columns.ended_at.is_(None), or_(columns.object.is_(None), columns.object == self.object),
            or_(columns.approval.is_(None), columns.approval == self.approval),
        )  # fmt: skip
        found = [Delegation(**row._mapping) for row in self.people.unit.connection.execute(statement)]
        fitting = [each for each in found if self._covers(each)]
        if not fitting:
            return None
        fitting.sort(
            key=lambda each: (each.approval is None, each.object is None, each.up_to is None, each.up_to or 0, each.id)
        )
        return fitting[0].delegate

    def _covers(self, delegation: Delegation) -> bool:
        return delegation.up_to is None or (self.amount is not None and self.amount <= delegation.up_to)
