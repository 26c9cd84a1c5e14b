"""What becomes of clocks, against a count of every minute: whatever happens, moments are where the minutes say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from dougong.metadata.service_level import Clock
from dougong.workflows.service_levels.judging import OPEN, Facts, Standing, climbed, judged, moments
from dougong.workflows.working_time import Length, WorkingTime

START = datetime(2026, 3, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BY = WorkingTime(zone=UTC)
TARGET = 30
RUNGS = {"half": 15, "twice": 60}
CLOCK = Clock(
    key="c", label={}, target="30min",
    ladder=cast(Any, tuple(SimpleNamespace(key=key, at=f"{minutes}min") for key, minutes in RUNGS.items())),
)  # fmt: skip

EVENTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["pause", "go on", "stop", "open", "leave", "come", "look"])),
    max_size=12,
)
"""What happens, each so many minutes after the one before."""


class Minutes:
    """A clock that counts every minute one by one: what the law is held against."""

    def __init__(self) -> None:
        self.counted: int | None = None
        self.missed = False
        self.climbed: list[str] = []
        self.ended: list[str] = []

    def passes(self, minutes: int, paused: bool) -> None:
        """Time passes, and counts where it is not paused."""
        if self.counted is not None and not paused:
            self.counted += minutes

    def stands(self, wanted: bool, stopped: bool) -> None:
        """The record says how it is now."""
        if self.counted is None:
            if wanted and not stopped:
                self.counted, self.climbed, self.missed = 0, [], False
        elif not wanted or stopped:
            late = self.missed or self.counted >= TARGET
            self.ended.append("ended" if not wanted else "missed" if late else "met")
            self.counted = None

    def looks(self) -> list[str]:
        """The rungs that have come and were not climbed."""
        if self.counted is None:
            return []
        found = [key for key, at in RUNGS.items() if self.counted >= at and key not in self.climbed]
        self.climbed += found
        self.missed |= self.counted >= TARGET
        return found


@given(EVENTS)
def test_moments_are_where_the_minutes_say(events: list[tuple[int, str]]) -> None:
    """Whatever is paused, stopped, opened again and looked at: the same ends, the same rungs, the same misses."""
    said: dict[str, Any] = {"wanted": True, "stopped": False, "paused": False}
    told = {"pause": ("paused", True), "go on": ("paused", False), "stop": ("stopped", True),
            "open": ("stopped", False), "leave": ("wanted", False), "come": ("wanted", True)}  # fmt: skip
    now, clock, minutes = START, None, Minutes()
    ended: list[str] = []

    def saved(old: Standing | None) -> Standing | None:
        facts = Facts(by=BY, target=Length(TARGET * MINUTE), **said)
        known, new = judged(CLOCK, facts, now, old)
        if known is not None and known.state not in OPEN:
            ended.append(known.state)
            known = None
        return new or known

    clock = saved(clock)
    minutes.stands(True, False)
    for after, what in events:
        now += after * MINUTE
        minutes.passes(after, said["paused"])
        if what == "look":
            came = minutes.looks()
            if clock is not None:
                clock, rungs = climbed(CLOCK, BY, clock, now)
                assert [each.key for each in rungs] == came
                assert (clock.missed_at is not None) == minutes.missed
            continue
        key, value = told[what]
        said = {**said, key: value}
        clock = saved(clock)
        minutes.stands(said["wanted"], said["stopped"])
        assert ended == minutes.ended and (clock is None) == (minutes.counted is None)
        if clock is not None and minutes.counted is not None and minutes.counted < TARGET and not said["paused"]:
            assert clock.due_at == now + (TARGET - minutes.counted) * MINUTE


def test_a_beginning_of_long_ago_climbs_what_is_to_come_alone() -> None:
    """What has passed by then is passed; saving it again changes nothing."""
    facts = Facts(by=BY, wanted=True, begins=START, target=Length(TARGET * MINUTE))
    now = START + 20 * MINUTE
    _, new = judged(CLOCK, facts, now, None)
    assert new is not None and (new.climbed, new.missed_at, new.next_at) == (("half",), None, START + TARGET * MINUTE)
    assert judged(CLOCK, facts, now + MINUTE, new) == (new, None)
    late = judged(CLOCK, facts, START + 40 * MINUTE, None)[1]
    assert late is not None and (late.missed_at, late.next_at) == (START + 30 * MINUTE, START + 60 * MINUTE)
    assert dict(moments(CLOCK, BY, replace(late, climbed=("half", "twice")))) == {}
