"""Who is away, and who decides for them: the dates in a user's record, and delegations by period and scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, or_, select, update

from dougong.base.errors import Forbidden, NotFound, Problem, Rejected
from dougong.base.field_types import Reference
from dougong.base.ids import is_record_id, record_id
from dougong.base.language import Message, msg
from dougong.workflows.approvals.people import LONGEST_LINE, People
from dougong.workflows.approvals.tables import delegations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """`delegate` decides for `person` from `since` to `until`, both included.

    For records of `object` (its stable id) or of all; up to `up_to` in the company's currency, or any amount.
    """

    id: str
    person: str
    delegate: str
    since: date
    until: date
    object: str | None = None
    up_to: Decimal | None = None
    made_by: str | None = None
    made_at: datetime
    ended_at: datetime | None = None


_ROW = select(*(delegations.c[name] for name in Delegation.__slots__))


class Absence:
    """Who decides for whom today, for a record of one object and amount. What is asked is asked once."""

    def __init__(self, people: People, object_id: str, amount: Decimal | None) -> None:
        """For approvals of records of an object (by stable id); `amount` is the record's, None where it has none."""
        self.people, self.object, self.amount = people, object_id, amount
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
        """The delegate of the narrowest delegation in force: one object before all, small amounts before any."""
        columns = delegations.c
        statement = _ROW.where(
            columns.person == person, columns.since <= self.today, columns.until >= self.today,
            columns.ended_at.is_(None), or_(columns.object.is_(None), columns.object == self.object),
        )  # fmt: skip
        found = [Delegation(**row._mapping) for row in self.people.unit.connection.execute(statement)]
        fitting = [each for each in found if self._covers(each)]
        if not fitting:
            return None
        fitting.sort(key=lambda each: (each.object is None, each.up_to is None, each.up_to or 0, each.id))
        return fitting[0].delegate

    def _covers(self, delegation: Delegation) -> bool:
        return delegation.up_to is None or (self.amount is not None and self.amount <= delegation.up_to)


# -- delegations as people make them ----------------------------------------------------------------------------------
def delegate(
    unit: Unit,
    person: str,
    to: str,
    since: date,
    until: date,
    *,
    object_name: str | None = None,
    up_to: Decimal | None = None,
) -> str:
    """Let `to` decide for `person`, who is the actor or somebody whom an administrator looks after; its id.

    What waits for the person already goes to the delegate when the first day begins.

    Raises:
        Forbidden: it is somebody else's to do.
        Rejected: dates the wrong way round, nobody there, an object that does not exist.
    """
    _require_own(unit, person)
    people = People(unit)
    wrong: list[Message] = []
    if until < since:
        wrong.append(msg("The last day of a delegation comes before its first."))
    if to == person:
        wrong.append(msg("Nobody is their own delegate."))
    if not people.active(to):
        wrong.append(msg("The delegate is nobody who could decide."))
    obj = unit.runtime.model.object_named(object_name) if object_name else None
    if object_name and obj is None:
        wrong.append(msg("There is no object {name}.", name=object_name))
    if wrong:
        raise Rejected(Problem(code="delegation-wrong", reason=each, thing=f"user:{person}") for each in wrong)
    from dougong.workflows.approvals import handover

    id = record_id()
    values: Mapping[str, Any] = {
        "id": id, "person": person, "delegate": to, "since": since, "until": until,
        "object": obj.id if obj else None, "up_to": up_to, "made_by": unit.actor.user_id, "made_at": unit.now,
    }  # fmt: skip
    unit.connection.execute(insert(delegations).values(**values))
    handover.ask(unit, person, since)
    return id


def end(unit: Unit, id: str) -> None:
    """End a delegation now.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = [each for each in (_of_id(unit, id) if is_record_id(id) else []) if _is_own(unit, each.person)]
    if not found:
        raise NotFound(Problem(code="delegation-unknown", reason=msg("There is no such delegation."), thing=id))
    unit.connection.execute(update(delegations).where(delegations.c.id == id).values(ended_at=unit.now))


def delegations_of(unit: Unit, person: str) -> tuple[Delegation, ...]:
    """Somebody's delegations that have not ended, the earliest first.

    Raises:
        Forbidden: they are somebody else's.
    """
    _require_own(unit, person)
    today = unit.now.astimezone(unit.company.zone).date()
    columns = delegations.c
    mine = _ROW.where(columns.person == person, columns.ended_at.is_(None), columns.until >= today)
    return tuple(
        Delegation(**row._mapping) for row in unit.connection.execute(mine.order_by(columns.since, columns.id))
    )


def _of_id(unit: Unit, id: str) -> list[Delegation]:
    return [Delegation(**row._mapping) for row in unit.connection.execute(_ROW.where(delegations.c.id == id))]


def _is_own(unit: Unit, person: str) -> bool:
    return unit.actor.user_id == person or unit.access.has("manage_users")


def _require_own(unit: Unit, person: str) -> None:
    if not _is_own(unit, person):
        raise Forbidden(
            Problem(
                code="not-allowed",
                reason=msg("Delegations are made by the person who is away, or an administrator."),
                thing=f"user:{person}",
            )
        )
