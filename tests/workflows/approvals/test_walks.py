"""Random acts by random people: no lock without an approval, none that nobody can act on, no decision lost.

``DOUGONG_WALKS=40 DOUGONG_STEPS=300`` before pytest is the long form; ``DOUGONG_WALK`` is the first seed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from dougong.base.errors import DougongError, Rejected
from dougong.engine import jobs, revisions
from dougong.engine.actor import SYSTEM
from dougong.engine.publish import Publication, publish
from dougong.engine.record_locks import locks_on
from dougong.engine.saving.batch import Delete, Update
from dougong.workflows.approvals import running, tables
from dougong.workflows.approvals.people import People
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
from dougong.workflows.notices.tables import notices
from tests.workflows.approvals.conftest import LARGE, SMALL, Office

WALKS, STEPS = int(os.environ.get("DOUGONG_WALKS", "1")), int(os.environ.get("DOUGONG_STEPS", "90"))
FIRST = int(os.environ.get("DOUGONG_WALK", "1"))

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


@dataclass
class Walk:
    """A walk: its purchases, the approval of each that runs or ran last, and how long the log of each was seen."""

    chance: random.Random
    office: Office
    clock: Any
    purchases: list[str]
    known: dict[str, str] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)
    told: int = 0


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_random_walks(office: Office, seed: int) -> None:
    """Over some dozens of approvals, while all else happens as well; after every step the company is sound."""
    chance = random.Random(seed)
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        purchases = [office.make("clerk", f"no. {each}", amount=chance.choice((SMALL, LARGE))) for each in range(6)]
        walk = Walk(chance, office, clock, purchases)
        for step in range(STEPS):
            if step == STEPS // 2:
                _publish(office)
            if chance.random() < 0.15:
                chance.choice(HAPPENINGS)(walk)
            _step(walk)
        assert walk.told > STEPS // 6
        for purchase in walk.purchases:
            _is_sound(office, purchase)
        for instance, length in walk.logged.items():
            assert len(office.look("admin", instance).acts) >= length, "a decision was lost"


def _step(walk: Walk) -> None:
    """Submit a purchase that is not in approval, or act on one that is."""
    office, purchase = walk.office, walk.chance.choice(walk.purchases)
    if purchase not in walk.known or office.look("admin", walk.known[purchase]).ended_at is not None:
        try:
            walk.known[purchase] = office.submit("clerk", purchase)
        except Rejected:  # nobody is there to approve
            assert not office.read("", lambda unit: locks_on(unit, "purchase", [purchase]))
        return
    instance = walk.known[purchase]
    walk.told += _try(walk.chance, office, _likely(walk.chance, office, instance), instance)
    walk.logged[instance] = len(office.look("admin", instance).acts)


# -- what happens beside ----------------------------------------------------------------------------------------------
def _leaves_or_returns(walk: Walk) -> None:
    _comes_or_goes(walk.office, walk.chance.choice(("fay", "finn", "boss", "stranger")))
    _all_sound(walk)


def _goes_on_leave(walk: Walk) -> None:
    office, login = walk.office, walk.chance.choice(("fay", "flo", "boss", "top"))
    today = datetime.now(UTC).date()
    away = {"absent_from": today, "absent_until": today + timedelta(days=walk.chance.randrange(3))}
    stands_in = office.id(walk.chance.choice(("stranger", "aud"))) if walk.chance.random() < 0.7 else None
    change = Update("user", office.id(login), {**away, "delegate": stands_in})
    with contextlib.suppress(Rejected):  # who stands in has left
        office.write("admin", lambda unit: unit.records.save([change]))
    jobs.run_due(office.company)
    _all_sound(walk)


def _edits(walk: Walk) -> None:
    """The buyer changes what is bound, or what is not: held, or followed by what the approval says."""
    values = walk.chance.choice(({"amount": SMALL + 1}, {"amount": LARGE + 1}, {"note": "x"}, {"discount": 5}))
    with contextlib.suppress(DougongError):
        walk.office.change("clerk", walk.chance.choice(walk.purchases), **values)
    _all_sound(walk)


def _deletes(walk: Walk) -> None:
    """A purchase is deleted, where it may be; another one takes its place."""
    at = walk.chance.randrange(len(walk.purchases))
    gone = walk.purchases[at]
    try:
        walk.office.write("clerk", lambda unit: unit.records.save([Delete("purchase", gone)]))
    except DougongError:
        return
    with walk.office.company.read(SYSTEM) as unit:
        assert not running.of_records(unit, [gone], open_only=True)
    walk.purchases[at] = walk.office.make("clerk", "another", amount=LARGE)
    _all_sound(walk)


def _time_passes(walk: Walk) -> None:
    """Hours or days: time limits run out, leave ends."""
    walk.clock.shift(timedelta(hours=walk.chance.choice((5, 30, 80))))
    for _ in range(3):
        jobs.run_due(walk.office.company)
    _all_sound(walk)


def _all_sound(walk: Walk) -> None:
    for purchase in walk.purchases:
        _is_sound(walk.office, purchase)


HAPPENINGS: tuple[Callable[[Walk], None], ...] = (
    _leaves_or_returns, _leaves_or_returns, _goes_on_leave, _edits, _edits, _deletes, _time_passes,
)  # fmt: skip


def _publish(office: Office) -> None:
    """A new version of the process: one of finance is enough."""
    with office.company.read(SYSTEM) as unit:
        tree = revisions.tree_of(unit.connection, unit.runtime.revision)
    old = tree.components["approval:purchase.spend"]
    nodes = {**old.body["nodes"], "joint": {**old.body["nodes"]["joint"], "mode": "any"}}
    new = dataclasses.replace(old, body={**old.body, "nodes": nodes})
    publish(office.company, Publication(tree=tree.put(new), message="v2"))


# -- acts of people ---------------------------------------------------------------------------------------------------
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
            able = People(unit).living(list(wanted.values()))
            stranded = notices.c.kind == "approval.stranded", notices.c.url == f"/approvals/{each.id}"
            told = unit.connection.scalar(select(notices.c.id).where(*stranded).limit(1))
            assert each.status == "returned" or able or told, "nobody who can act, and nobody was told"


def _open(held: running.Running) -> Iterator:  # type: ignore[type-arg]
    for visit in held.state.visits:
        yield from (each for each in visit.entries if visit.status == "open" and each.status == "open")
