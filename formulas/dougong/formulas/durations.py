"""Arithmetic on moments and times of day, exact in whole microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from dougong.formulas.decimals import EXACT, WIDE
from dougong.formulas.evaluation import EvaluationError, Failure

DAY_MILLISECONDS = 86_400_000
DAY_MICROSECONDS = 86_400_000_000
_DAY_SECONDS = Decimal(86_400)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def shifted(moment: datetime, days: Decimal) -> datetime:
    """`moment` moved by `days`, the move rounded half up to whole seconds.

    Raises:
        EvaluationError: before the year 1 or after 9999.
    """
    seconds = WIDE.multiply(days, _DAY_SECONDS).quantize(Decimal(1), ROUND_HALF_UP, WIDE)
    try:
        return moment + timedelta(seconds=int(seconds))
    except OverflowError:
        raise EvaluationError(Failure.OUT_OF_RANGE) from None


def exact_days(length: timedelta) -> Decimal:
    """`length` in days, to 39 digits."""
    return EXACT.divide(Decimal(microseconds(length)), Decimal(DAY_MICROSECONDS))


def microseconds(length: timedelta) -> int:
    """`length` in whole microseconds."""
    return length // timedelta(microseconds=1)


def milliseconds(clock: time) -> int:
    """Milliseconds since midnight; what is finer is cut."""
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1000 + clock.microsecond // 1000


def as_time(count: int) -> time:
    """The time of day `count` milliseconds after midnight, wrapped into one day."""
    seconds, millisecond = divmod(count % DAY_MILLISECONDS, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return time(hour, minute, second, millisecond * 1000)


def seconds_since_epoch(moment: datetime) -> int:
    """Whole seconds since 1970-01-01 UTC; what is finer is cut toward the past."""
    return microseconds(moment - EPOCH) // 1_000_000
