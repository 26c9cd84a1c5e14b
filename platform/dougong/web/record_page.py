"""A record, ready to show. The number of statements does not grow with rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup

from dougong.base.language import label, msg
from dougong.engine.access import Right
from dougong.engine.query import Condition, Page, Query, Record
from dougong.engine.reading.covering import rights_on
from dougong.engine.record_locks import RecordLock
from dougong.engine.saving.layouts import PLAIN, LayoutState, state_of
from dougong.metadata.model import Object
from dougong.web import (
    access_links,
    belonging_links,
    buttons,
    completeness,
    held_records,
    path_bar,
    queues,
    record_tables,
    timeline,
)
from dougong.web.buttons import Action
from dougong.web.changes import Change, Entry, told
from dougong.web.changes import ask as ask_changes
from dougong.web.composer.records import RecordView, ShownSection, ShownTab, compose
from dougong.web.layouts import layout_for
from dougong.web.panels import Panel, panels
from dougong.web.record_tables import Table
from dougong.web.visit import Visit, with_query

HISTORY_TAB = "history"


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a tab: fields as HTML, or a table of lines."""

    section: ShownSection
    body: Markup
    table: Table | None


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the record page."""

    key: str
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Everything that the page shows."""

    object: Object
    record: Record
    title: str
    record_type: str
    life_status: Any
    highlights: Markup
    tabs: tuple[Tab, ...]
    parts: tuple[Part, ...]
    related: tuple[Table, ...]
    path: path_bar.PathBar | None
    timeline: timeline.Timeline | None
    actions: tuple[Action, ...]
    quick: tuple[Action, ...]
    menu: tuple[Action, ...]
    history: tuple[Entry, ...]
    may_edit: bool
    may_delete: bool
    may_void: bool
    lacks: completeness.Completeness | None = None
    panels: tuple[Panel, ...] = ()
    at: datetime | None = None
    """The moment as of which the record is shown; None for now."""
    lock: RecordLock | None = None
    """Who holds the record, until when, and what of it may be changed all the same."""

    def may_change(self, field: str) -> bool:
        """Whether the reader may change the record, and this field of it is not held."""
        return self.may_edit and (self.lock is None or field in self.lock.except_fields)

    @property
    def secondary(self) -> tuple[Action, ...]:
        """The buttons that stand in the menu where there is little room."""
        return tuple(each for each in self.actions if not each.primary)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a record page has asked for, in one round trip: nothing of it needs what another part of it finds."""

    changes: Callable[[], list[Change]]
    further: Callable[[], Page] | None = None
    lines: Mapping[str, record_tables.Asked] = field(default_factory=dict)
    related: tuple[record_tables.Asked, ...] = ()
    timeline: timeline.Asked | None = None


def build(visit: Visit, obj: Object, record: Record, at: datetime | None = None) -> RecordPage:
    """The page of one record: as it is, or with the values that it had at the moment `at` and nothing to do."""
    layout = layout_for(visit, obj, "view", record.values.get("record_type"))
    view = compose(visit, obj, layout)
    conditions = state_of(visit.unit, layout, record.values)
    tabs = _shown(view, conditions)
    tab = _tab(visit, obj, tabs, at)
    sections = next((each.sections for each in tabs if each.key == tab), ())
    asked = _ask(visit, obj, record, view, sections, tab == tabs[0].key, at)
    changes = asked.changes()
    status = record.values.get("life_status")
    live = not (record.deleted or status == "void" or at)
    rights, lock = _rights(visit, obj, record) if live else (set(), None)
    shown = {
        "values": _values(view, record, asked),
        "live": live,
        "lock": lock,
        "hidden": conditions.hidden,
        **_common(visit, obj, record, view),
    }
    lines = dict(zip(asked.lines, record_tables.tables(visit, tuple(asked.lines.values())), strict=True))
    actions = buttons.on_record(visit, obj, record, view.layout, "edit" in rights) if live else buttons.Actions()
    return RecordPage(
        object=obj,
        record=record,
        title=title_of(visit, obj, record.values),
        record_type=_type(visit, obj, record),
        life_status=_life_status(obj, status),
        highlights=Markup(view.highlights.render(shown)),
        tabs=_tabs(visit, obj, record, tabs, tab, at),
        parts=tuple(
            _part(view, tab, each, shown, lines.get(each.key)) for each in sections if not (at and each.section.lines)
        ),
        related=record_tables.tables(visit, asked.related),
        path=path_bar.make(visit, obj, record.values, changes) if live else None,
        timeline=timeline.make(visit, obj, asked.timeline, changes if obj.features["history"] else [])
        if asked.timeline
        else None,
        actions=_with_taking(queues.taking(visit, obj, record) if live else None, actions.shown),
        quick=actions.quick,
        menu=(*actions.menu, *_further_menu(visit, obj, record, rights)),
        history=tuple(told(visit, obj, changes)) if tab == HISTORY_TAB else (),
        may_edit=not obj.append_only and "edit" in rights,
        may_delete=obj.delete == "bin" and not obj.append_only and "delete" in rights,
        may_void=obj.void and obj.effective and "edit" in rights and lock is None,
        lacks=completeness.of(visit, obj, record, "edit" in rights) if live else None,
        panels=panels(visit, obj, record) if live else (),
        at=at,
        lock=lock,
    )


def _rights(visit: Visit, obj: Object, record: Record) -> tuple[set[Right], RecordLock | None]:
    """What the actor may do with the record now, and its lock: of one that somebody holds, change what is left open."""
    rights = rights_on(visit.unit, obj, record.id, ("edit", "delete", "transfer"))
    lock = held_records.lock_of(visit, obj, record.id) if rights else None
    if lock is None:
        return rights, None
    held: set[Right] = {"delete"} if lock.except_fields - {"owner"} else {"delete", "edit"}
    return rights - held, lock


def _with_taking(take: Action | None, shown: tuple[Action, ...]) -> tuple[Action, ...]:
    """The buttons: what waits in a queue is taken first, and one button alone is the primary one."""
    return shown if take is None else (take, *(replace(each, primary=False) for each in shown))


def _further_menu(visit: Visit, obj: Object, record: Record, rights: set[Right]) -> tuple[Action, ...]:
    """What stands in the menu of every record, beside the actions of its layout."""
    return (*belonging_links.on_record(visit, obj, record, rights), *access_links.on_record(visit, obj, record))


def title_of(visit: Visit, obj: Object, values: Mapping[str, Any]) -> str:
    """What a record is called."""
    field = obj.fields[obj.title]
    said = field.type.display(field, values.get(obj.title), visit.reading)
    return said or visit.say(msg("No name"))


def _type(visit: Visit, obj: Object, record: Record) -> str:
    kind = obj.record_types.get(record.values.get("record_type") or "")
    return label(kind.label, visit.language) if kind and len(obj.record_types) > 1 else ""


def _life_status(obj: Object, status: Any) -> Any:
    """What is said of the status: nothing where it is the usual one, in which records of the object begin."""
    picklist = obj.fields["life_status"].picklist if status else None
    if obj.begins == "effective" and status == "effective":
        return None
    return picklist.values.get(status) if picklist else None


def _most(visit: Visit) -> int:
    return timeline.EVERYTHING if visit.asked("timeline") == "all" else timeline.SHOWN


def _ask(
    visit: Visit,
    obj: Object,
    record: Record,
    view: RecordView,
    sections: Sequence[ShownSection],
    first: bool,
    at: datetime | None,
) -> Asked:
    """Ask for all that stands beside the record on one tab; of a past moment, for its changes alone."""
    with visit.unit.together():
        changes = ask_changes(visit, obj, record.id)
        if at:
            return Asked(changes)
        lines = {
            each.key: asked
            for each in sections
            if each.section.lines and (asked := record_tables.ask_lines(visit, obj, record, view.layout, each))
        }
        return Asked(
            changes,
            visit.unit.records.ask(_further(obj, view, record)) if view.further else None,
            lines,
            record_tables.ask_related(visit, obj, record, view.layout) if first else (),
            timeline.ask(visit, obj, record, _most(visit)),
        )


def _further(obj: Object, view: RecordView, record: Record) -> Query:
    where = Condition("id", "is", record.id)
    return Query(object=obj.name, columns=view.further, where=where, limit=1, deleted="all")


def _values(view: RecordView, record: Record, asked: Asked) -> tuple[Any, ...]:
    """The values of the view's paths: the record's own, and those behind lookups."""
    rows = asked.further().rows if asked.further else ()
    further: dict[str, Any] = dict(zip(view.further, rows[0].values, strict=True)) if rows else {}
    return tuple(further.get(path.text, record.values.get(path.text)) for path in view.paths)


def _common(visit: Visit, obj: Object, record: Record, view: RecordView) -> dict[str, Any]:
    currency = str(record.values.get("currency") or visit.model.settings.get("currency") or "CNY")
    return {
        "id": record.id,
        "x": visit.context,
        "r": visit.reading,
        "currencies": [currency] * len(view.paths),
    }


def _shown(view: RecordView, conditions: LayoutState) -> tuple[ShownTab, ...]:
    """The tabs and sections that show anything of this record; the first tab always does."""
    if conditions is PLAIN:
        return view.tabs
    found: list[ShownTab] = []
    for tab in view.tabs:
        sections = tuple(each for each in tab.sections if not _is_hidden(each, conditions))
        if sections or not (tab.sections or found):
            found.append(replace(tab, sections=sections))
    return tuple(found) or view.tabs[:1]


def _is_hidden(section: ShownSection, conditions: LayoutState) -> bool:
    names = {place.path.text for place in section.places}
    return section.key in conditions.hidden_sections or bool(names and names <= conditions.hidden)


def _tab(visit: Visit, obj: Object, tabs: Sequence[ShownTab], at: datetime | None) -> str:
    asked = visit.asked("tab")
    known = [each.key for each in tabs] + ([HISTORY_TAB] if obj.features["history"] and not at else [])
    return asked if asked in known else known[0]


def _tabs(
    visit: Visit, obj: Object, record: Record, tabs: Sequence[ShownTab], current: str, at: datetime | None
) -> tuple[Tab, ...]:
    base = f"/o/{obj.name}/{record.id}"
    then = [("at", at.isoformat())] if at else []
    found = [
        Tab(
            each.key,
            each.label,
            with_query(base, ([("tab", each.key)] if place else []) + then),
            each.key == current,
        )
        for place, each in enumerate(tabs)
    ]
    if not at and obj.features["history"]:
        found.append(Tab(HISTORY_TAB, visit.say(msg("History")), f"{base}?tab={HISTORY_TAB}", current == HISTORY_TAB))
    return tuple(found)


def _part(view: RecordView, tab: str, section: ShownSection, shown: Mapping[str, Any], lines: Table | None) -> Part:
    if section.section.lines:
        return Part(section, Markup(""), lines)
    return Part(section, Markup(view.sections[tab, section.key].render(shown)), None)
