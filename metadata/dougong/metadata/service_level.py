"""Service levels, as the compiled model has them: clocks of records, what each waits for, and its ladder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.language import Labels
from dougong.formulas import Formula
from dougong.metadata.automation import Automation
from dougong.metadata.durations import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTable:
    """A target out of rows of `object`: the `field` of the row that fits counts `unit`.

    A row fits where each of its fields in `match` is blank or what the formula gives for the record; of several the one
    with the fewest blank fields counts.
    """

    object: str
    match: Mapping[str, Formula]
    field: str
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of a ladder, `at` a part of the target ("75%") or a time after the clock began ("14d").

    What is done is an automation like any other: it has runs, is pinned to what was in force, and can be stopped.
    """

    key: str
    label: Labels
    at: str
    automation: Automation


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What is timed: it runs while `start` holds, from `begins` on, not while `pause` holds, until `stop` does.

    `target` is a duration as documents write it, or a table. `calendar` is the name of a calendar, None for the
    company's. `skips_absent`: days on which the owner is absent do not count.
    """

    key: str
    label: Labels
    start: Formula | None = None
    begins: Formula | None = None
    stop: Formula | None = None
    pause: Formula | None = None
    target: str | TargetTable | None = None
    calendar: str | None = None
    skips_absent: bool = False
    ladder: tuple[Rung, ...] = ()

    def formulas(self) -> Iterator[Formula]:
        """The formulas that say how a clock stands."""
        yield from (each for each in (self.start, self.begins, self.stop, self.pause) if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """The clocks of the records of an object for which `when` holds."""

    name: str
    own: str
    object: str
    label: Labels
    body: Mapping[str, Any]
    clocks: tuple[Clock, ...]
    when: Formula | None = None

    def formulas(self) -> Iterator[Formula]:
        """Everything that is asked of a record to know how its clocks stand; what tables are matched by as well."""
        if self.when is not None:
            yield self.when
        for each in self.clocks:
            yield from each.formulas()
            if isinstance(each.target, TargetTable):
                yield from each.target.match.values()
