"""What becomes of a clock when its record is saved, or its moment comes. Nothing is read or written here.

(none) → running ⇄ paused → met       stopped in time                    missed  stopped, too late
                          → anew      its beginning became another: the next one begins with its whole ladder
                          → ended     nobody waits for it any more
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dougong.metadata.service_level import Clock, Rung
from dougong.workflows.working_time import Length, Span, WorkingTime, due_at, length_of

State = Literal["running", "paused", "met", "missed", "anew", "ended"]

OPEN = ("running", "paused")
"""States of clocks that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a record for one clock: whether it is to run (`wanted`), is stopped, or is paused.

    `begins` is from when it counts, None for the moment at which it starts; `by` is the time that counts.
    """

    by: WorkingTime
    wanted: bool
    stopped: bool = False
    paused: bool = False
    begins: datetime | None = None
    target: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a clock of a record stands. `gaps` are pauses that are over; `climbed` are rungs that are done or passed."""

    state: State
    began_at: datetime
    target: Length | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None
    gaps: tuple[Span, ...] = ()
    climbed: tuple[str, ...] = ()
    next_at: datetime | None = None
    missed_at: datetime | None = None
    ended_at: datetime | None = None


def judged(clock: Clock, facts: Facts, now: datetime, old: Standing | None) -> tuple[Standing | None, Standing | None]:
    """Of an open clock (`old`) what it is now, ended or not; and the one that begins now, if any."""
    runs = facts.wanted and not facts.stopped
    if old is None:
        return None, _begun(clock, facts, now) if runs else None
    if not runs:
        return _ended(old, "met" if facts.wanted else "ended", now), None
    if facts.begins is not None and facts.begins != old.began_at:
        return _ended(old, "anew", now), _begun(clock, facts, now)
    if facts.paused and old.paused_at is None:
        old = replace(old, state="paused", paused_at=now)
    elif not facts.paused and old.paused_at is not None:
        old = replace(old, state="running", paused_at=None, gaps=(*old.gaps, (old.paused_at, now)))
    return _timed(clock, facts.by, old), None


def _begun(clock: Clock, facts: Facts, now: datetime) -> Standing:
    """A clock that begins, or began some time ago: rungs whose moments have passed by then are not climbed."""
    new = Standing(
        state="paused" if facts.paused else "running",
        began_at=facts.begins or now,
        target=facts.target,
        paused_at=now if facts.paused else None,
    )
    gone = tuple(each.key for each, at in moments(clock, facts.by, new) if at is not None and at <= now)
    found = _timed(clock, facts.by, replace(new, climbed=gone))
    return _late(clock, facts.by, found, now)


def _ended(old: Standing, state: State, now: datetime) -> Standing:
    missed = _missed(old, now)
    if state == "met" and missed is not None:
        state = "missed"
    return replace(old, state=state, ended_at=now, next_at=None, missed_at=missed)


def climbed(clock: Clock, by: WorkingTime, old: Standing, now: datetime) -> tuple[Standing, tuple[Rung, ...]]:
    """An open clock at a moment: how it stands then, and the rungs that come now, in their order."""
    old = _timed(clock, by, old)
    come = [(at, each) for each, at in moments(clock, by, old) if at is not None and at <= now]
    found = replace(old, climbed=(*old.climbed, *(each.key for _, each in come)))
    return _late(clock, by, found, now), tuple(each for _, each in sorted(come, key=lambda one: one[0]))


def _missed(old: Standing, now: datetime) -> datetime | None:
    """When the target was missed; None where it was not, by now."""
    return old.missed_at or (old.due_at if old.due_at is not None and old.due_at <= now else None)


def _late(clock: Clock, by: WorkingTime, old: Standing, now: datetime) -> Standing:
    """The same, missed where its time is over, waiting for what comes next."""
    found = replace(old, missed_at=_missed(old, now))
    return replace(found, next_at=_next(clock, by, found))


def _timed(clock: Clock, by: WorkingTime, old: Standing) -> Standing:
    """The same with its moments, as they are now."""
    found = replace(old, due_at=_at(old, old.target, by))
    return replace(found, next_at=_next(clock, by, found))


def _next(clock: Clock, by: WorkingTime, standing: Standing) -> datetime | None:
    found = [at for _, at in moments(clock, by, standing) if at is not None]
    if standing.due_at is not None and standing.missed_at is None:
        found.append(standing.due_at)
    return min(found, default=None)


def moments(clock: Clock, by: WorkingTime, standing: Standing) -> Iterator[tuple[Rung, datetime | None]]:
    """When each rung that is not climbed yet comes; None where that cannot be told: it is paused, or has no target."""
    for rung in clock.ladder:
        if rung.key not in standing.climbed:
            is_part = rung.at.endswith("%")
            length = length_of(rung.at, standing.target) if standing.target is not None or not is_part else None
            yield rung, _at(standing, length, by)


def _at(standing: Standing, length: Length | None, by: WorkingTime) -> datetime | None:
    """When so much has been counted; None where a pause that is not over comes before."""
    if length is None:
        return None
    found = due_at(standing.began_at, length, by, standing.gaps)
    return found if standing.paused_at is None or found <= standing.paused_at else None
