"""Taking records out of a pool and giving them back: by members, by owners, by those who deal records out.

Each is a change of owner by the door of every change, so rules, locks, history and automations see it. What the person
may do is decided here, under locks on the person and the records: of two who claim at once, one has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dougong.base.errors import Forbidden, NotFound, Place, Problem, Rejected
from dougong.base.language import Message, msg
from dougong.engine.access import EVERYTHING
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import entering
from dougong.engine.query import Condition, Query
from dougong.engine.reasons import reason as kept_reason
from dougong.engine.rights.queues import claimed_from
from dougong.engine.saving.batch import Change, Update
from dougong.engine.saving.plan import plan_of
from dougong.engine.unit import Unit
from dougong.metadata.pool import Pool
from dougong.workflows.pools import facts, quotas, seeing
from dougong.workflows.pools.keeping import CAUSE, Cause

MOST = 200
"""How many records change hands at once."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of records: the ids of those that changed hands, and why others did not."""

    ids: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def claim(unit: Unit, pool: Pool, ids: Sequence[str]) -> Done:
    """Make the unit's actor the owner of records that wait in a pool, as many as their quota lets them.

    Raises:
        Forbidden: they are no member of the pool, or may not change records of its object.
        Rejected: too many at once.
    """
    person = unit.actor.user_id
    obj = unit.runtime.model.objects[pool.object]
    if person is None or pool.account not in claimed_from(unit) or not unit.access.may("edit", obj):
        reason = msg("You do not claim from {pool}.", pool=pool.label)
        raise Forbidden(Problem(code="pool-member", thing=f"pool:{pool.name}", reason=reason))
    wanted = _several(pool, ids)
    _lock_person(unit, person)
    there = _lock(unit, pool, wanted) & _seen(unit, pool, wanted)
    left, cooling = quotas.quota(unit, pool, person), quotas.cooling(unit, pool, person, wanted)
    taken: list[str] = []
    problems: list[Problem] = []
    for id in wanted:
        refused = _refusal(pool, left, cooling, id, id in there, len(taken))
        if refused is None:
            taken.append(id)
        else:
            problems.append(refused)
    done = _give(unit, pool, taken, person, Cause(event="claimed"))
    return Done(done.ids, (*problems, *done.problems))


def _refusal(
    pool: Pool, left: quotas.Quota, cooling: Mapping[str, object], id: str, there: bool, taken: int
) -> Problem | None:
    if not there:
        return _problem(pool, id, "pool-gone", msg("Somebody else has this record already, or it left the pool."))
    if id in cooling:
        text = msg("You had this record and may claim it again on {day}.", day=str(cooling[id]))
        return _problem(pool, id, "pool-cooling", text)
    if left.hold is not None and left.held + taken >= left.hold:
        text = msg("You have {n} records, and may have {most}.", n=left.held + taken, most=left.hold)
        return _problem(pool, id, "pool-full", text, msg("Give back what you do not work on."))
    if left.per_day is not None and left.today + taken >= left.per_day:
        text = msg("You have claimed {n} today, and may claim {most} a day.", n=left.today + taken, most=left.per_day)
        return _problem(pool, id, "pool-today", text, msg("Come back tomorrow."))
    return None


def give_back(unit: Unit, object_name: str, id: str, why: str) -> Pool:
    """Put a record of the unit's actor back into the pool that it belongs to; that pool.

    Raises:
        NotFound: they do not see the record.
        Forbidden: it is not theirs, or the pool takes nothing back.
        Rejected: it belongs to no pool, a reason is missing, or a rule stands against it.
    """
    owner = unit.records.get(object_name, id).values.get("owner")
    if owner is None or owner.id != unit.actor.user_id:
        raise Forbidden(_problem(None, id, "pool-not-yours", msg("Only the owner gives a record back.")))
    pool = home(unit, object_name, id)
    if pool is None or pool.give_back == "no":
        raise Rejected([_problem(pool, id, "pool-none", msg("No pool takes this record back."))])
    if pool.give_back == "with_reason" and not why.strip():
        raise Rejected([_problem(pool, id, "reason-missing", msg("Say why you give it back."))])
    _lock(unit, pool, [id])
    done = _give(unit, pool, [id], pool.account, Cause(event="returned", reason=why.strip()))
    if done.problems:
        raise Rejected(done.problems)
    return pool


def assign(unit: Unit, pool: Pool, ids: Sequence[str], to: str, why: str = "") -> Done:
    """Give records that wait in a pool to a person, or to another pool of the object (by name); quotas do not count.

    Raises:
        Forbidden: the unit's actor may not.
        Rejected: there is no such person who may come in, no such pool, or too many records.
    """
    seeing.need_assign(unit, pool)
    wanted = _several(pool, ids)
    other = unit.runtime.model.workflows.pools.get(to)
    if other is not None and other.object == pool.object:
        owner, event = other.account, "moved"
    else:
        owner, event = _person(unit, to), "assigned"
    there = _lock(unit, pool, wanted) & _seen(unit, pool, wanted)
    gone = [each for each in wanted if each not in there]
    text = msg("Somebody else has this record already, or it left the pool.")
    done = _give(unit, pool, [each for each in wanted if each in there], owner, Cause(event=event, reason=why.strip()))
    return Done(done.ids, (*(_problem(pool, each, "pool-gone", text) for each in gone), *done.problems))


def home(unit: Unit, object_name: str, id: str) -> Pool | None:
    """The pool that a record belongs to; None where none of the object's takes it."""
    pools = facts.pools_of(unit, object_name)
    return facts.Asked(unit.acting(SYSTEM), object_name, [id], pools).home(pools, id) if pools else None


def _give(unit: Unit, pool: Pool, ids: Sequence[str], owner: str, cause: Cause) -> Done:
    """Change the owner of records in the actor's name; what a rule stands against stays, and is told."""
    if not ids:
        return Done(())
    giving = unit.acting(unit.actor)
    giving.access = EVERYTHING  # what this person may do with these records was decided before
    giving.memory[CAUSE] = cause
    if cause.reason:
        giving.why = kept_reason(cause.reason)
    changes: list[Change] = [Update(pool.object, id, {"owner": owner}) for id in ids]
    saved = giving.records.save(changes, partial=True)
    refused = tuple(_told(pool, ids, each) for each in saved.problems)
    return Done(tuple(each.id for each in saved.changes if each.object == pool.object), refused)


def _told(pool: Pool, ids: Sequence[str], problem: Problem) -> Problem:
    row = problem.place.row
    thing = f"record:{pool.object}/{ids[row - 1]}" if row is not None and row <= len(ids) else problem.thing
    return Problem(code=problem.code, reason=problem.reason, fix=problem.fix, thing=thing, place=problem.place)


def _several(pool: Pool, ids: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST:
        reason = msg("From one to {most} records can change hands at once.", most=MOST)
        raise Rejected([Problem(code="owner-change-count", thing=f"pool:{pool.name}", reason=reason)])
    return wanted


def _seen(unit: Unit, pool: Pool, ids: Sequence[str]) -> set[str]:
    """Those of the records that wait in the pool for the actor: in their segments."""
    query = Query(object=pool.object, where=Condition("id", "in", tuple(ids)), limit=MOST)
    return {row.id for row in seeing.looking(unit, pool).records.query(query).rows} if ids else set()


def _lock_person(unit: Unit, person: str) -> None:
    """Let nobody claim for the same person meanwhile: the quota is counted once for both."""
    table = plan_of(unit.runtime, "user").table
    unit.connection.execute(select(table.c.id).where(table.c.id == person).with_for_update(key_share=True))


def _lock(unit: Unit, pool: Pool, ids: Sequence[str]) -> set[str]:
    """Those of the records that live and that the pool owns, which nobody else changes until the transaction ends."""
    table = plan_of(unit.runtime, pool.object).table
    asked = (
        select(table.c.id, table.c.owner_id, table.c.deleted_at).where(table.c.id.in_(list(ids))).order_by(table.c.id)
    )
    rows = unit.connection.execute(asked.with_for_update(key_share=True)).all()
    return {str(row.id) for row in rows if row.deleted_at is None and str(row.owner_id) == pool.account}


def _person(unit: Unit, to: str) -> str:
    users = unit.runtime.storage.tables["user"]
    here = (users.table.c.id == to, users.table.c.deleted_at.is_(None), entering(users))
    found = unit.connection.scalar(select(users.table.c.id).where(*here))
    if found is None:
        reason = msg("There is nobody of this name to give the records to.")
        raise NotFound(Problem(code="pool-person", thing=f"record:user/{to}", reason=reason))
    return str(found)


def _problem(pool: Pool | None, id: str, code: str, reason: Message, fix: Message | None = None) -> Problem:
    thing = f"record:{pool.object}/{id}" if pool is not None else f"record:{id}"
    return Problem(code=code, thing=thing, reason=reason, fix=fix, place=Place())


def reasons(problems: Sequence[Problem], language: str) -> Iterator[str]:
    """What was refused, each reason once."""
    yield from dict.fromkeys(each.text(language) for each in problems)
