"""Refused attempts in the audit log: who was told no, and to what. A flood of them leaves one entry, not thousands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from dougong.base.errors import DougongError, Forbidden, NotFound
from dougong.engine.actor import Actor
from dougong.engine.audit import Event, record_alone
from dougong.engine.company import Company

SECONDS = 60.0
MOST = 20
"""How many refusals of one person or address are recorded in `SECONDS`; the next entry tells how many were not."""

REMEMBERED = 10_000
"""How many people and addresses are kept count of."""


@dataclass(slots=True)
class _Count:
    since: float
    seen: set[str]
    skipped: int = 0


class RefusedAttempts:
    """Records what was refused. One for each company of a process; any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Measure time by `clock`, in seconds."""
        self._clock, self._lock = clock, threading.Lock()
        self._counts: dict[str, _Count] = {}

    def note(self, company: Company, actor: Actor, request: Request, error: DougongError) -> None:
        """Record that `actor` was refused, where `error` is a refusal."""
        if not _refuses(request, error):
            return
        path, code = request.url.path, error.problems[0].code
        skipped = self._admitted(actor.user_id or actor.address, f"{request.method} {path} {code}")
        if skipped is None:
            return
        data = {"method": request.method, "status": error.status, "code": code}
        if skipped:
            data["not_recorded"] = skipped
        record_alone(company, actor, Event("refused", path, data))

    def _admitted(self, who: str, what: str) -> int | None:
        """None where this one is not recorded, else how many before it were not."""
        now = self._clock()
        with self._lock:
            if len(self._counts) >= REMEMBERED:
                self._counts = {key: each for key, each in self._counts.items() if each.since + SECONDS > now}
            count = self._counts.get(who)
            if count is None or count.since + SECONDS <= now:
                skipped = count.skipped if count else 0
                self._counts[who] = _Count(now, {what})
                return skipped
            if what in count.seen or len(count.seen) >= MOST:
                count.skipped += 1
                return None
            count.seen.add(what)
            return 0


def _refuses(request: Request, error: DougongError) -> bool:
    """A right that is missing, a form from elsewhere, a token that opens nothing, an id that is not there to see."""
    if isinstance(error, NotFound):
        return "id" in request.path_params or request.method not in ("GET", "HEAD")
    return isinstance(error, Forbidden) or error.problems[0].code == "token-unknown"
