"""Steps: what approvals and automations do, as the compiled model has them.

What a step of some kind is given and does is said by its `StepType` (`dougong.base.step_types`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dougong.formulas import Formula

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action: what to do, with what. `formulas` are those of `given`, by JSON pointer below it, compiled."""

    key: str
    do: str
    given: Mapping[str, Any]
    formulas: Mapping[str, Formula] = field(default_factory=lambda: _NOTHING)
    branches: tuple[StepBranch, ...] = ()
    """Of a branch."""
    otherwise: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    """Of a loop: what is done for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBranch:
    """One way of a step that branches."""

    key: str
    when: Formula
    steps: tuple[Step, ...]


def every_step(steps: Iterable[Step], at_top: bool = True) -> Iterator[tuple[Step, bool]]:
    """Every step of a list and of those inside, and whether it is about the records of the run, not those of a loop."""
    for step in steps:
        yield step, at_top
        for branch in step.branches:
            yield from every_step(branch.steps, at_top)
        yield from every_step(step.otherwise, at_top)
        yield from every_step(step.steps, False)
