"""A revision is announced before it is in force, so that other processes have it compiled by then.

    publisher: announce → wait until all are ready → switch      process that serves: look → compile → ready

The announcement is a hint and nothing hangs on it: a process that missed it compiles in its first request, one that
compiled what never came to be forgets it, and who does not answer is not waited for long.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from dougong.base.errors import DougongError
from dougong.engine import beside
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Companies, Company
from dougong.engine.tables import coming, processes
from dougong.engine.unit import Unit

LOOK_SECONDS = 0.25
"""How often a process looks for an announcement: one read of two small tables."""

SIGN_SECONDS = 10.0
GONE = timedelta(seconds=30)
"""How often a process gives a sign of life, and after how long without one it is not waited for."""

PATIENCE_SECONDS = 5.0
"""How long a publish waits for others to compile; a quarter of a second is usual."""

QUIET_SECONDS, MOST_FORGOTTEN = 3.0, 100
"""After how long without a request what old revisions were is freed; and of how many at most none is waited for."""

_log = structlog.get_logger()


# -- the publisher --------------------------------------------------------------------------------------------
def announce(connection: Connection, revision: int, tree: str) -> None:
    """In the transaction that stores `tree`: say that it is about to be `revision`."""
    connection.execute(delete(coming))
    connection.execute(insert(coming).values(id=1, revision=revision, tree=tree))


def wait(company: Company, tree: str) -> None:
    """Return when every other process that serves has compiled `tree`, and after `PATIENCE_SECONDS` in any case."""
    until = time.monotonic() + PATIENCE_SECONDS
    while behind(company, tree) and time.monotonic() < until:
        time.sleep(0.02)


def behind(company: Company, tree: str) -> int:
    """How many other processes serve, as far as is known, and have not compiled `tree`."""
    with company.read(SYSTEM) as unit:
        alive, others = processes.c.seen_at > unit.now - GONE, processes.c.id != company.process
        asked = select(func.count()).select_from(processes).where(alive, others, processes.c.ready != tree)
        return int(unit.connection.scalar(asked) or 0)


# -- a process that serves ------------------------------------------------------------------------------------
@dataclass(slots=True)
class _State:
    ready: str = ""
    signed: float = float("-inf")


class Follower:
    """A thread that compiles what is announced; it serves the companies that its process has open."""

    def __init__(self, companies: Companies) -> None:
        """Follow every company of `companies`."""
        self._companies, self._stop = companies, threading.Event()
        self._states: dict[str, _State] = {}
        self._thread = threading.Thread(target=self.run, name="dougong-follower", daemon=True)

    def start(self) -> Follower:
        """Begin, in the background."""
        self._thread.start()
        return self

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """End, and be waited for no longer."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def run(self) -> None:
        """Follow in this thread until `stop`."""
        while not self._stop.is_set():
            for company in self._companies.opened():
                try:
                    self.look(company)
                except (SQLAlchemyError, DougongError, OSError) as error:  # the next look may find better times
                    _log.warning("cannot follow", company=company.name, error=str(error))
            self._free()
            self._stop.wait(LOOK_SECONDS)
        for company in self._companies.opened():
            company.write(SYSTEM, _leave)

    def _free(self) -> None:
        """Free what old revisions were: when nobody asks, since everybody waits meanwhile."""
        companies = self._companies.opened()
        forgotten = sum(company.forgotten for company in companies)
        quiet = time.monotonic() - max((company.asked_at for company in companies), default=0.0)
        if forgotten > MOST_FORGOTTEN or (forgotten and quiet > QUIET_SECONDS):
            for company in companies:
                company.forgotten = 0
            beside.collect()

    def look(self, company: Company) -> None:
        """Compile what is announced and not in force yet, and rehearse it; say so.

        A sign of life is given where one is due.
        """
        state = self._states.setdefault(company.name, _State())
        ready, runtime = state.ready, None
        with company.read(SYSTEM) as unit:
            found = unit.connection.execute(select(coming.c.revision, coming.c.tree)).first()
            if found is not None and found.tree != ready and found.revision > unit.runtime.revision:
                runtime = company.expect(unit.connection, found.revision, found.tree)
                ready = found.tree
        if runtime is not None:
            company.lately.rehearse(company, runtime)
        if ready != state.ready or time.monotonic() >= state.signed + SIGN_SECONDS:
            company.write(SYSTEM, lambda unit: _sign(unit, ready))
            state.ready, state.signed = ready, time.monotonic()


def _sign(unit: Unit, ready: str) -> None:
    own = processes.c.id == unit.company.process
    changed = unit.connection.execute(update(processes).where(own).values(seen_at=unit.now, ready=ready))
    if not changed.rowcount:
        unit.connection.execute(delete(processes).where(processes.c.seen_at < unit.now - GONE))
        unit.connection.execute(insert(processes).values(id=unit.company.process, seen_at=unit.now, ready=ready))


def _leave(unit: Unit) -> None:
    unit.connection.execute(delete(processes).where(processes.c.id == unit.company.process))
