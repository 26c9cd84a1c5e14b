"""A form with what saving would make of it: what is filled in, computed and counted stands among what was typed.

What was filled in since the form was opened goes along with it as `auto`: sent back as it was, it was not typed, and
may be filled in anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dougong.base.field_types import Reference
from dougong.engine.fields.masked import is_masked
from dougong.engine.saving.batch import Change, Create, Made, Update
from dougong.engine.saving.drafts import Draft, drafts, following
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.metadata.model import Field
from dougong.web import forms, inputs
from dougong.web.composer.columns import editable
from dougong.web.forms import Form, Line, LineTable
from dougong.web.inputs import Input
from dougong.web.prefill import titled
from dougong.web.submission import OWN, Submission
from dougong.web.visit import Visit


def settled(visit: Visit, form: Form, own: Change, sent: Submission | None = None) -> Form:
    """`form` with what follows from what it holds; `own` is the change of its record, `sent` what was sent of it."""
    plan = plan_of(visit.unit.runtime, form.object.name)
    plans = [plan, *(plan_of(visit.unit.runtime, each.lines.object.name) for each in form.tables.values())]
    asked = any(each.lines.asked for each in form.tables.values())
    if not asked and not any(each.part(_follows) for each in plans):
        return form
    if isinstance(own, Create):
        own = replace(own, key=OWN)
    changes: list[Change] = [own]
    places: dict[str, int] = {}
    for table in form.tables.values():
        for line in table.rows:
            change = None if line.removed else _change(line, table, sent)
            if change is not None:
                places[line.prefix] = len(changes)
                changes.append(change)
    blanks = {key: _blank(form, table) for key, table in form.tables.items() if table.lines.asked}
    found = drafts(visit.unit, [*changes, *blanks.values()], aside=len(blanks))
    fresh = dict(zip(blanks, found[len(changes) :], strict=True))
    tables = {
        key: _table(visit, table, found, places, changes, sent is not None, fresh.get(key, Draft()))
        for key, table in form.tables.items()
    }
    values = inputs.from_json(form.view.fields, form.base, visit.reading)
    made = _made(visit, plan, form.inputs, found[0], _given(own), sent is not None)
    auto = _auto(_free(plan, form.view.fields, own), made, values) if sent else form.auto
    return replace(form, inputs=made, tables=tables, auto=auto)


def _follows(plan: ObjectPlan) -> bool:
    """Whether anything of an object is filled in or computed that a form shows."""
    return bool(plan.part(following)) or any(each.compute is not None for each in plan.object.fields.values())


def _change(line: Line, table: LineTable, sent: Submission | None) -> Change | None:
    entered = sent.entered.lines.get(table.lines.object.name, ()) if sent is not None else ()
    row = next((each.row for each in entered if each.prefix == line.prefix), 0)
    if row and sent is not None:
        return sent.changes[row - 1]
    return Update(table.lines.object.name, line.id, {}) if line.id else None


def _blank(form: Form, table: LineTable) -> Change:
    """A line that nobody has begun: what its places are like in this document."""
    above = table.lines.object.fields[table.lines.parent].targets[0]
    parent: Any = Reference(above, form.id) if form.id else Made(OWN)
    return Create(table.lines.object.name, {table.lines.parent: parent})


def _given(change: Change) -> Collection[str]:
    return change.values if isinstance(change, Create | Update) else ()


def _free(plan: ObjectPlan, fields: Sequence[Field], change: Change) -> list[Field]:
    """The fields that are filled in, as nobody typed them."""
    return [each for each in fields if each.name in plan.part(following) and each.name not in _given(change)]


def _table(
    visit: Visit,
    table: LineTable,
    found: tuple[Draft, ...],
    places: Mapping[str, int],
    changes: list[Change],
    typed: bool,
    blank: Draft,
) -> LineTable:
    plan = plan_of(visit.unit.runtime, table.lines.object.name)
    rows = []
    for line in table.rows:
        if line.prefix in places:
            at = places[line.prefix]
            made = _made(visit, plan, line.inputs, found[at], _given(changes[at]), typed)
            base = inputs.from_json(table.lines.columns, line.base, visit.reading)
            free = _free(plan, table.lines.columns, changes[at])
            line = replace(line, inputs=made, auto=_auto(free, made, base) if typed else line.auto)
        elif not line.id:
            line = replace(line, inputs=_placed(line.inputs, blank))
        rows.append(line)
    model = replace(table.model, inputs=_placed(table.model.inputs, blank))
    return replace(table, rows=tuple(rows), model=model, totals=forms.totals(visit, table.lines, rows))


def _placed(shown: Mapping[str, Input], draft: Draft) -> dict[str, Input]:
    """What the layout of the document makes of the places of a line."""
    state = draft.state
    return {
        name: replace(
            each,
            hidden=each.hidden or name in state.hidden,
            locked=each.locked or name in state.read_only,
            required=each.required or name in state.required,
        )
        for name, each in shown.items()
    }


def _made(
    visit: Visit, plan: ObjectPlan, shown: Mapping[str, Input], draft: Draft, given: Collection[str], typed: bool
) -> dict[str, Input]:
    """The inputs of one record, with the values of its draft where nobody typed others."""
    follows = plan.part(following)
    fresh = {}
    for name, each in shown.items():
        computed = name in draft.computed
        free = name in follows and name not in given
        if is_masked(each.field):
            continue
        if name in draft.values and name in plan.slots and (computed or not editable(each.field) or (typed and free)):
            fresh[name] = draft.values[name]
    changed = {name: value for name, value in fresh.items() if not inputs.same(value, shown[name].value)}
    known = titled(visit, changed) if any(isinstance(each, Reference) for each in changed.values()) else changed
    return {
        name: replace(
            _valued(visit, each, known[name]) if name in known else each,
            reason=draft.reasons.get(name, ""),
            locked=each.locked or name in draft.computed,
        )
        for name, each in _placed(shown, draft).items()
    }


def _valued(visit: Visit, shown: Input, value: Any) -> Input:
    return replace(shown, value=value, text=shown.field.type.form(shown.field, value, visit.reading))


def _auto(free: Sequence[Field], made: Mapping[str, Input], base: Mapping[str, Any]) -> str:
    """Which values are others than those that the form began with, though nobody typed them."""
    values = {each.name: made[each.name].value for each in free if each.name in made}
    return inputs.to_json(
        [each for each in free if each.name in values],
        {name: value for name, value in values.items() if not inputs.same(value, base.get(name))},
    )
