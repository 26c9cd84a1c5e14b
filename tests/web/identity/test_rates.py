"""Counting requests takes no thread, and forgets what is over."""

from __future__ import annotations

import threading

import pytest

from dougong.web.identity import rates
from dougong.web.identity.rates import Counters, TooManyRequests


def test_as_many_as_allowed_are_let_through_and_nobody_else_is_held_back() -> None:
    for _ in range(3):
        rates.count(3, "call", "one")
    with pytest.raises(TooManyRequests):
        rates.count(3, "call", "one")
    rates.count(3, "call", "other")


def test_counting_begins_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise AssertionError("a thread was begun")

    monkeypatch.setattr(threading.Thread, "start", start)
    rates.count(3, "call", "one")


def test_what_is_over_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = Counters()
    counters.incr("over", expiry=-1)
    counters.incr("running", expiry=600)
    counters.sweep()
    assert set(counters.expirations) == {"over", "running"}
    monkeypatch.setattr(rates, "SWEPT_SECONDS", 0.0)
    counters.sweep()
    assert set(counters.expirations) == set(counters.storage) == {"running"}
