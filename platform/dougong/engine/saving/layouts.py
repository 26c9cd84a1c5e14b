"""Layouts whose places depend on the record: what is shown, asked for and locked.

The same answer serves the form, which shows it, and saving, which holds every way in to it. A field that the layout
does not show is not asked for. A field is locked where its condition held and still holds, so that the change which
brings the condition about may still set it, as the form lets people do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dougong.base.field_types import Reference
from dougong.base.language import msg
from dougong.engine.saving.expressions import Expressions, formula_needs
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.engine.saving.related import Need, Needs, Related, merge_needs
from dougong.engine.saving.row import Batch, Row, grouped
from dougong.engine.saving.stages import is_blank, late_fields
from dougong.formulas import Formula
from dougong.metadata.model import Layout, LineColumn

if TYPE_CHECKING:
    from dougong.engine.unit import Unit

UNBOUND = frozenset({"workflow", "system", "publish", "undo"})
"""The channels of the platform itself, which no form guides."""

Holds = Callable[[Formula], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """A field's place in a layout, where anything about it depends on the record; all of `visible` must hold."""

    field: str
    visible: tuple[Formula, ...]
    required: Formula | None
    read_only: Formula | None

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Every condition."""
        return (*self.visible, *(each for each in (self.required, self.read_only) if each is not None))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What of one layout depends on the record: its places, and its sections by key."""

    places: tuple[Place, ...]
    sections: Mapping[str, tuple[Formula, ...]]

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Every condition."""
        of_places = (formula for place in self.places for formula in place.formulas)
        return (*of_places, *(formula for each in self.sections.values() for formula in each))


@dataclass(frozen=True, slots=True)
class LayoutState:
    """A layout for one record: the names of fields and the keys of sections."""

    hidden: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    hidden_sections: frozenset[str] = frozenset()


PLAIN = LayoutState()
"""The state of a layout without conditions."""


def conditions_of(layout: Layout) -> Conditions:
    """The conditions of a layout. A field that stands in it twice is governed by its first place."""
    places: dict[str, Place] = {}
    sections: dict[str, tuple[Formula, ...]] = {}
    for tab in layout.tabs:
        for section in tab.sections:
            around = tuple(each for each in (tab.visible_when, section.visible_when) if each is not None)
            if around:
                sections[section.key] = around
            for item in section.items:
                visible = (*around, item.visible_when) if item.visible_when is not None else around
                place = Place(item.field, visible, item.required_when, item.read_only_when)
                places.setdefault(item.field, place)
    return Conditions(tuple(each for each in places.values() if each.formulas), sections)


def conditional(plan: ObjectPlan) -> Mapping[str, Conditions]:
    """The layouts of an object that have conditions, by name."""
    found = {layout.name: conditions_of(layout) for layout in plan.object.layouts.values()}
    return {name: each for name, each in found.items() if each.formulas}


def state(conditions: Conditions, holds: Holds) -> LayoutState:
    """What the conditions say where `holds` judges them."""
    hidden = frozenset(each.field for each in conditions.places if not all(map(holds, each.visible)))
    shown = [each for each in conditions.places if each.field not in hidden]
    return LayoutState(
        hidden=hidden,
        required=frozenset(each.field for each in shown if each.required is not None and holds(each.required)),
        read_only=frozenset(each.field for each in shown if each.read_only is not None and holds(each.read_only)),
        hidden_sections=frozenset(key for key, around in conditions.sections.items() if not all(map(holds, around))),
    )


def state_of(unit: Unit, layout: Layout, values: Mapping[str, Any], new: bool = False) -> LayoutState:
    """A layout's state for a record with `values`, stored or typed; one statement per lookup that it looks behind."""
    plan = plan_of(unit.runtime, layout.object)
    found = plan.part(conditional).get(layout.name)
    if found is None or plan.object.layouts[layout.name] is not layout:
        return PLAIN
    expressions = Expressions(unit, Related(unit))
    expressions.follow((values,), formula_needs(plan, found.formulas))
    row = Row(0, "create" if new else "update", plan, str(values.get("id") or ""), {}, before={}, values=dict(values))
    return state(found, lambda formula: expressions.holds(formula, row))


# -- saving ----------------------------------------------------------------------------------------------------
def layouts_of(plan: ObjectPlan) -> tuple[Mapping[str, tuple[Place, ...]], Needs]:
    """By layout for editing, the places that ask for or lock a field; and what their conditions look at."""
    found = {
        layout.name: places
        for layout in plan.object.layouts.values()
        if "edit" in layout.purposes
        and (places := tuple(each for each in conditions_of(layout).places if each.required or each.read_only))
    }
    return found, formula_needs(
        plan, (formula for places in found.values() for each in places for formula in each.formulas)
    )


@dataclass(frozen=True, slots=True)
class LinePlaces:
    """The columns that a layout gives to lines, as far as anything about them depends on the line.

    `around` are conditions of the section that they stand in, over the record whose lines these are.
    """

    places: tuple[Place, ...]
    around: tuple[Formula, ...]


def line_places(plan: ObjectPlan) -> tuple[Mapping[str, LinePlaces], Needs]:
    """By layout for editing its document, the columns that an object has there as lines; and what is looked at."""
    master, objects = plan.object.master, plan.runtime.model.objects
    above = objects.get(master.targets[0]) if master is not None else None
    found: dict[str, LinePlaces] = {}
    if master is None or above is None:
        return found, {}
    for layout in (each for each in above.layouts.values() if "edit" in each.purposes):
        for tab, section in ((one, each) for one in layout.tabs for each in one.sections):
            places = tuple(each for each in map(_column, section.line_columns) if each.formulas)
            if places and section.lines == f"{plan.name}.{master.name}":
                around = tuple(each for each in (tab.visible_when, section.visible_when) if each is not None)
                found[layout.name] = LinePlaces(places, around)
    needs = formula_needs(plan, (formula for each in found.values() for at in each.places for formula in at.formulas))
    if found:
        asked = [one for each in found.values() for one in each.around]
        read = {path[0] for one in asked for path in one.references}
        deeper = formula_needs(plan_of(plan.runtime, above.name), asked)
        merge_needs(needs, {master.name: Need({"record_type", *read}, deeper)})
    return found, needs


def _column(column: LineColumn) -> Place:
    visible = (column.visible_when,) if column.visible_when is not None else ()
    return Place(column.field, visible, column.required_when, column.read_only_when)


def _of_line(batch: Batch, row: Row) -> tuple[Place, ...]:
    """The columns of the layout that the document of a line has."""
    layouts, _ = row.plan.part(line_places)
    master = row.plan.object.master
    reference = row.values.get(master.name) if layouts and master is not None else None
    values = batch.related.values(reference) if isinstance(reference, Reference) else None
    if values is None or not isinstance(reference, Reference):
        return ()
    above = plan_of(batch.unit.runtime, reference.object)
    layout = above.object.layout_for("edit", values.get("record_type"), batch.unit.roles)
    found = layouts.get(layout.name) if layout is not None else None
    if found is None or not all(batch.expressions.holds_for(each, row, values, above) for each in found.around):
        return ()
    return found.places


def line_states(batch: Batch, rows: Iterable[Row]) -> Mapping[str, LayoutState]:
    """By id, what is shown, asked for and locked in lines as they stand."""
    found = {}
    for plan, group in grouped(rows):
        layouts, needs = plan.part(line_places)
        if layouts:
            batch.expressions.follow((row.values for row in group), needs)
            for row in group:
                conditions = Conditions(_of_line(batch, row), {})
                found[row.id] = state(conditions, partial(batch.expressions.holds, row=row))
    return found


def check(batch: Batch, rows: Iterable[Row], after: bool = False) -> None:
    """Note what `rows` lack that their layout asks for, and what they change that it locks.

    What reads roll-ups is judged `after` these are computed.
    """
    if batch.reverting or batch.unit.actor.channel in UNBOUND:
        return
    for plan, group in grouped(rows):
        (layouts, needs), (of_lines, more) = plan.part(layouts_of), plan.part(line_places)
        if not layouts and not of_lines:
            continue
        wanted: Needs = {}
        merge_needs(wanted, needs)
        merge_needs(wanted, more)
        batch.expressions.follow((values for row in group for values in (row.values, row.before)), wanted)
        for row in group:
            layout = plan.object.layout_for("edit", row.values.get("record_type"), batch.unit.roles)
            for place in (*(layouts.get(layout.name, ()) if layout is not None else ()), *_of_line(batch, row)):
                if _is_late(plan, place) == after:
                    _check(batch, row, place)


def _is_late(plan: ObjectPlan, place: Place) -> bool:
    late = plan.part(late_fields)
    return place.field in late or any(path[0] in late for path in _read(place.formulas))


def _read(formulas: Iterable[Formula | None]) -> Iterator[tuple[str, ...]]:
    return (path for each in formulas if each is not None for path in each.references)


def _check(batch: Batch, row: Row, place: Place) -> None:
    field = row.plan.object.fields[place.field]
    holds = batch.expressions.holds
    if not all(holds(each, row) for each in place.visible) or row.has_problem(field.name):
        return
    if place.required is not None and is_blank(row.values.get(field.name)) and holds(place.required, row):
        due = row.new or row.differs(field.name) or any(row.differs(path[0]) for path in _read(place.formulas))
        if due:
            row.refuse("layout-required", msg("{label} is required here.", label=field.label), at=field.name)
    if place.read_only is not None and field.name in row.edited and row.differs(field.name):
        was = row.new or batch.expressions.holds_for(place.read_only, row, row.before)
        if was and holds(place.read_only, row):
            reason = msg("{label} cannot be changed here.", label=field.label)
            row.refuse("layout-read-only", reason, msg("Leave it as it is."), at=field.name)
