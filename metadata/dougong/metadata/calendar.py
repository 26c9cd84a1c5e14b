"""A calendar of a company as the compiled model has it."""

from __future__ import annotations

from dataclasses import dataclass

from dougong.base.language import Labels
from dougong.formulas import WorkingCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days are worked and when the fiscal year begins; `default` marks the company's."""

    name: str
    label: Labels
    working: WorkingCalendar
    default: bool = False
