"""What a record and its lines would be if they were saved as they stand in a form: nothing is written or checked.

Defaults, copies, fills and computed fields are worked out as saving does it, roll-ups over the lines here; so a form
shows while one types what saving will make of it, and where a value comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import Reference
from dougong.base.ids import record_id
from dougong.engine.saving import defaults, derived, intake, reasons, references
from dougong.engine.saving.batch import Change
from dougong.engine.saving.expressions import Expressions
from dougong.engine.saving.layouts import PLAIN, LayoutState, line_states
from dougong.engine.saving.plan import ObjectPlan, look
from dougong.engine.saving.related import Related
from dougong.engine.saving.rollups import empty
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.metadata.model import Field

if TYPE_CHECKING:
    from dougong.engine.unit import Unit


@dataclass(frozen=True, slots=True)
class Draft:
    """One record: its values, where filled ones come from by field, the fields that are computed as it stands.

    `state` is that of a line in the layout of its document.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()
    state: LayoutState = PLAIN


def following(plan: ObjectPlan) -> frozenset[str]:
    """The fields of an object that people may type and that are filled where they do not."""
    found = {name for each in plan.object.fills.values() for name in each.fields}
    for each in plan.object.fields.values():
        found.update(each.options.get("copy") or {})
        if each.compute is not None and each.compute.mode != "always":
            found.add(each.name)
    return frozenset(found)


def deciding(plan: ObjectPlan, computed: bool) -> frozenset[tuple[str, ...]]:
    """The paths that an object's fills and copies read of a record, and its computed fields: those that people may type
    as well, or all that are `computed`.
    """
    known = plan.part(defaults.defaults_of)
    found = {path for each in plan.object.fills.values() for path in each.reads()}
    found.update((copy.lookup,) for copy in known.copies)
    for _, rule in known.computes:
        for formula in (rule.formula, rule.when) if computed or rule.mode != "always" else ():
            found.update(formula.references if formula is not None else ())
    return frozenset(path for path in found if path[0] in plan.object.fields)


def drafts(unit: Unit, changes: Sequence[Change], aside: int = 0) -> tuple[Draft, ...]:
    """What the records of `changes` would be, in their order; one that does not exist stays empty.

    The last `aside` of them are lines that a person may yet begin: they count for nothing.
    """
    related = Related(unit)
    rows = intake.rows_of(unit, list(enumerate(changes, 1)))
    batch = Batch(unit, rows, related, record_id(), Expressions(unit, related))
    intake.load_current(batch, look, look)
    intake.read_given(batch)
    defaults.begin(batch)
    defaults.fill_defaults(batch, batch.expressions)
    references.fetch(batch, lock=False)
    written = [row for row in batch.rows if row.doing in ("create", "update")]
    derived.fill(batch, written, batch.expressions)
    if _count(batch, [row for row in written if row.number <= len(changes) - aside]):
        derived.fill(batch, written, batch.expressions)
    told = reasons.told(batch, written)
    states = line_states(batch, written)
    found = {
        row.number: Draft(row.values, told.get(row.id, {}), _computed(batch, row), states.get(row.id, PLAIN))
        for row in written
    }
    return tuple(found.get(number, Draft()) for number in range(1, len(changes) + 1))


def _computed(batch: Batch, row: Row) -> frozenset[str]:
    computes = row.plan.part(defaults.defaults_of).computes
    batch.expressions.follow((row.values,), row.plan.part(defaults.defaults_of).compute_needs)
    return frozenset(
        each.name for each, rule in computes if rule.when is not None and batch.expressions.holds(rule.when, row)
    )


# -- roll-ups over the lines of the form -----------------------------------------------------------------------
_OPERATIONS: Mapping[str, Callable[[Sequence[Any]], Any]] = {"sum": sum, "min": min, "max": max}


def _count(batch: Batch, rows: Sequence[Row]) -> bool:
    """Set the roll-ups over lines that the form has, all of them; whether there are any."""
    found = False
    for plan, group in grouped(rows):
        for each in plan.object.fields.values():
            child, _, name = str(each.options.get("from", "")).partition(".")
            if each.type.name == "rollup" and f"{child}.{name}" in plan.object.lines and _is_plain(each):
                for row in group:
                    row.values[each.name] = _counted(
                        batch, row, each, [one for one in rows if one.plan.name == child], name
                    )
                    found = True
    return found


def _is_plain(rollup: Field) -> bool:
    """Whether the roll-up counts the lines as they are: kept, over no tree or period, by a simple operation."""
    said = rollup.options
    kept = not rollup.type.virtual
    return kept and said["op"] in ("count", *_OPERATIONS) and not (said.get("tree") or said.get("window"))


def _counted(batch: Batch, parent: Row, rollup: Field, lines: Sequence[Row], name: str) -> Any:
    mine = Reference(parent.plan.name, parent.id)
    lines = [row for row in lines if row.values.get(name) == mine]
    if rollup.where is not None:
        lines = [row for row in lines if batch.expressions.holds(rollup.where, row)]
    if rollup.options["op"] == "count":
        return rollup.type.computed(rollup, Decimal(len(lines)))
    values = [row.values.get(str(rollup.options["field"])) for row in lines]
    known = [each for each in values if each is not None]
    return _OPERATIONS[rollup.options["op"]](known) if known else empty(rollup)
