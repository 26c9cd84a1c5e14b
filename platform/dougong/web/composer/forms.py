"""The form of one layout: its sections of inputs as one template over what was typed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Template

from dougong.base.language import label
from dougong.engine.fields.files import FileType
from dougong.engine.saving.drafts import deciding, following
from dougong.engine.saving.layouts import Conditions, conditions_of
from dougong.engine.saving.plan import ObjectPlan, plan_of
from dougong.metadata.model import Field, Layout, LayoutItem, LayoutTab, LineColumn, Object, Section
from dougong.web.composer.columns import editable
from dougong.web.composer.sections import Sections, bind
from dougong.web.layouts import wide
from dougong.web.visit import Visit

LABEL = (
    '<label for="{{ i.id }}">{{ i.label }}'
    '{% if i.required %}<span class="req" aria-hidden="true">*</span>{% endif %}</label>'
)
REASON = '<p class="from"{% if not i.reason %} hidden{% endif %}>{{ i.reason }}</p>'
HELP = '{% if i.help %}<p class="help" id="h-{{ i.id }}">{{ i.help }}</p>{% endif %}'
ERRORS = (
    '{% for error in i.errors %}<p class="err" id="e-{{ i.id }}">'
    '{{ icon("alert-circle", "s") }}<span>{{ error }}</span></p>{% endfor %}'
)
LOCKED = "locked"
"""The name under which a form tells which fields it showed without letting them be changed."""

LINE_FIELD = '<div class="fld"{{ i.attributes }}><label for="{{ i.id }}">{{ i.label }}</label>'
REMOVE = (
    '<td class="end"><label class="ib s" title="{{ _("Remove the line") }}"><input class="sr" type="checkbox" '
    'name="{{ line.prefix }}.remove" value="1" data-remove aria-label="{{ _("Remove the line") }}">'
    '{{ icon("x", "s") }}</label>'
)


@dataclass(frozen=True, slots=True)
class FormSection:
    """A section of inputs, or of lines; `fields` are names."""

    key: str
    label: str
    collapsed: bool
    fields: tuple[str, ...]
    lines: Lines | None


@dataclass(frozen=True, slots=True)
class Lines:
    """The table of line items in a form. `columns` are the child's fields, `parent` its field that points here."""

    object: Object
    parent: str
    columns: tuple[Field, ...]
    totals: Mapping[str, str]
    labels: tuple[str, ...]
    row: Template
    asked: tuple[tuple[str, ...], ...] = ()
    """The paths that the conditions of its columns read."""


@dataclass(frozen=True, slots=True)
class FormView:
    """A layout, ready to be filled in: its fields in order, and the template of each section."""

    layout: Layout
    fields: tuple[Field, ...]
    labels: Mapping[str, str]
    sections: tuple[FormSection, ...]
    bodies: Mapping[str, Template]
    depends: tuple[str, ...]
    """Names of the fields whose change changes the choices of others; of a field of lines, with the child's before."""
    multipart: bool
    """True when the form sends files."""


def compose(visit: Visit, obj: Object, layout: Layout) -> FormView:
    """The form of a layout in the reader's language and rights; kept with the revision."""
    key = f"web.form {obj.name} {layout.name} {visit.language} {visit.unit.access.rights_key}"
    memory = visit.unit.runtime.prepared
    found = memory.get(key)
    if found is None:
        found = memory[key] = _compose(visit, obj, layout)
    return found


def some_fields(visit: Visit, obj: Object, key: str, names: tuple[str, ...]) -> FormView:
    """A form of a few fields, kept like any layout under `key`."""
    items = tuple(LayoutItem(field=name) for name in names if name in obj.fields)
    section = Section(key="fields", items=items, columns=1)
    made = Layout(
        object=obj.name,
        name=f"{key}:{','.join(names)}",
        purposes=(),
        record_types=(),
        highlights=(),
        actions=(),
        tabs=(LayoutTab(key="main", label={}, sections=(section,)),),
        related=(),
    )
    return compose(visit, obj, made)


def _compose(visit: Visit, obj: Object, layout: Layout) -> FormView:
    fields: dict[str, Field] = {}
    sections: list[FormSection] = []
    bodies: dict[str, Template] = {}
    environment = visit.site.templates.environment(visit.language)
    conditions = conditions_of(layout)
    plan = plan_of(visit.unit.runtime, obj.name)
    varies, follows = {each.field for each in conditions.places}, plan.part(following)
    varies |= {each.name for each in obj.fields.values() if each.compute is not None and each.compute.when is not None}
    for section in (section for tab in layout.tabs for section in tab.sections):
        if section.lines:
            lines = _lines(visit, section)
            if lines is not None:
                said = label(section.label, visit.language) or label(lines.object.label, visit.language)
                sections.append(FormSection(section.key, said, False, (), lines))
            continue
        mine = _own(visit, obj, section, fields)
        if mine:
            said = label(section.label, visit.language)
            sections.append(
                FormSection(section.key, said, section.collapsed, tuple(each.name for each, _ in mine), None)
            )
            source = "".join(
                _input(each, all_, visit.site.sections, each.name in varies, each.name in follows)
                for each, all_ in mine
            )
            bodies[section.key] = environment.composed(source)
    return FormView(
        layout=layout,
        fields=tuple(fields.values()),
        sections=tuple(sections),
        bodies=bodies,
        labels={each.name: label(each.label, visit.language) for each in fields.values()},
        depends=tuple(
            dict.fromkeys(
                (
                    *_controls(fields),
                    *_controls_of_lines(sections),
                    *_read(conditions, fields),
                    *_deciding(visit, plan, fields, sections),
                )
            )
        ),
        multipart=any(isinstance(each.type, FileType) for each in (*fields.values(), *_in_lines(sections))),
    )


def _in_lines(sections: Sequence[FormSection]) -> Iterator[Field]:
    for each in sections:
        if each.lines:
            yield from filter(editable, each.lines.columns)


def _own(visit: Visit, obj: Object, section: Section, seen: dict[str, Field]) -> list[tuple[Field, bool]]:
    found = []
    for item in section.items:
        field = obj.fields.get(item.field)
        if field is None or field.name in seen or not editable(field):
            continue
        if visit.unit.access.may_field("edit", obj, field):
            seen[field.name] = shown = visit.unit.access.seen(obj, field) or field
            found.append((shown, wide(item, field)))
    return found


def _controls(fields: Mapping[str, Field]) -> tuple[str, ...]:
    found = dict.fromkeys(
        each.options["depends_on"]["field"] for each in fields.values() if each.options.get("depends_on")
    )
    return tuple(name for name in found if name in fields)


def _controls_of_lines(sections: Sequence[FormSection]) -> Iterator[str]:
    for each in sections:
        if each.lines:
            columns = {column.name: column for column in each.lines.columns}
            yield from (f"{each.lines.object.name}.{name}" for name in _controls(columns))


def _read(conditions: Conditions, fields: Mapping[str, Field]) -> Iterator[str]:
    """The fields of the form that its conditions look at."""
    return (path[0] for each in conditions.formulas for path in each.references if path[0] in fields)


def _deciding(
    visit: Visit, plan: ObjectPlan, fields: Mapping[str, Field], sections: Sequence[FormSection]
) -> Iterator[str]:
    """The fields of the form that decide what is filled in and computed, of the record and of its lines."""
    yield from sorted(path[0] for path in deciding(plan, computed=False) if path[0] in fields)
    for lines in (each.lines for each in sections if each.lines):
        names = {each.name for each in lines.columns}
        read = deciding(plan_of(visit.unit.runtime, lines.object.name), computed=True)
        for path in sorted({*read, *lines.asked}):
            if path[0] in names:
                yield f"{lines.object.name}.{path[0]}"
            elif path[0] == lines.parent and len(path) > 1 and path[1] in fields:
                yield path[1]


def _input(field: Field, all_: bool, sections: Sections, varies: bool, follows: bool) -> str:
    """The source of one field of a form: label, widget, help, errors. Works for any layout: names, not indexes.

    A field that `varies` with the record tells its state. Any is disabled where it is locked, by the layout or because
    somebody holds the record; its name is then sent as `locked`, since a browser sends no value of a disabled input.
    """
    name = field.name
    widget = bind_input(sections.of(field, "edit"), f'form.inputs["{name}"]')
    classes = "fld all" if all_ else "fld"
    state, reason = (" data-follows", REASON) if follows else ("", "")
    if varies:
        state += ' data-when="{{ i.state }}"{% if i.hidden %} hidden{% endif %}'
    start = f'{{% if i.locked %}}<input type="hidden" name="{LOCKED}" value="{name}"><fieldset disabled>{{% endif %}}'
    end = "{% if i.locked %}</fieldset>{% endif %}"
    return (
        f'{{% set i = form.inputs["{name}"] %}}<div class="{classes}" id="w-{name}"{state}{{{{ i.attributes }}}}>'
        f"{start}{LABEL}{widget}{reason}{HELP}{end}{ERRORS}</div>"
    )


def bind_input(text: str, source: str) -> str:
    """An edit section with its variables taken from the `Input` that the expression `source` names."""
    names = {
        "f": "i.field",
        "v": "i.value",
        "id": "i.id",
        "n": "i.name",
        "t": "i.text",
        "e": "i.errors",
        "required": "i.required",
        "options": "i.options",
        "currency": "i.currency",
        "mask": "i.mask",
        "cleared": "i.cleared",
    }
    return f"{{% set i = {source} %}}" + bind(text, **names)


def _lines(visit: Visit, section: Section) -> Lines | None:
    child, _, parent = (section.lines or "").partition(".")
    obj = visit.model.objects[child]
    access = visit.unit.access
    if not (access.may("read", obj) and access.may_field("read", obj, obj.fields[parent])):
        return None
    asked = [obj.fields[each.field] for each in _columns(obj, parent, section.line_columns)]
    columns = [seen for each in asked if (seen := access.seen(obj, each)) is not None]
    row = visit.site.templates.environment(visit.language).composed(
        _row_source(
            child,
            columns,
            visit.site.sections,
            plan_of(visit.unit.runtime, child).part(following),
            {
                each.field
                for each in section.line_columns
                if each.visible_when or each.required_when or each.read_only_when
            },
        )
    )
    return Lines(
        obj,
        parent,
        tuple(columns),
        {each.field: each.total for each in section.line_columns if each.total},
        tuple(label(each.label, visit.language) for each in columns),
        row,
        tuple(path for each in section.line_columns for path in _asked(each)),
    )


def _asked(column: LineColumn) -> Iterator[tuple[str, ...]]:
    for each in (column.visible_when, column.required_when, column.read_only_when):
        yield from each.references if each is not None else ()


def _columns(obj: Object, parent: str, said: Sequence[LineColumn]) -> Sequence[LineColumn]:
    known = [each for each in said if each.field in obj.fields]
    return known or [LineColumn(field=name) for name, each in obj.fields.items() if not each.system and name != parent]


def _cell(field: Field, widget: str, follows: bool, varies: bool) -> str:
    """The source of one field of a line; it `varies` as a field of the record does."""
    marks, start, end, reason = "", "", "", ""
    if follows:
        marks, reason = " data-follows", REASON
    if varies:
        marks += ' id="w-{{ i.id }}" data-when="{{ i.state }}"{% if i.hidden %} hidden{% endif %}'
        name = f'{{{{ line.prefix }}}}.{LOCKED}" value="{field.name}'
        start = f'{{% if i.locked %}}<input type="hidden" name="{name}"><fieldset disabled>{{% endif %}}'
        end = "{% if i.locked %}</fieldset>{% endif %}"
    opening = LINE_FIELD.replace('class="fld"', f'class="fld"{marks}')
    return f"{opening}{start}{widget}{reason}{end}{ERRORS}</div>"


def _row_source(
    child: str, columns: Sequence[Field], sections: Sections, follows: Collection[str], varies: Collection[str]
) -> str:
    """One row of lines: hidden id and version, a cell per column, the mark for removal."""
    cells = []
    for field in columns:
        take = f'{{% set i = line.inputs["{field.name}"] %}}'
        numeric = ' class="num"' if field.type.numeric else ""
        if editable(field):
            text = bind_input(sections.of(field, "edit"), f'line.inputs["{field.name}"]')
            cells.append(f"{take}<td{numeric}>{_cell(field, text, field.name in follows, field.name in varies)}</td>")
        else:
            shown = bind(sections.of(field, "cell"), f="i.field", v="i.value", currency="i.currency")
            marks = 'data-shown="{{ i.name }}" data-label="{{ i.label }}"'
            cells.append(f"{take}<td{numeric} {marks}>{{% if not i.hidden %}}{shown}{{% endif %}}</td>")
    hidden = (
        '<input type="hidden" name="{{ line.prefix }}.id" value="{{ line.id }}">'
        '<input type="hidden" name="{{ line.prefix }}.version" value="{{ line.version }}">'
        '<input type="hidden" name="{{ line.prefix }}.source" value="{{ line.source }}">'
        '<input type="hidden" name="{{ line.prefix }}.base" value="{{ line.base }}">'
        '<input type="hidden" name="{{ line.prefix }}.auto" value="{{ line.auto }}">'
    )
    gone = '{% if line.removed %} class="gone"{% endif %}'
    return f'<tr{gone} data-of="{child}">{"".join(cells)}{REMOVE}{hidden}</td></tr>'
