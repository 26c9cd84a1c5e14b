"""The record page of one layout: its highlights and sections as one template over the record's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Template

from dougong.base.errors import BadRequest
from dougong.base.language import label, msg
from dougong.engine.reading.paths import ResolvedPath, resolve
from dougong.engine.rights.revealing import may_reveal
from dougong.engine.saving.layouts import conditions_of
from dougong.metadata.model import Layout, LayoutItem, Object, Section
from dougong.web.composer.columns import editable
from dougong.web.composer.sections import Sections, bind
from dougong.web.layouts import wide
from dougong.web.sentences import path_label
from dougong.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Place:
    """A field as a record page shows it: `at` is its index in the page's lists of values, fields and labels."""

    at: int
    path: ResolvedPath
    wide: bool
    editable: bool
    revealable: bool = False


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section of fields, or of lines (`lines` = child.field)."""

    key: str
    label: str
    collapsed: bool
    single: bool
    places: tuple[Place, ...]
    section: Section


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab of sections."""

    key: str
    label: str
    sections: tuple[ShownSection, ...]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A layout, ready to show records: templates of the highlights and of each tab's sections.

    `further` are the paths behind lookups, which a second statement reads; `values` of the templates are a tuple in
    the order of `paths`.
    """

    layout: Layout
    paths: tuple[ResolvedPath, ...]
    tabs: tuple[ShownTab, ...]
    highlights: Template
    sections: Mapping[tuple[str, str], Template]

    @property
    def further(self) -> tuple[str, ...]:
        """The paths that lead behind a lookup."""
        return tuple(path.text for path in self.paths if path.steps or path.attribute or path.aspect)


class _Places:
    """Collects the fields that a page shows, each once."""

    def __init__(self, visit: Visit, obj: Object) -> None:
        self.visit, self.object = visit, obj
        self.paths: dict[str, ResolvedPath] = {}

    def place(self, item: LayoutItem) -> Place | None:
        """Where an item's field is; None when the reader may not see it."""
        try:
            path = resolve(self.visit.model, self.visit.unit.access, self.object, item.field)
        except BadRequest:
            return None
        self.paths.setdefault(path.text, path)
        mine = not path.steps and editable(path.field) and self._may_edit(path)
        whole = not path.steps and may_reveal(self.visit.unit.access, self.object, self.object.fields[path.field.name])
        return Place(list(self.paths).index(path.text), path, wide(item, path.field), mine, whole)

    def _may_edit(self, path: ResolvedPath) -> bool:
        access = self.visit.unit.access
        changes = not self.object.append_only and access.may("edit", self.object)
        return changes and access.may_field("edit", self.object, path.field)


def compose(visit: Visit, obj: Object, layout: Layout) -> RecordView:
    """The view of a layout in the reader's language and rights; kept with the revision."""
    key = f"web.record {obj.name} {layout.name} {visit.language} {visit.unit.access.rights_key}"
    memory = visit.unit.runtime.prepared
    found = memory.get(key)
    if found is None:
        found = memory[key] = _compose(visit, obj, layout)
    return found


def _compose(visit: Visit, obj: Object, layout: Layout) -> RecordView:
    places = _Places(visit, obj)
    names = layout.highlights or obj.highlights
    top = [place for name in names if (place := places.place(LayoutItem(field=name)))]
    tabs = tuple(
        ShownTab(
            tab.key, label(tab.label, visit.language), tuple(_section(visit, places, each) for each in tab.sections)
        )
        for tab in layout.tabs
    )
    environment = visit.site.templates.environment(visit.language)
    sections = visit.site.sections
    paths = tuple(places.paths.values())
    labels = tuple(path_label(visit.model.objects, path, visit.language) for path in paths)
    known = {
        "fields": tuple(path.field for path in paths),
        "labels": labels,
        "reveal_labels": tuple(visit.say(msg("Reveal {field}", field=said)) for said in labels),
        "edit_labels": tuple(visit.say(msg("Edit {field}", field=said)) for said in labels),
    }
    varies = frozenset(place.field for place in conditions_of(layout).places if place.visible)
    bodies = {
        (tab.key, each.key): environment.composed(_section_source(obj, each.places, sections, varies), **known)
        for tab in tabs
        for each in tab.sections
        if not each.section.lines
    }
    return RecordView(
        layout=layout,
        paths=paths,
        tabs=tabs,
        sections=bodies,
        highlights=environment.composed(_highlights_source(top, sections), **known),
    )


def _section(visit: Visit, places: _Places, section: Section) -> ShownSection:
    shown = tuple(place for item in section.items if (place := places.place(item)))
    return ShownSection(
        section.key, label(section.label, visit.language), section.collapsed, section.columns == 1, shown, section
    )


def _highlights_source(places: Sequence[Place], sections: Sections) -> str:
    return "".join(
        f"<div><dt>{{{{ labels[{each.at}] }}}}</dt><dd>{_shown(each, sections)}</dd></div>" for each in places
    )


def _section_source(obj: Object, places: Sequence[Place], sections: Sections, varies: frozenset[str]) -> str:
    """The source of a section; the fields that `varies` names are left out of a page whose `hidden` names them."""
    return "".join(
        f'{{% if "{each.path.text}" not in hidden %}}{item_source(obj, each, sections)}{{% endif %}}'
        if each.path.text in varies
        else item_source(obj, each, sections)
        for each in places
    )


def item_source(obj: Object, place: Place, sections: Sections) -> str:
    """The source of one field: label above value, and the pencil where it may be edited."""
    name = place.path.text
    pencil = ""
    if place.editable:
        pencil = (
            f'{{% if live and (lock is none or "{name}" in lock.except_fields) %}}'
            f'<dd class="pen"><a class="ib s" href="/o/{obj.name}/{{{{ id }}}}/edit#w-{name}" '
            f'hx-get="/o/{obj.name}/{{{{ id }}}}/field/{name}" '
            f'hx-target="closest .f" hx-swap="outerHTML" aria-label="{{{{ edit_labels[{place.at}] }}}}">'
            f'{{{{ icon("edit", "s") }}}}</a></dd>{{% endif %}}'
        )
    classes = "f all" if place.wide else "f"
    return (
        f'<div class="{classes}" id="f-{name.replace(".", "-")}"><dt>{{{{ labels[{place.at}] }}}}</dt>'
        f"<dd>{_shown(place, sections)}{_eye(obj, place)}</dd>{pencil}</div>"
    )


def _eye(obj: Object, place: Place) -> str:
    """What leads to a masked value whole, where the reader may reveal it."""
    if not place.revealable:
        return ""
    url = f"/o/{obj.name}/{{{{ id }}}}/reveal/{place.path.text}"
    return (
        f'{{% if live and values[{place.at}] %}} <a class="ib s eye" href="{url}" hx-get="{url}" '
        f'hx-target="closest .f" hx-swap="outerHTML" aria-label="{{{{ reveal_labels[{place.at}] }}}}">'
        f'{{{{ icon("eye", "s") }}}}</a>{{% endif %}}'
    )


def _shown(place: Place, sections: Sections) -> str:
    text = sections.of(place.path.field, "show") if place.path.attribute is None else "{{ v if v is not none }}"
    at = place.at
    return bind(text, f=f"fields[{at}]", v=f"values[{at}]", currency=f"currencies[{at}]")
