"""Automations, as the compiled model has them: what sets one off, under which condition, what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong.base.language import Labels
from dougong.formulas import Formula
from dougong.metadata.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What sets an automation off; which attributes say something depends on `type`.

    record: `on` ("create", "change", "delete"), `fields` whose change counts (any where empty). date: `field` with
    `offsets` ("-7d", "0d", "2 working days"), `at` a time of day ("09:00"), `days` that count, `yearly` for
    anniversaries. schedule: `cron` in the company's zone. button: none. hook: `endpoint`.
    sla: none; a rung of a ladder.
    """

    type: Literal["record", "date", "schedule", "button", "hook", "sla"]
    on: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    field: str | None = None
    offsets: tuple[str, ...] = ()
    at: str = "09:00"
    days: Literal["all", "working"] = "all"
    yearly: bool = False
    cron: str | None = None
    endpoint: str | None = None
    imported: bool | None = None
    """Of records that are made: True for rows of an import alone, False for all others; None for both."""
    before_save: bool = False
    """Whether its steps set values of the record while it is saved; only steps that set fields may stand there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """One automation. `when` is asked of the record as it is after the change (PRIORVALUE tells what was)."""

    name: str
    own: str
    object: str
    label: Labels
    body: Mapping[str, Any]
    trigger: Trigger
    steps: tuple[Step, ...]
    when: Formula | None = None
    active: Formula | bool = True
    per_record_per_day: int | None = None
    run_as: Literal["system", "person"] = "system"
