"""When a record is due to be taken: days that count, days that do not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from dougong.formulas import WorkingCalendar
from dougong.workflows.away import NEVER, Away

Verdict = Literal["take", "warn", "warned", "later"]


LONGEST = 20_000
"""How many days are looked at: somebody away without end loses nothing."""


def due_on(
    start: date, days: int, count: str, calendar: WorkingCalendar, away: Away = NEVER, not_before: date | None = None
) -> date | None:
    """The day on which `days` days that count have passed since `start`, not before `not_before`; None for never.

    Days on which the owner is absent do not count, and none of them is the day itself.
    """
    here: date | None
    if away == NEVER:
        here = calendar.after(start, days) if count == "working" else start + timedelta(days=days)
    else:
        here = _walked(start, days, count, calendar, away)
    if here is None:
        return None
    here = max(here, not_before) if not_before is not None else here
    if not away.on(here):
        return here
    return away.until + timedelta(days=1) if away.until is not None else None


def _walked(start: date, days: int, count: str, calendar: WorkingCalendar, away: Away) -> date | None:
    here, left = start, days
    for _ in range(LONGEST):
        if not left:
            return here
        here += timedelta(days=1)
        if not away.on(here) and (count == "all" or calendar.is_workday(here)):
            left -= 1
    return None


def verdict(today: date, due: date, warn: int, warned_due: date | None, ready: date | None) -> Verdict:
    """What is to be done on a day about a record that is due on `due`.

    A warning counts for the day that it named and for earlier ones. `ready` is the first day on which what was warned
    of may be taken, None for never: what was warned of late waits its days.
    """
    if not warn:
        return "take" if due <= today else "later"
    if warned_due is None or warned_due < due:
        return "warn" if due - timedelta(days=warn) <= today else "later"
    return "take" if ready is not None and max(due, ready) <= today else "warned"
