"""Random acts by random people: no lock without an approval, none that nobody can act on, no decision lost."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from dougong.base.errors import DougongError
from dougong.engine import jobs
from dougong.engine.record_locks import locks_on
from dougong.engine.saving.batch import Update
from dougong.workflows.approvals import running, tables
from dougong.workflows.approvals.state import (
    Act,
    Add,
    Approve,
    HandOver,
    Read,
    Recall,
    Reject,
    Remind,
    Rescue,
    Resubmit,
    SendBack,
    TakeBack,
)  # fmt: skip
from dougong.workflows.approvals.told import Instance
from tests.workflows.approvals.conftest import LARGE, SMALL, Office

STEPS = 90

Maker = Callable[[random.Random, Office, str, Instance], Act]


def _entry(seen: Instance) -> str:
    return seen.entry or "1.1"


def _somebody(chance: random.Random, office: Office) -> str:
    return office.id(chance.choice(list(office.who)))


ACTS: tuple[Maker, ...] = (
    lambda chance, office, me, seen: Approve(entry=_entry(seen), by=me),
    lambda chance, office, me, seen: Approve(entry=_entry(seen), by=me),
    lambda chance, office, me, seen: Approve(entry=_entry(seen), by=me),
    lambda chance, office, me, seen: Reject(entry=_entry(seen), by=me, opinion="no"),
    lambda chance, office, me, seen: SendBack(entry=_entry(seen), by=me, opinion="again"),
    lambda chance, office, me, seen: SendBack(entry=_entry(seen), by=me, to="previous", opinion="again"),
    lambda chance, office, me, seen: Add(
        entry=_entry(seen), by=me, people=(_somebody(chance, office),),
        where=chance.choice(("before", "after", "parallel")),
    ),
    lambda chance, office, me, seen: HandOver(
        entry=_entry(seen), by=me, to=_somebody(chance, office), comes_back=chance.random() < 0.5
    ),
    lambda chance, office, me, seen: TakeBack(entry=seen.taken_back or "1.1", by=me),
    lambda chance, office, me, seen: Recall(by=me),
    lambda chance, office, me, seen: Resubmit(by=me),
    lambda chance, office, me, seen: Remind(by=me),
    lambda chance, office, me, seen: Read(by=me),
    lambda chance, office, me, seen: Rescue(by=me, end="cancelled", opinion="enough"),
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_random_walks(office: Office, seed: int) -> None:
    """Over some dozens of approvals; after every step the company is sound."""
    chance = random.Random(seed)
    purchases = [office.make("clerk", f"no. {each}", amount=chance.choice((SMALL, LARGE))) for each in range(6)]
    known: dict[str, str] = {}
    told = 0
    for _ in range(STEPS):
        purchase = chance.choice(purchases)
        if purchase not in known or office.look("admin", known[purchase]).ended_at is not None:
            known[purchase] = office.submit("clerk", purchase)
            continue
        if chance.random() < 0.04:
            _comes_or_goes(office, chance.choice(("fay", "finn", "boss", "stranger")))
        login = _likely(chance, office, known[purchase])
        told += _try(chance, office, login, known[purchase])
    assert told > STEPS // 5
    for purchase in purchases:
        _is_sound(office, purchase)


def _likely(chance: random.Random, office: Office, instance: str) -> str:
    """Mostly somebody whose turn it is."""
    waiting = sorted(office.waiting(instance)) or ["clerk"]
    return chance.choice(waiting) if chance.random() < 0.7 else chance.choice(list(office.who))


def _try(chance: random.Random, office: Office, login: str, instance: str) -> bool:
    """Whether an act was acknowledged; then it is in the log, and its decision in the state."""
    try:
        seen = office.look(login, instance)
        act = chance.choice(ACTS)(chance, office, office.id(login), seen)
        after = office.act(login, instance, act)
    except DougongError:
        return False
    assert len(after.acts) == len(seen.acts) + 1
    if isinstance(act, Approve | Reject):
        entries = {entry.id: entry for visit in after.state.visits for entry in visit.entries}
        assert entries[act.entry].status == ("approved" if isinstance(act, Approve) else "rejected")
    _is_sound(office, after.record)
    return True


def _comes_or_goes(office: Office, login: str) -> None:
    active = bool(office.values(office.id(login), "user")["active"])
    change = Update("user", office.id(login), {"active": not active})
    office.write("admin", lambda unit: unit.records.save([change]))
    jobs.run_due(office.company)


def _is_sound(office: Office, purchase: str) -> None:
    with office.company.read(office.who["admin"]) as unit:
        now = running.of_records(unit, [purchase], open_only=True)
        lock = locks_on(unit, "purchase", [purchase])
        assert bool(lock) == any(each.status == "open" for each in now)
        for each in now:
            wanted = {entry.id: entry.person for entry in _open(each)}
            rows = tables.tasks
            asked = select(rows.c.entry, rows.c.person).where(rows.c.instance == each.id, rows.c.closed_at.is_(None))
            assert {row.entry: row.person for row in unit.connection.execute(asked)} == wanted
            assert each.status == "returned" or wanted, "nobody can act"


def _open(held: running.Running) -> Iterator:  # type: ignore[type-arg]
    for visit in held.state.visits:
        yield from (each for each in visit.entries if visit.status == "open" and each.status == "open")
