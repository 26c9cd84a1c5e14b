"""Durations as documents write them: ``30min``, ``4h``, ``3d``, ``8 working hours``, ``2 working days``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Unit = Literal["min", "h", "d", "working hours", "working days"]

_FORM = re.compile(r"(-?[0-9]{1,4}) ?(min|h|d|working hours?|working days?)")


@dataclass(frozen=True, slots=True)
class Duration:
    """So many of a unit; negative before something. Working hours and days are those of the company's calendar."""

    amount: int
    unit: Unit


def duration(text: str) -> Duration | None:
    """The duration that `text` says; None where it says none."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    amount, unit = int(found[1]), found[2]
    units: dict[str, Unit] = {"working hour": "working hours", "working day": "working days"}
    known: dict[str, Unit] = {"min": "min", "h": "h", "d": "d", "working hours": "working hours"}
    return Duration(amount, units.get(unit) or known.get(unit) or "working days")
