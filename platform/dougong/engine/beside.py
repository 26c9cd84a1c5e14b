"""Compiling beside requests, in a process that serves: how it shares Python's one lock, and keeps its collector away.

A thread that computes gives the lock up when another one has asked for it for `sys.getswitchinterval`, 5 ms: a page
lets it go around each statement, and waits as often beside a thread that compiles. And a compiled revision is some
fifty thousand objects that stay: a search for garbage that goes through all of them stops every thread for 0.1 s.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TURN_SECONDS = 0.0002
"""How long who computes beside requests keeps them waiting each time that they want the lock."""

YOUNG = 10_000
"""How many objects who serves makes before Python looks for circles among them. A record page makes some 700 and hardly
a circle; after each 700, as Python would, the search is a fortieth of the page."""

_lock = threading.Lock()
_within = {"uncollected": 0, "beside": 0}
_usual = (gc.isenabled(), sys.getswitchinterval())
_serving = False


def begin_serving() -> None:
    """From now on this process serves: what it has made so far, and what it compiles, is no garbage."""
    global _serving
    _serving = True
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


@contextmanager
def uncollected() -> Iterator[None]:
    """Within, Python does not look for circles of objects to free, in any thread.

    What a batch of an import makes is thousands of objects without a circle, gone with the batch; to look for one goes
    through all of them, and through what was compiled since the process began, again and again.
    """
    _count("uncollected", 1)
    try:
        yield
    finally:
        _count("uncollected", -1)


def collect_young() -> None:
    """Free the circles among what was made of late, for who is `uncollected` for long."""
    gc.collect(1)


@contextmanager
def beside_requests() -> Iterator[None]:
    """Within, this thread makes something large that stays, while others answer requests."""
    with uncollected():
        _count("beside", 1)
        try:
            yield
            if _serving:
                gc.freeze()  # a moment, however much there is
        finally:
            _count("beside", -1)


@contextmanager
def in_turns() -> Iterator[None]:
    """Within, whoever waits for Python's lock is kept waiting for a moment alone, by any thread."""
    _count("beside", 1)
    try:
        yield
    finally:
        _count("beside", -1)


def collect() -> None:
    """Free the circles among what was kept and is not used any more. Stops every thread for some tenths of a second."""
    if _serving:
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def _count(what: str, by: int) -> None:
    global _usual
    with _lock:
        if not any(_within.values()):
            _usual = (gc.isenabled(), sys.getswitchinterval())
        _within[what] += by
        if _usual[0]:
            (gc.disable if _within["uncollected"] else gc.enable)()
        sys.setswitchinterval(TURN_SECONDS if _within["beside"] else _usual[1])
