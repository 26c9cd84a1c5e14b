"""List pages: views, conditions, sort, columns, paging, and what is done to many records at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlunsplit

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.audit import Event, record
from dougong.engine.saving.batch import Delete
from dougong.engine.unit import Unit
from dougong.metadata.model import ListColumn, Object
from dougong.web import buttons, condition_form, list_views, listing, queues
from dougong.web.frame import framed
from dougong.web.list_state import ListState, View, read
from dougong.web.navigation import several
from dougong.web.pages.exports import may_export
from dougong.web.record_page import title_of
from dougong.web.refusals import REFUSALS, Wish, refused
from dougong.web.routing import Page
from dougong.web.sentences import Sentence, Speaker
from dougong.web.visit import Visit, safe_path, with_query

MOST_SELECTED = 1000


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition as the toolbar shows it: the sentence, and the address of the list without it."""

    sentence: Sentence
    without: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as a tab."""

    label: str
    url: str
    current: bool


def show(visit: Visit, object: str) -> Response:
    """One page of a list."""
    obj = visit.object(object)
    views = list_views.all_of(visit.unit, obj)
    state = _state(visit, obj, views)
    added = condition_form.added(visit, obj)
    if added is not None:
        return visit.go(state.narrowed([*state.parts, added]).url())
    ready = listing.prepare(visit, obj, state.columns)
    shown = listing.show(visit, state, ready)
    speaker = Speaker(visit, obj, state.parts)
    return framed(
        visit,
        "list.html",
        obj.name,
        several(obj, visit.language),
        object=obj,
        state=state,
        shown=shown,
        counted=shown.counted,
        pager=_pager(visit, state, shown),
        tabs=[_tab(visit, state, each) for each in views],
        view=state.view,
        chips=[Chip(speaker.say(each), state.without(each).url()) for each in state.parts],
        may_create=visit.unit.access.may("create", obj),
        may_delete=visit.unit.access.may("delete", obj) and obj.delete == "bin" and not obj.append_only,
        may_transfer=obj.owner != "none"
        and all(visit.unit.access.may(each, obj) for each in ("edit", "transfer", "mass_edit")),
        may_take=queues.may_take(visit.unit, obj),
        may_edit=visit.unit.access.may("edit", obj) and not obj.append_only,
        export_url=with_query(f"/o/{obj.name}/export", state.pairs()) if may_export(visit, obj) else "",
        actions=buttons.on_list(visit, obj, state.url()),
        own_view=state.view.owner == visit.actor.user_id,
        adding=condition_form.form(visit, obj) if visit.asked("adding") else None,
        filtered=bool(state.parts or state.search),
    )


def _state(visit: Visit, obj: Object, views: list[View]) -> ListState:
    return read(visit.request.query_params, obj, list_views.chosen(visit.unit, views, visit.asked("view"), obj))


def _tab(visit: Visit, state: ListState, view: View) -> Tab:
    url = f"/o/{state.object.name}?view={view.name}"
    return Tab(label(view.label, visit.language), url, view.name == state.view.name)


@dataclass(frozen=True, slots=True)
class Pager:
    """The foot of a list. `next` and `previous` are addresses, "" where there is no such page."""

    first: int
    last: int
    total: str
    exact_url: str
    next: str
    previous: str


def _pager(visit: Visit, state: ListState, shown: listing.Shown) -> Pager:
    rows, counted = len(shown.page.rows), shown.counted
    backwards = max(0, state.after - state.size)
    number = visit.context.number(counted.number)
    keep = {"count": "exact"} if state.exact else {}
    return Pager(
        first=state.after + 1 if rows else 0,
        last=state.after + rows,
        total=f"{number}+" if counted.capped else number,
        exact_url=state.url(count="exact") if counted.capped else "",
        next=state.url(cursor=shown.page.next, after=str(state.after + rows), **keep) if shown.page.next else "",
        previous=_previous(state, shown.page.previous, backwards, keep),
    )


def _previous(state: ListState, cursor: str | None, after: int, keep: dict[str, str]) -> str:
    if not cursor:
        return ""
    return state.url(**keep) if after == 0 else state.url(cursor=cursor, after=str(after), **keep)


def _here(visit: Visit) -> str:
    """The path of the list that the browser shows; "" where a script did not say."""
    parts = visit.shown_at
    return safe_path(urlunsplit(("", "", parts.path, parts.query, "")))


def row_actions(visit: Visit, object: str, id: str) -> Response:
    """What may be done with one record of the list: a menu, or a page where no script runs."""
    obj = visit.object(object)
    record = visit.unit.records.get(object, id)
    back = _here(visit) or f"/o/{object}"
    title = title_of(visit, obj, record.values)
    offered = buttons.on_row(visit, obj, record, back) if record.values.get("life_status") != "void" else ()
    take = queues.taking(visit, obj, record)
    offered = (take, *offered) if take is not None else offered
    if visit.partial:
        return visit.page("row_menu.html", actions=offered)
    return framed(visit, "row_actions.html", obj.name, title, object=obj, record=record, actions=offered)


# -- the toolbar ------------------------------------------------------------------------------------------------
def condition(visit: Visit, object: str) -> Response:
    """The form of a new condition, for the popover of the toolbar."""
    obj = visit.object(object)
    state = _state(visit, obj, list_views.all_of(visit.unit, obj))
    return visit.page("parts/condition.html", object=obj, state=state, adding=condition_form.form(visit, obj))


def columns(visit: Visit, object: str) -> Response:
    """The chooser of columns."""
    obj = visit.object(object)
    state = _state(visit, obj, list_views.all_of(visit.unit, obj))
    chosen = [each.field for each in state.columns]
    groups = condition_form.fields(visit, obj)
    if "columns_chosen" in visit.request.query_params:
        names = visit.request.query_params.getlist("column") or [obj.title]
        totals = {each.field: each.total for each in state.columns}
        made = tuple(ListColumn(field=name, total=totals.get(name)) for name in names)
        return visit.go(replace(state, columns=made, changed={**state.changed, "columns": True}).url())
    return framed(
        visit,
        "columns.html",
        obj.name,
        visit.say(msg("Columns")),
        object=obj,
        state=state,
        chosen=chosen,
        groups=groups,
    )


def save_view(visit: Visit, object: str) -> Response:
    """Keep the list as a view; change or delete an own one."""
    doing = visit.sent("do")

    def write(unit: Unit) -> str:
        inside = replace(visit, unit_or_none=unit)
        obj = inside.object(object)
        state = _state(inside, obj, list_views.all_of(unit, obj))
        if doing == "delete":
            list_views.forget(unit, state.view)
            return ""
        if doing == "change":
            list_views.change(unit, state)
            return state.view.name
        return list_views.keep(unit, state, visit.sent("name"), visit.sent("shared") == "1")

    name = visit.write(write)
    told = {"delete": msg("View deleted"), "change": msg("View changed")}.get(doing, msg("View saved"))
    return visit.go(f"/o/{object}?view={name}" if name else f"/o/{object}", visit.say(told))


# -- many records -----------------------------------------------------------------------------------------------
def delete_many(visit: Visit, object: str) -> Response:
    """Put the selected records into the recycle bin, all or none; the next page offers to undo it."""
    ids = list(dict.fromkeys(visit.sent_all("id")))[:MOST_SELECTED]
    back = visit.back(f"/o/{object}")
    if not ids:
        return visit.go(back, visit.say(msg("Nothing was selected")))
    changes, why = [Delete(object, each) for each in ids], visit.sent("why")

    def write(unit: Unit) -> None:
        unit.records.save(changes)
        record(unit, Event("changed_in_bulk", f"object:{object}", {"delete": len(ids)}))

    try:
        visit.write(write, why=why, channel="bulk")
    except REFUSALS as error:
        with visit.read() as reading:
            title = visit.say(msg("Delete {n} record", "Delete {n} records", n=len(ids)))
            hidden: dict[str, str | list[str]] = {"id": ids, "back": back}
            wish = Wish(title, visit.say(msg("Delete")), f"/o/{object}/delete", back, hidden)
            alone = changes if len(changes) == 1 else ()
            return refused(reading, reading.object(object), wish, error, alone)
    told = visit.say(msg("{n} record is in the recycle bin", "{n} records are in the recycle bin", n=len(ids)))
    return visit.go(back, told)


PAGES = (
    Page("GET", "/o/{object}", show, rehearsed=True),
    Page("GET", "/o/{object}/condition", condition),
    Page("GET", "/o/{object}/columns", columns),
    Page("GET", "/o/{object}/{id}/actions", row_actions),
    Page("POST", "/o/{object}/view", save_view),
    Page("POST", "/o/{object}/delete", delete_many),
)
