"""How often somebody may ask in a minute, counted by each server process in its memory: a limit on load.

What guards passwords and codes against guessing is `throttle`, which all processes share.
"""

from __future__ import annotations

import math
import threading
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from dougong.base.errors import DougongError, Problem
from dougong.base.language import msg

AT_THE_DOOR = 120
"""Requests to sign in, of every kind, from one address."""
BAD_TOKENS = 30
"""Calls with a token that opens nothing, from one address."""

SWEPT_SECONDS = 60.0
"""How often what is over is forgotten."""


class _Never(threading.Timer):
    """In place of a storage's timer: it runs already, so none is begun."""

    def __init__(self) -> None:
        super().__init__(0.0, lambda: None)

    def is_alive(self) -> bool:
        return True


class Counters(MemoryStorage):
    """Counts in memory, swept by who counts: the library begins a thread for it at nearly every count."""

    def __init__(self) -> None:
        """Nothing counted so far."""
        super().__init__()
        self.timer.cancel()
        self.timer, self._swept = _Never(), time.monotonic()

    def sweep(self) -> None:
        """Forget the counts of windows that are over, once in a while."""
        if time.monotonic() - self._swept < SWEPT_SECONDS:
            return
        self._swept = time.monotonic()
        for key in list(self.expirations):
            self.get(key)


_counters = Counters()
_limiter = SlidingWindowCounterRateLimiter(_counters)


class TooManyRequests(DougongError):
    """Somebody asks too often; `seconds` until they may again."""

    status = 429

    def __init__(self, seconds: int) -> None:
        """`seconds` is how long to wait."""
        self.seconds = seconds
        reason = msg(
            "Too many requests. Try again in {n} second.", "Too many requests. Try again in {n} seconds.", n=seconds
        )
        super().__init__(Problem(code="requests-too-many", reason=reason))


def count(most: int, *who: str) -> None:
    """Count a request of `who`, of whom `most` a minute are let through.

    Raises:
        TooManyRequests: it is one too many; it is not counted.
    """
    _counters.sweep()
    item = RateLimitItemPerMinute(most)
    if not _limiter.hit(item, *who):
        raise TooManyRequests(_wait(item, *who))


def _wait(item: RateLimitItemPerMinute, *who: str) -> int:
    return max(1, math.ceil(_limiter.get_window_stats(item, *who).reset_time - time.time()))


def forget() -> None:
    """Begin to count anew, as after a restart."""
    _limiter.storage.reset()
