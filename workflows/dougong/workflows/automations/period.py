"""What an automation would have done in a period: set off by what really happened, with nothing written.

What happened is looked up by `dougong.workflows.automations.happened`. The steps are rehearsed on the records as they
are now.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from datetime import datetime

from dougong.base.errors import DougongError, Problem
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM, Actor
from dougong.engine.company import Company
from dougong.engine.unit import Unit
from dougong.metadata.automation import Automation
from dougong.workflows.automations import clock
from dougong.workflows.automations.happened import MOST_EVENTS, Event, Span, TimeUp, events
from dougong.workflows.automations.previewing import Preview, refuse, rehearse

MOST_REHEARSED = 50
"""Records for which the steps are rehearsed: each is a transaction of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a preview goes: up to before `until` (now), for so many records, and for about so many `seconds`."""

    until: datetime | None = None
    rehearse: int = MOST_REHEARSED
    seconds: float = math.inf


EVERYTHING = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What it would write for one event; `problems` say why that cannot be told."""

    event: Event
    preview: Preview | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`fired` counts the events that would have set it off, `records` those concerned; `seen` how many were looked at.

    `rehearsed` are the latest of them, one for each record; `complete` says whether every event was looked at, `late`
    that there was no time for all that was wanted.
    """

    automation: Automation
    fired: int
    records: int
    seen: int
    complete: bool
    late: bool
    rehearsed: tuple[Rehearsed, ...]
    remarks: tuple[Message, ...]


@dataclass(slots=True)
class _Search:
    """What was found so far."""

    fired: list[Event]
    seen: int = 0
    late: bool = False

    def look(self, unit: Unit, automation: Automation, span: Span) -> None:
        """Go through the events, as far as there is time and not too many of them."""
        try:
            for event in events(unit, automation, span):
                self.seen += 1
                if event is not None:
                    self.fired.append(event)
                if self.seen >= MOST_EVENTS:
                    return
        except TimeUp:
            self.late = True

    def latest(self) -> list[Event]:
        """The latest event of each record, the latest of all first."""
        found: dict[str, Event] = {}
        for event in sorted(self.fired, key=lambda each: each.at, reverse=True):
            found.setdefault(event.record, event)
        return list(found.values())


def over(
    unit: Unit, automation: Automation, since: datetime, limits: Limits = EVERYTHING, reader: Actor | None = None
) -> Period:
    """What `automation` would have done since a moment; whom it would concern is looked up in `unit`.

    Half of the time is for what happened, what is left of it for the steps. `reader` is for whom previews say what they
    may see.

    Raises:
        Rejected: the automation runs while saving.
    """
    refuse(automation)
    unit, begun = unit.acting(SYSTEM), time.monotonic()
    found = _Search([])
    span = Span(since=since, until=limits.until or unit.now, ends=begun + limits.seconds / 2)
    found.look(unit, replace(automation, active=True), span)
    latest = found.latest()
    wanted = latest[: max(0, min(limits.rehearse, MOST_REHEARSED))]
    done: list[Rehearsed] = []
    for event in wanted:
        if time.monotonic() > begun + limits.seconds:
            break
        done.append(_rehearsed(unit.company, automation, event, reader))
    remarks = [msg("The steps are shown with the records as they are now.")]
    if not clock.is_on(unit, automation):
        remarks.append(msg("It is switched off: this is what it would do if it were on."))
    return Period(
        automation=automation,
        fired=len(found.fired),
        records=len(latest),
        seen=found.seen,
        complete=found.seen < MOST_EVENTS and not found.late,
        late=found.late or len(done) < len(wanted),
        rehearsed=tuple(done),
        remarks=tuple(remarks),
    )


def _rehearsed(company: Company, automation: Automation, event: Event, reader: Actor | None) -> Rehearsed:
    try:
        found = rehearse(company, automation, event, reader)
    except DougongError as error:
        return Rehearsed(event=event, preview=None, problems=tuple(error.problems))
    return Rehearsed(event=event, preview=found)
