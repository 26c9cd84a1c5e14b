"""What changes of records set off: asked of every batch that is saved, once for the whole batch.

An automation that runs before saving sets values of the rows there and then. For any other, one run is asked for with
all the records of the batch that it is for, in the transaction that changes them: it is there exactly when they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from dougong.base.field_types import ValueRefused
from dougong.engine.runtime import Runtime
from dougong.engine.saving.expressions import Expressions, formula_needs, refuse_result
from dougong.engine.saving.plan import ObjectPlan
from dougong.engine.saving.related import Needs, Related
from dougong.engine.saving.row import Row, grouped
from dougong.engine.unit import Unit
from dougong.formulas import Formula
from dougong.metadata.automation import Automation
from dougong.metadata.model import Model
from dougong.workflows.automations import starting

EVENTS: Mapping[str, str] = {"create": "create", "update": "change", "derive": "change", "delete": "delete"}
"""What happens to a row, as triggers call it. A record that comes out of the bin sets nothing off."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The automations that changes of one object set off, by when they run."""

    before: tuple[Automation, ...] = ()
    after: tuple[Automation, ...] = ()


NOBODY = Listening()


def listening(runtime: Runtime) -> Mapping[str, Listening]:
    """By object, who listens to its changes; worked out once a revision."""
    found: Mapping[str, Listening] | None = runtime.prepared.get("workflows.listening")
    if found is None:
        found = runtime.prepared["workflows.listening"] = _listening(runtime.model)
    return found


def _listening(model: Model) -> Mapping[str, Listening]:
    found: dict[str, Listening] = {}
    for name in sorted(model.workflows.automations):
        each = model.workflows.automations[name]
        if each.trigger.type != "record":
            continue
        known = found.get(each.object, NOBODY)
        when = "before" if each.trigger.before_save else "after"
        found[each.object] = dataclasses.replace(known, **{when: (*getattr(known, when), each)})
    return found


def is_indifferent(model: Model, object_name: str, fields: Set[str]) -> bool:
    """Whether no automation listens to changes of these fields of an object."""
    return not any(
        each.object == object_name
        and each.trigger.type == "record"
        and (not each.trigger.fields or not each.trigger.fields.isdisjoint(fields))
        for each in model.workflows.automations.values()
    )


def before_save(unit: Unit, rows: Sequence[Row]) -> bool:
    """Set what automations set while records are saved; True where a value changed."""
    known = listening(unit.runtime)
    concerned = [row for row in rows if not row.extra and row.doing in ("create", "update")]
    if not any(row.plan.name in known for row in concerned):
        return False
    touched = False
    for plan, group in grouped(concerned):
        automations = known.get(plan.name, NOBODY).before
        if automations:
            expressions = _expressions(unit, group)
            for each in automations:
                touched |= _set(expressions, plan, each, meant(expressions, plan, each, group))
    return touched


def _set(expressions: Expressions, plan: ObjectPlan, automation: Automation, rows: Sequence[Row]) -> bool:
    touched = False
    for step in automation.steps:
        formulas = {pointer[1:]: each for pointer, each in step.formulas.items()}
        expressions.follow((row.values for row in rows), _needs(plan, formulas.values()))
        for row in rows:
            for name, formula in formulas.items():
                touched |= _set_one(expressions, row, name, formula)
    return touched


def _set_one(expressions: Expressions, row: Row, name: str, formula: Formula) -> bool:
    field = row.plan.object.fields[name]
    try:
        value = expressions.field_value(formula, field, row)
    except ValueRefused as refused:
        refuse_result(row, field, refused)
        return False
    row.edited.add(name)
    if value == row.values.get(name):
        return False
    row.values[name] = value
    return True


def after_save(unit: Unit, rows: Sequence[Row]) -> None:
    """Ask for one run of each automation that the batch sets off."""
    known = listening(unit.runtime)
    concerned = [row for row in rows if row.doing in EVENTS and row.plan.name in known]
    for plan, group in grouped(concerned) if concerned else ():
        automations = known[plan.name].after
        if not automations:
            continue
        expressions = _expressions(unit, rows)
        for each in automations:
            for event in sorted(each.trigger.on):
                found = meant(expressions, plan, each, [row for row in group if EVENTS[row.doing] == event])
                if found:
                    starting.by_change(unit, each, event, [row.id for row in found])


def _expressions(unit: Unit, rows: Sequence[Row]) -> Expressions:
    """Formulas over rows of a batch; what names a row of the batch finds it as it is now."""
    related = Related(unit)
    for row in rows:
        related.put(row.plan.name, row.id, row.values)
    return Expressions(unit, related)


def meant(expressions: Expressions, plan: ObjectPlan, automation: Automation, rows: Sequence[Row]) -> list[Row]:
    """Those of `rows` that an automation is for, as they are now."""
    events, fields = automation.trigger.on, automation.trigger.fields
    imported = automation.trigger.imported
    if imported is not None and imported != (expressions.unit.actor.channel == "import"):
        events = events - {"create"}
    names = fields or [name for name in plan.slots if name not in UNSEEN]
    found = [
        row for row in rows if EVENTS[row.doing] in events and (row.new or row.doing == "delete" or _moved(row, names))
    ]
    if not found or not _is_on(expressions, automation, found[0]):
        return []
    if automation.when is None:
        return found
    expressions.follow((row.values for row in found), _needs(plan, (automation.when,)))
    if automation.when.save_only:
        expressions.follow((row.before for row in found if row.before), _needs(plan, (automation.when,)))
    return expressions.held(automation.when, found)


def _moved(row: Row, names: Collection[str]) -> bool:
    """Whether one of the fields `names` changed; what nobody touched is the same object."""
    pairs = zip(map(row.values.get, names), map(row.before.get, names), strict=True)
    return any(new is not old and new != old for new, old in pairs)


UNSEEN = frozenset({"id", "version", "updated_at", "updated_by", "created_at", "created_by"})
"""Fields that change with every change."""


def _is_on(expressions: Expressions, automation: Automation, row: Row) -> bool:
    """Whether the settings switch the automation on; that reads no field, so any row will do."""
    return isinstance(automation.active, bool) or expressions.holds(automation.active, row)


def _needs(plan: ObjectPlan, formulas: Iterable[Formula]) -> Needs:
    return formula_needs(plan, formulas)
