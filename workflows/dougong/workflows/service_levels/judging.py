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
from dougong.workflows.service_levels.counting import Counting, Gap, Length, joined

State = Literal["running", "paused", "met", "missed", "anew", "ended"]

OPEN = ("running", "paused")
"""States of clocks that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a record for one clock: whether it is to run (`wanted`), is stopped, or is paused.

    `begins` is from when it counts, None for the moment at which it starts; `away` are days that do not count.
    """

    wanted: bool
    stopped: bool = False
    paused: bool = False
    begins: datetime | None = None
    target: Length | None = None
    away: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a clock of a record stands. `gaps` are pauses that are over; `climbed` are rungs that are done or passed."""

    state: State
    began_at: datetime
    target: Length | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None
    gaps: tuple[Gap, ...] = ()
    climbed: tuple[str, ...] = ()
    next_at: datetime | None = None
    missed_at: datetime | None = None
    ended_at: datetime | None = None


def judged(
    clock: Clock, counting: Counting, facts: Facts, now: datetime, old: Standing | None
) -> tuple[Standing | None, Standing | None]:
    """Of an open clock (`old`) what it is now, ended or not; and the one that begins now, if any."""
    runs = facts.wanted and not facts.stopped
    if old is None:
        return None, _begun(clock, counting, facts, now) if runs else None
    if not runs:
        return _ended(old, "met" if facts.wanted else "ended", now), None
    if facts.begins is not None and facts.begins != old.began_at:
        return _ended(old, "anew", now), _begun(clock, counting, facts, now)
    if facts.paused and old.paused_at is None:
        old = replace(old, state="paused", paused_at=now)
    elif not facts.paused and old.paused_at is not None:
        old = replace(old, state="running", paused_at=None, gaps=joined((*old.gaps, (old.paused_at, now))))
    return _timed(clock, counting, old, facts.away), None


def _begun(clock: Clock, counting: Counting, facts: Facts, now: datetime) -> Standing:
    """A clock that begins, or began some time ago: rungs whose moments have passed by then are not climbed."""
    state: State = "paused" if facts.paused else "running"
    new = Standing(
        state=state,
        began_at=facts.begins or now,
        target=facts.target,
        paused_at=now if facts.paused else None,
    )
    gone = [each.key for each, at in moments(clock, counting, new, facts.away) if at is not None and at <= now]
    found = _timed(clock, counting, replace(new, climbed=tuple(gone)), facts.away)
    if found.due_at is None or found.due_at > now:
        return found
    return replace(found, missed_at=found.due_at, next_at=_next(clock, counting, found, facts.away, True))


def _ended(old: Standing, state: State, now: datetime) -> Standing:
    missed = old.missed_at or (old.due_at if old.due_at is not None and old.due_at <= now else None)
    if state == "met" and missed is not None:
        state = "missed"
    return replace(old, state=state, ended_at=now, next_at=None, missed_at=missed)


def _timed(clock: Clock, counting: Counting, old: Standing, away: tuple[Gap, ...]) -> Standing:
    """The same with its moments, as they are now."""
    due = counting.after(old.began_at, old.target, _gaps(old, away)) if old.target is not None else None
    found = replace(old, due_at=due)
    return replace(found, next_at=_next(clock, counting, found, away, found.missed_at is not None))


def _gaps(old: Standing, away: tuple[Gap, ...]) -> tuple[Gap, ...]:
    open_end: tuple[Gap, ...] = ((old.paused_at, None),) if old.paused_at is not None else ()
    return joined((*old.gaps, *away, *open_end))


def moments(
    clock: Clock, counting: Counting, standing: Standing, away: tuple[Gap, ...]
) -> Iterator[tuple[Rung, datetime | None]]:
    """When each rung that is not climbed yet comes; None where that cannot be told: it is paused, or has no target."""
    gaps = _gaps(standing, away)
    for rung in clock.ladder:
        if rung.key in standing.climbed:
            continue
        length = _length(rung, standing.target)
        yield rung, counting.after(standing.began_at, length, gaps) if length is not None else None


def _length(rung: Rung, target: Length | None) -> Length | None:
    if not rung.at.endswith("%"):
        return Length.read(rung.at)
    return target.part(int(rung.at[:-1])) if target is not None else None


def _next(
    clock: Clock, counting: Counting, standing: Standing, away: tuple[Gap, ...], was_missed: bool
) -> datetime | None:
    found = [at for _, at in moments(clock, counting, standing, away) if at is not None]
    if standing.due_at is not None and not was_missed:
        found.append(standing.due_at)
    return min(found, default=None)


def climbed(
    clock: Clock, counting: Counting, old: Standing, away: tuple[Gap, ...], now: datetime
) -> tuple[Standing, tuple[Rung, ...]]:
    """An open clock at a moment: how it stands then, and the rungs that come now, in their order."""
    old = _timed(clock, counting, old, away)
    come = [(at, each) for each, at in moments(clock, counting, old, away) if at is not None and at <= now]
    missed = old.missed_at or (old.due_at if old.due_at is not None and old.due_at <= now else None)
    found = replace(old, climbed=(*old.climbed, *(each.key for _, each in come)), missed_at=missed)
    found = replace(found, next_at=_next(clock, counting, found, away, missed is not None))
    return found, tuple(each for _, each in sorted(come, key=lambda one: one[0]))
