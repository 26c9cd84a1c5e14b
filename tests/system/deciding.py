"""People who decide approvals at their pages while the processes of their company are killed, and what must be true."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import httpx2
from sqlalchemy import func, select

from dougong.engine import tables as platform
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.query import Query
from dougong.engine.saving.batch import Create
from dougong.workflows.approvals import service, tables, world
from dougong.workflows.notices.tables import notices
from tests.system.killed_package import CASE, WAYS
from tests.system.serving import Person

APPROVAL = f"{CASE}.through"


@contextmanager
def hasty(horizon: float, seed: int) -> Iterator[None]:
    """Within the block a time limit is over at some moment of the next `horizon` seconds, whatever it says."""
    chance = random.Random(seed)

    def soon(start: datetime, *_: Any) -> datetime:
        return start + timedelta(seconds=chance.uniform(1, horizon))

    with patch.object(world, "due_at", soon):
        yield


@dataclass
class Deciding:
    """Cases of a company in approval, the people who decide them at `port`, and what they were told was done."""

    company: Company
    desk: Person
    above: Person
    instances: list[str] = field(default_factory=list)
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    wrong: list[str] = field(default_factory=list)

    def submit(self, initiator: Actor, count: int) -> None:
        """So many cases, of every way, are made and submitted."""
        values = [
            {"name": f"case {each:04}", "way": WAYS[each % len(WAYS)], "desk": self.desk.user_id,
             "above": self.above.user_id}
            for each in range(count)
        ]  # fmt: skip

        def work(unit: Any) -> list[str]:
            made = unit.records.save([Create(CASE, each) for each in values]).changes
            return [service.submit(unit, APPROVAL, each.id) for each in made]

        self.instances += self.company.write(initiator, work)

    # -- what people do
    def work(self, port: int) -> None:
        """Decide until all has ended, or it is `over`; whatever was not acknowledged is looked at anew."""
        while not self.over.is_set():
            waiting = self._waiting()
            if not waiting and not self._open():
                return
            for instance, entry, person in waiting:
                if self.over.is_set():
                    return
                self._approve(port, instance, entry, person)
            time.sleep(0.05)

    def _approve(self, port: int, instance: str, entry: str, person: Person) -> None:
        sent, origin = {"act": "approve", "entry": entry, "opinion": "fine"}, {"sec-fetch-site": "same-origin"}
        try:
            with httpx2.Client(
                base_url=f"http://127.0.0.1:{port}", cookies={"dougong": person.cookie}, timeout=10
            ) as client:
                answer = client.post(f"/approvals/{instance}", data=sent, headers=origin)
        except httpx2.TransportError:
            time.sleep(0.05)
            return
        if answer.status_code == 303:
            self.acknowledged.append((instance, entry))
        elif answer.status_code not in (409, 422):  # it was done, and the answer lost
            self.wrong.append(f"{answer.status_code} {answer.text[:300]}")

    def _waiting(self) -> list[tuple[str, str, Person]]:
        """Parts that somebody decides now: after the clock has done what it does where it does something."""
        its, who = tables.tasks.c, {each.user_id: each for each in (self.desk, self.above)}
        asked = select(its.instance, its.entry, its.person, its.node).where(its.closed_at.is_(None)).order_by(its.id)
        with self.company.read(SYSTEM) as unit:
            rows = unit.connection.execute(asked).all()
            late = self._timed_out(unit)
        return [
            (row.instance, row.entry, who[row.person])
            for row in rows
            if row.node == "desk"
            or (row.instance in late and (row.node == "remind" or row.person == self.above.user_id))
        ]

    def _timed_out(self, unit: Any) -> Counter[str]:
        found = select(tables.acts.c.instance).where(tables.acts.c.act == "time_out")
        return Counter(unit.connection.scalars(found))

    def _open(self) -> int:
        count = select(func.count()).select_from(tables.instances).where(tables.instances.c.ended_at.is_(None))
        with self.company.read(SYSTEM) as unit:
            return int(unit.connection.scalar(count) or 0)

    # -- what must be true
    def agree(self) -> None:
        """Every act is there once, every timer fired once, every effect is there once, everybody was told once."""
        assert not self.wrong, self.wrong[:3]
        with self.company.read(SYSTEM) as unit:
            ended = unit.connection.execute(select(tables.instances.c.id, tables.instances.c.status)).all()
            acts = unit.connection.execute(select(tables.acts.c.instance, tables.acts.c.act, tables.acts.c.entry)).all()
            late = self._timed_out(unit)
            parts = unit.connection.execute(select(tables.tasks.c.instance, tables.tasks.c.status)).all()
            noted = unit.records.query(Query(object="activity", columns=("subject",), limit=1000)).rows
            cases = unit.records.query(Query(object=CASE, columns=("name", "way"), limit=1000)).rows
            told = Counter(unit.connection.scalars(select(notices.c.kind)))
            timers = self._timers(unit)
        assert {row.id: row.status for row in ended} == dict.fromkeys(self.instances, "approved")
        decided = Counter((row.instance, row.entry) for row in acts if row.act == "approve")
        assert set(self.acknowledged) <= set(decided) and set(decided.values()) <= {1}
        assert late.total() == len(late) == sum(each.values[1] != "plain" for each in cases)
        named = Counter(each.values[0] for each in noted if str(each.values[0]).startswith("case "))
        assert named == Counter(each.values[0] for each in cases)
        self._told(told, acts, parts, late)
        assert len(timers) == len(late) + self._reminded(acts, timers), "a timer was lost, or fired twice"

    def _told(self, told: Counter[str], acts: Sequence[Any], parts: Sequence[Any], late: Counter[str]) -> None:
        reminders = sum(row.act == "remind" for row in acts)
        assert told["approval.task"] == len(parts)
        assert told["approval.ended"] == len(self.instances)
        assert told["approval.reminder"] == reminders + sum(1 for each in late if each in self._reminding)

    @property
    def _reminding(self) -> set[str]:
        return {each for at, each in enumerate(self.instances) if WAYS[at % len(WAYS)] == "remind"}

    def _timers(self, unit: Any) -> Sequence[Any]:
        its = platform.outbox.c
        return list(unit.connection.scalars(select(its.payload).where(its.job == "approval.timeout")))

    def _reminded(self, acts: Sequence[Any], timers: Sequence[Any]) -> int:
        """Reminders: each that fired has asked for the next; one more for each case was there from the beginning."""
        asked = sum(each["kind"] == "remind" for each in timers)
        fired = sum(row.act == "remind" for row in acts)
        assert asked == fired + len(self._reminding)
        return asked


def someone(person: Person, name: str) -> Actor:
    """A person as who they act in this process."""
    return Actor(user_id=person.user_id, name=name, login=name)
