"""Which actions a record is offered: those whose condition holds for it as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.plan import plan_of
from dougong.engine.saving.related import Related
from dougong.engine.saving.row import Row
from dougong.formulas import Formula

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


def withheld(unit: Unit, object_name: str, values: Mapping[str, Any]) -> frozenset[str]:
    """The actions of an object that a record with `values` is not offered; one statement per lookup looked behind."""
    actions = unit.runtime.model.objects[object_name].actions
    conditions: dict[str, Formula] = {key: body["visible"] for key, body in actions.items() if "visible" in body}
    if not conditions:
        return frozenset()
    plan = plan_of(unit.runtime, object_name)
    expressions = Expressions(unit, Related(unit))
    expressions.follow((values,), formula_needs(plan, conditions.values()))
    row = Row(0, "update", plan, str(values.get("id") or ""), {}, before=dict(values), values=dict(values))
    return frozenset(key for key, when in conditions.items() if not expressions.holds(when, row))
