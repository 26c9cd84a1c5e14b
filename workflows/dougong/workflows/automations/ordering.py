"""In which order runs are carried out: those that call outside about the same record, one after the other.

Calls of one place about one record arrive in the order of the changes. Each call waits for those that were asked for
before it (`steps.call`); runs that ask for them wait for each other here, so that they ask in the order in which the
changes were made. A run gives way to later ones when it waits by a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong.base.step_types import STEP_TYPES
from dougong.engine.lanes import lane
from dougong.engine.runtime import Runtime
from dougong.engine.unit import Unit
from dougong.formulas import Formula
from dougong.metadata.automation import Automation
from dougong.metadata.model import Model
from dougong.metadata.steps import Step, every_step
from dougong.workflows.steps.doing import Doing
from dougong.workflows.steps.evaluating import Evaluating

ORDER_KEY = "/order_key"
"""Where the formula stands, in what a step is given, whose equal values are in order of each other."""


@dataclass(frozen=True, slots=True)
class Calling:
    """A step that calls a place in order; `key`, where what is in order is said by a formula over the run's records."""

    place: str
    step: Step
    key: Formula | None


def lanes_of(unit: Unit, automation: Automation, ids: Sequence[str], trigger: Mapping[str, Any]) -> list[str]:
    """The lanes in which a run over `ids` stands; none where none of its steps calls in order."""
    calls = _calls_of(unit.runtime, automation)
    places = sorted({each.place for each in calls})
    found = [lane("run", place, f"{automation.object}:{id}") for place in places for id in ids]
    keyed = [(each, each.key) for each in calls if each.key is not None]
    if keyed:
        doing = Doing(
            unit=unit, step=keyed[0][0].step, object=automation.object, ids=ids, key="", values={}, people={},
            name=f"automation:{automation.name}", trigger=trigger,
        )  # fmt: skip
        evaluating = Evaluating(doing)
        evaluating.load(key for _, key in keyed)
        values = ((each.place, evaluating.text(key, id)) for each, key in keyed for id in ids)
        found += [lane("run", place, "=", str(value)) for place, value in values if value not in (None, "")]
    return found


def _calls_of(runtime: Runtime, automation: Automation) -> tuple[Calling, ...]:
    """The steps that call in order, of an automation and of those that it sets off; worked out once a revision."""
    known: dict[str, tuple[Calling, ...]] = runtime.prepared.setdefault("workflows.calls", {})
    found = known.get(automation.name)
    if found is None:
        found = known[automation.name] = tuple(_calls(runtime.model, automation, {automation.name}))
    return found


def _calls(model: Model, automation: Automation, seen: set[str]) -> Iterator[Calling]:
    for step, at_top in every_step(automation.steps):
        place = STEP_TYPES[step.do].in_order_at(step.given)
        if place is not None:
            yield Calling(place, step, step.formulas.get(ORDER_KEY) if at_top else None)
        other = model.workflows.automations.get(str(step.given.get("automation"))) if step.do == "run" else None
        if other is not None and other.name not in seen:
            seen.add(other.name)
            yield from _calls(model, other, seen)
