"""Delegations as people make them: from when until when, to whom, for what; and who acts for whom today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from dougong.base.errors import Forbidden, NotFound, Problem, Rejected
from dougong.base.field_types import Reference
from dougong.base.ids import is_record_id, record_id
from dougong.base.language import Message, msg
from dougong.engine.audit import Event
from dougong.engine.audit import record as audited
from dougong.engine.entering import USER
from dougong.engine.fields.date_text import YEARS
from dougong.engine.saving.plan import plan_of
from dougong.workflows.approvals import handover
from dougong.workflows.approvals.absence import ROW, Delegation
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.tables import delegations

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

MOST_TOLD = 100
"""Delegations of one person that are told at once, the latest first."""

CENTS = 2
LARGEST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Standing:
    """`person` is away, and the asker acts for them until `until` (None: until further notice).

    `delegation` says for what; None where the dates stand in the person's user record, which means everything.
    """

    person: str
    until: date | None
    delegation: Delegation | None = None


def today_of(unit: Unit) -> date:
    """The day in the company's time zone, by which delegations begin and end."""
    return unit.now.astimezone(unit.company.zone).date()


def delegate(
    unit: Unit,
    person: str,
    to: str,
    since: date,
    until: date,
    *,
    object_name: str | None = None,
    approval: str | None = None,
    up_to: Decimal | None = None,
) -> str:
    """Let `to` decide for `person`, who is the actor or somebody whom an administrator looks after; its id.

    What waits for the person already goes to the delegate when the first day begins. It is in the audit log.

    Raises:
        Forbidden: it is somebody else's to do.
        Rejected: dates the wrong way round or gone by, nobody there, an object, a process or an amount that cannot be.
    """
    _require_own(unit, person)
    obj = unit.runtime.model.object_named(object_name) if object_name else None
    wrong = [*_wrong_people(unit, person, to), *_wrong_dates(unit, since, until)]
    if object_name and obj is None:
        wrong.append(msg("There is no object {name}.", name=object_name))
    if approval and approval not in unit.runtime.model.workflows.approvals:
        wrong.append(msg("There is no approval {name}.", name=approval))
    if up_to is not None and not (up_to.is_finite() and 0 < up_to < LARGEST):
        wrong.append(msg("The amount of a delegation is a number above 0."))
    elif up_to is not None and up_to != round(up_to, CENTS):
        wrong.append(msg("The amount of a delegation has at most two decimals."))
    if wrong:
        raise Rejected(Problem(code="delegation-wrong", reason=each, thing=f"user:{person}") for each in wrong)
    id = record_id()
    values: Mapping[str, Any] = {
        "id": id, "person": person, "delegate": to, "since": since, "until": until,
        "object": obj.id if obj else None, "approval": approval or None, "up_to": up_to,
        "made_by": unit.actor.user_id, "made_at": unit.now,
    }  # fmt: skip
    unit.connection.execute(insert(delegations).values(**values))
    handover.ask(unit, person, since)
    scope = {"object": object_name or "", "approval": approval or "", "up_to": "" if up_to is None else str(up_to)}
    data = {"delegate": to, "since": since.isoformat(), "until": until.isoformat(), **scope}
    audited(unit, Event("delegation_made", target=f"user:{person}", data={k: v for k, v in data.items() if v}))
    return id


def _wrong_people(unit: Unit, person: str, to: str) -> list[Message]:
    people = People(unit)
    if to == person:
        return [msg("Nobody is their own delegate.")]
    if not people.active(to):
        return [msg("The delegate is nobody who could decide.")]
    return [] if people.values(person) else [msg("There is nobody who would be away.")]


def _wrong_dates(unit: Unit, since: date, until: date) -> list[Message]:
    first, last = YEARS
    if not (first <= since.year and until.year <= last):
        return [msg("The days of a delegation are of the years {first} to {last}.", first=first, last=last)]
    if until < since:
        return [msg("The last day of a delegation comes before its first.")]
    return [msg("The last day of a delegation has gone by.")] if until < today_of(unit) else []


def end(unit: Unit, id: str) -> None:
    """End a delegation now: what comes from here on goes to the person. It is in the audit log; ending twice is once.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = [each for each in (_of_id(unit, id) if is_record_id(id) else []) if is_own(unit, each.person)]
    if not found:
        raise NotFound(Problem(code="delegation-unknown", reason=msg("There is no such delegation."), thing=id))
    its = delegations.c
    ended = update(delegations).where(its.id == id, its.ended_at.is_(None)).values(ended_at=unit.now)
    if unit.connection.execute(ended).rowcount:
        audited(unit, Event("delegation_ended", target=f"user:{found[0].person}", data={"delegate": found[0].delegate}))


def delegations_of(unit: Unit, person: str, *, past: bool = False) -> tuple[Delegation, ...]:
    """Somebody's delegations that are not over, the earliest first; with `past` all of them, the latest first.

    Raises:
        Forbidden: they are somebody else's.
    """
    _require_own(unit, person)
    its = delegations.c
    mine = ROW.where(its.person == person)
    if past:
        mine = mine.order_by(its.since.desc(), its.id.desc()).limit(MOST_TOLD)
    else:
        mine = mine.where(its.ended_at.is_(None), its.until >= today_of(unit)).order_by(its.since, its.id)
    return tuple(Delegation(**row._mapping) for row in unit.connection.execute(mine))


def standing_for(unit: Unit) -> tuple[Standing, ...]:
    """For whom the actor acts today: by delegations, and by the dates in the records of users. Two statements."""
    me, today, its = unit.actor.user_id or "", today_of(unit), delegations.c
    given = ROW.where(its.delegate == me, its.ended_at.is_(None), its.since <= today, its.until >= today)
    rows = unit.connection.execute(given.order_by(its.until, its.id).limit(MOST_TOLD))
    found = [Standing(each.person, each.until, each) for each in (Delegation(**row._mapping) for row in rows)]
    return (*found, *_by_record(unit, me, today))


def _by_record(unit: Unit, me: str, today: date) -> list[Standing]:
    plan = plan_of(unit.runtime, USER)
    if "delegate" not in plan.slots:
        return []
    column = plan.table.c[plan.slots["delegate"].keys[0]]
    statement = select(*plan.columns).where(column == me, plan.table.c.deleted_at.is_(None)).limit(MOST_TOLD)
    users = [plan.read(row) for row in unit.connection.execute(statement)]
    away = [(str(each["id"]), away_by_record(each)) for each in users]
    return [Standing(id, until) for id, (since, until) in away
            if since is not None and since <= today and (until is None or until >= today)]  # fmt: skip


def away_by_record(values: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """From when until when somebody's user record says that they are away, where it names who acts for them."""
    if not isinstance(values.get("delegate"), Reference):
        return None, None
    return values.get("absent_from"), values.get("absent_until")


def is_own(unit: Unit, person: str) -> bool:
    """Whether the actor says who acts for `person`: their own, or those of everybody for who manages users."""
    return unit.actor.user_id == person or unit.access.has("manage_users")


def _of_id(unit: Unit, id: str) -> list[Delegation]:
    return [Delegation(**row._mapping) for row in unit.connection.execute(ROW.where(delegations.c.id == id))]


def _require_own(unit: Unit, person: str) -> None:
    if not is_own(unit, person):
        raise Forbidden(
            Problem(
                code="not-allowed",
                reason=msg("Delegations are made by the person who is away, or an administrator."),
                thing=f"user:{person}",
            )
        )
