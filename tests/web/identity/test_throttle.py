"""The brake on guessing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.web.identity import throttle
from dougong.web.identity.policy import Policy
from dougong.web.identity.throttle import Brake

ASKED = Policy(free_tries=3, longest_wait_minutes=2)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (2, 0), (3, 32), (4, 64), (5, 120), (99, 120)])
def test_each_further_try_waits_longer(failures: int, seconds: int) -> None:
    assert throttle.account(ASKED, "someone", "").wait(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("testclient", "testclient", True),
    ],
)
def test_addresses_of_one_customer_share_a_brake(one: str, other: str, same: bool) -> None:
    assert (throttle.address(ASKED, one) == throttle.address(ASKED, other)) is same


def test_tries_are_counted_forgotten_and_forgiven(empty_company: Company) -> None:
    """Each after its time, and by hand."""
    brake, other = throttle.account(ASKED, "someone", ""), throttle.account(ASKED, None, "Nobody ")
    assert other == throttle.account(ASKED, None, "nobody")

    def take(one: Brake) -> timedelta | None:
        return empty_company.write(SYSTEM, lambda unit: throttle.take(unit, (one,)))

    with time_machine.travel("2026-03-01 09:00:00Z", tick=False) as clock:
        assert [take(brake) for _ in range(4)] == [None, None, None, timedelta(seconds=32)]
        assert take(other) is None
        clock.shift(33)
        assert take(brake) is None
        assert take(brake) == timedelta(seconds=64)
        clock.shift(timedelta(hours=25))
        assert [take(brake) for _ in range(4)] == [None, None, None, timedelta(seconds=32)]
        empty_company.write(SYSTEM, lambda unit: throttle.unlock(unit, "someone"))
        assert take(brake) is None


def test_tries_at_once_count_as_many(empty_company: Company) -> None:
    """However many ask at the same moment, no more are let through than one after another."""
    brake = throttle.account(ASKED, "someone", "")
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: empty_company.write(SYSTEM, lambda unit: throttle.take(unit, (brake,))), range(16))
        )
    assert found.count(None) == ASKED.free_tries
