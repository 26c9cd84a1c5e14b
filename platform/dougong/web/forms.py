"""A form, ready to show: inputs of the record and of its lines, errors where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

from dougong.base.language import label
from dougong.engine.query import Condition, Query, Sort
from dougong.engine.saving.initial import initial
from dougong.engine.saving.layouts import LayoutState, state_of
from dougong.metadata.model import Object
from dougong.web import errors_in_forms, inputs
from dougong.web.composer.forms import FormView, Lines, compose
from dougong.web.errors_in_forms import FormErrors, Said
from dougong.web.inputs import Input, Typed
from dougong.web.layouts import layout_for
from dougong.web.list_views import sortable
from dougong.web.prefill import MOST_LINES, lines_by_clone, titled
from dougong.web.visit import Visit
from dougong.web.ways import Way

BLANK_LINES = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table of lines."""

    prefix: str
    inputs: Mapping[str, Input]
    id: str = ""
    version: str = ""
    base: str = "{}"
    auto: str = "{}"
    removed: bool = False
    source: str = ""
    """The line that a new one was copied from."""


@dataclass(frozen=True, slots=True)
class LineTable:
    """The lines of one child object."""

    lines: Lines
    rows: tuple[Line, ...]
    model: Line
    next: int
    totals: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """A form as the page shows it."""

    object: Object
    view: FormView
    inputs: Mapping[str, Input]
    id: str = ""
    version: str = ""
    base: str = "{}"
    auto: str = "{}"
    """What was filled in since the form was opened, as JSON; what is sent otherwise was typed."""
    record_type: str | None = None
    tables: Mapping[str, LineTable] = field(default_factory=dict)
    summary: tuple[Said, ...] = ()
    rest: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()
    """Keys of the sections that hold an error."""
    hidden_sections: frozenset[str] = frozenset()
    """Keys of the sections that the record does not show."""
    why: str | None = None
    """The reason that the form asks for, as far as it is given; None where none is asked."""
    held: str = ""
    """Who holds the record, and until when; empty where nobody does."""
    ways: tuple[Way, ...] = ()
    """What may be done with the change that was refused, beside mending it."""

    @property
    def bad(self) -> bool:
        """True when something is to be mended."""
        return bool(self.summary or self.rest)


@dataclass(frozen=True, slots=True)
class Entered:
    """What a form sent: the record's fields and each line."""

    own: Typed = Typed()
    lines: Mapping[str, tuple[EnteredLine, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnteredLine:
    """One line as sent. `row` is the number of its change in the batch, 0 where it makes none."""

    prefix: str
    typed: Typed
    id: str
    version: str
    base: str
    removed: bool
    auto: str = "{}"
    row: int = 0
    source: str = ""


def view_of(visit: Visit, obj: Object, purpose: str, record_type: str | None) -> FormView:
    """The form of the layout for a purpose and record type."""
    return compose(visit, obj, layout_for(visit, obj, purpose, record_type))


def start(visit: Visit, obj: Object, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record that is about to be made: what is given, and what defaults make of it."""
    return titled(visit, dict(initial(visit.unit, obj.name, given)))


def build(
    visit: Visit,
    obj: Object,
    view: FormView,
    values: Mapping[str, Any],
    *,
    record_id: str = "",
    version: str = "",
    base: str | None = None,
    entered: Entered = Entered(),
    errors: FormErrors = errors_in_forms.NONE,
    more_lines: str = "",
    clone: str = "",
) -> Form:
    """The form over `values`, with what was `entered` on top and `errors` beside.

    Where it is a `clone` of the record of that id, with copies of the lines of that one.
    """
    present = {**values, **entered.own.values}
    conditions = state_of(visit.unit, view.layout, present, new=not record_id)
    asked = _required(obj, present) | conditions.required
    made = {}
    for each in view.fields:
        wrong, due = errors.fields.get(each.name, ()), inputs.is_asked(each) or each.name in asked
        made[each.name] = inputs.make(visit, obj, each, present, entered.own, wrong, required=due)
    for name in (conditions.hidden | conditions.read_only) & made.keys():
        made[name] = replace(made[name], hidden=name in conditions.hidden, locked=name in conditions.read_only)
    tables = {
        section.key: _table(visit, section.lines, record_id, entered, errors, more_lines, clone)
        for section in view.sections
        if section.lines
    }
    return Form(
        object=obj,
        view=view,
        inputs=made,
        id=record_id,
        version=version,
        base=base if base is not None else inputs.to_json(view.fields, values),
        record_type=present.get("record_type"),
        tables=tables,
        summary=_summary(made, tables, errors),
        rest=errors.rest,
        broken=_broken(view, made, tables),
        hidden_sections=_hidden(view, made, conditions),
        why=visit.sent("why") if errors.ask_why or visit.sent("why") else None,
    )


def _required(obj: Object, values: Mapping[str, Any]) -> frozenset[str]:
    """The fields that the record's stage asks for."""
    for path in obj.paths.values():
        if not path.record_types or values.get("record_type") in path.record_types:
            stage = path.stages.get(values.get(path.field) or "")
            if stage is not None:
                return frozenset(stage.required)
    return frozenset()


def _hidden(view: FormView, made: Mapping[str, Input], conditions: LayoutState) -> frozenset[str]:
    """The sections that are hidden, or of which every field is."""
    empty = {each.key for each in view.sections if each.fields and all(made[name].hidden for name in each.fields)}
    return conditions.hidden_sections | empty


def _summary(made: Mapping[str, Input], tables: Mapping[str, LineTable], errors: FormErrors) -> tuple[Said, ...]:
    found = [Said(each.label, text, each.id) for each in made.values() for text in each.errors]
    for table in tables.values():
        for line in table.rows:
            found += [Said(each.label, text, each.id) for each in line.inputs.values() for text in each.errors]
    return tuple(found)


def _broken(view: FormView, made: Mapping[str, Input], tables: Mapping[str, LineTable]) -> frozenset[str]:
    found = {each.key for each in view.sections if any(made[name].errors for name in each.fields)}
    found |= {
        key for key, table in tables.items() if any(each.errors for line in table.rows for each in line.inputs.values())
    }
    return frozenset(found)


# -- lines ------------------------------------------------------------------------------------------------------
def _table(
    visit: Visit,
    lines: Lines,
    record_id: str,
    entered: Entered,
    errors: FormErrors,
    more_lines: str,
    clone: str,
) -> LineTable:
    child = lines.object.name
    fresh = start(visit, lines.object, {})
    model = _line(visit, lines, f"{child}-__n__", fresh, Typed(), {}, base=_base(lines, fresh))
    if child in entered.lines:
        rows = [_entered(visit, lines, each, errors) for each in entered.lines[child]]
    else:
        rows = _stored(visit, lines, record_id) if record_id else _copied(visit, lines, fresh, clone) if clone else []
    blank = BLANK_LINES if not rows or more_lines == child else 0
    at = len(rows)
    rows += [_renamed(model, f"{child}-{at + offset}") for offset in range(blank)]
    return LineTable(lines, tuple(rows), model, len(rows), totals(visit, lines, rows))


def _base(lines: Lines, values: Mapping[str, Any]) -> str:
    return inputs.to_json(lines.columns, values)


def _renamed(line: Line, prefix: str) -> Line:
    made = {
        name: replace(each, name=f"{prefix}.{name}", id="i-" + f"{prefix}-{name}".replace(".", "-"))
        for name, each in line.inputs.items()
    }
    return replace(line, prefix=prefix, inputs=made)


def _line(
    visit: Visit,
    lines: Lines,
    prefix: str,
    values: Mapping[str, Any],
    typed: Typed,
    errors: Mapping[str, Sequence[str]],
    **rest: Any,
) -> Line:
    made = {
        each.name: inputs.make(visit, lines.object, each, values, typed, errors.get(each.name, ()), f"{prefix}.")
        for each in lines.columns
    }
    return Line(prefix, made, **rest)


def _entered(visit: Visit, lines: Lines, line: EnteredLine, errors: FormErrors) -> Line:
    mine = {name: said for (row, name), said in errors.lines.items() if line.row and row == line.row}
    values = titled(visit, {**inputs.from_json(lines.columns, line.base, visit.reading), **line.typed.values})
    typed = Typed(line.typed.raw, {**line.typed.values, **{key: values[key] for key in line.typed.values}})
    return _line(
        visit,
        lines,
        line.prefix,
        values,
        typed,
        mine,
        id=line.id,
        version=line.version,
        base=line.base,
        removed=line.removed,
        source=line.source,
    )


def _stored(visit: Visit, lines: Lines, record_id: str) -> list[Line]:
    names = tuple(each.name for each in lines.columns)
    query = Query(
        object=lines.object.name,
        columns=names,
        where=Condition(lines.parent, "is", record_id),
        sort=sortable(visit.unit, lines.object, _order(lines)) or (Sort("id"),),
        limit=MOST_LINES,
    )
    found = []
    for at, row in enumerate(visit.unit.records.query(query).rows):
        values = dict(zip(names, row.values, strict=True))
        prefix = f"{lines.object.name}-{at}"
        found.append(
            _line(
                visit,
                lines,
                prefix,
                values,
                Typed(),
                {},
                id=row.id,
                version=str(row.version),
                base=_base(lines, values),
            )
        )
    return found


def _copied(visit: Visit, lines: Lines, fresh: Mapping[str, Any], clone: str) -> list[Line]:
    """New lines as those of another record are; what is not copied is as in any new line."""
    found = []
    for at, (id, copied) in enumerate(lines_by_clone(visit, lines.object, lines.parent, clone).items()):
        values = {**fresh, **copied}
        prefix = f"{lines.object.name}-{at}"
        found.append(_line(visit, lines, prefix, values, Typed(), {}, base=_base(lines, values), source=id))
    return found


def _order(lines: Lines) -> tuple[Sort, ...]:
    parent = lines.object.fields[lines.parent]
    named = parent.options.get("order")
    return (Sort(named),) if named and named in lines.object.fields else (Sort("id"),)


def totals(visit: Visit, lines: Lines, rows: Sequence[Line]) -> dict[str, str]:
    """What stands at the foot of the columns that have a total."""
    found: dict[str, str] = {}
    for each in lines.columns:
        if each.name in lines.totals:
            values = [line.inputs[each.name].value for line in rows if not line.removed]
            total = sum(value for value in values if value is not None)
            found[each.name] = visit.context.sum(each, total, int(each.options.get("scale", 2)))
    return found


def render(visit: Visit, form: Form) -> Mapping[str, Markup]:
    """Each section of the form as HTML, by key."""
    common: dict[str, Any] = {"form": form, "x": visit.context, "r": visit.reading}
    found = {key: Markup(body.render(common)) for key, body in form.view.bodies.items()}
    for key, table in form.tables.items():
        rows = [table.lines.row.render({**common, "line": line}) for line in table.rows]
        found[key] = Markup("".join(rows))
        found[f"{key}.model"] = Markup(table.lines.row.render({**common, "line": table.model}))
    return found


def title_of(visit: Visit, obj: Object) -> str:
    """What one record of the object is called."""
    return label(obj.label, visit.language)
