"""Schedules: cron expressions, checked and asked for their next moments in a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def wrong(expression: str) -> str | None:
    """Why `expression` is no schedule; None where it is one."""
    try:
        next(CronSim(expression, _SOME_DAY))
    except CronSimError as error:
        return str(error)
    except StopIteration:
        return "it never comes"
    return None


def moments(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The moments of a schedule after a moment, in UTC, without end; days begin in `zone`."""
    for found in CronSim(expression, after.astimezone(zone)):
        yield found.astimezone(UTC)
