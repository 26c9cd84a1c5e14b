"""A list taken out as a file: the questions first, then the file, made within limits and spooled beside the memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, Problem, Rejected, TooLarge
from dougong.base.language import label, msg
from dougong.engine.query import Condition, Query
from dougong.engine.reading.paths import resolve
from dougong.engine.transfer import limits
from dougong.engine.transfer.exporting import exportable, write_csv, write_xlsx
from dougong.engine.transfer.origin import Said
from dougong.metadata.model import Object
from dougong.web import list_views
from dougong.web.context import noun
from dougong.web.downloads import download
from dougong.web.frame import framed
from dougong.web.list_state import ListState, read
from dougong.web.navigation import several
from dougong.web.routing import Page
from dougong.web.sentences import Speaker
from dougong.web.visit import Visit, with_query

FORMATS = {
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (write_csv, "text/csv; charset=utf-8"),
}
MOST_SELECTED = 1000
AT_ONCE = 2
"""Exports that a process makes at once: each holds a thread and a snapshot of the database while it lasts."""

_places = threading.BoundedSemaphore(AT_ONCE)


def may_export(visit: Visit, obj: Object) -> bool:
    """Whether lists of `obj` offer it."""
    return obj.features["export"] and visit.unit.access.may("export", obj)


def ask(visit: Visit, object: str) -> Response:
    """The questions about a list."""
    return _questions(visit, visit.object(object), [])


def export(visit: Visit, object: str) -> Response:
    """The file; the questions where nothing was chosen yet, or something stands against it."""
    ids = list(dict.fromkeys(visit.sent_all("id")))[:MOST_SELECTED]
    if visit.sent("format") not in FORMATS:
        with visit.read() as reading:
            return _questions(reading, reading.object(object), ids)
    try:
        return _file(visit, object, ids)
    except (Rejected, TooLarge, Conflict) as error:
        with visit.read() as reading:
            return _questions(reading, reading.object(object), ids, error)


def _state(visit: Visit, obj: Object) -> ListState:
    views = list_views.all_of(visit.unit, obj)
    return read(visit.request.query_params, obj, list_views.chosen(visit.unit, views, visit.asked("view"), obj))


def _query(visit: Visit, state: ListState, ids: Sequence[str], with_id: bool) -> Query:
    """What goes into the file: the columns and the order of the list, its records or those selected.

    Raises:
        BadRequest: a column is unknown, or the reader may not see it.
    """
    obj = state.object
    columns = tuple(dict.fromkeys(each.field for each in state.columns))
    for each in columns:
        resolve(visit.model, visit.unit.access, obj, each)
    query = replace(state.query(("id", *columns) if with_id else columns), cursor=None)
    return replace(query, where=Condition("id", "in", tuple(ids)), search="") if ids else query


def _questions(visit: Visit, obj: Object, ids: Sequence[str], error: DougongError | None = None) -> Response:
    exportable(visit.unit, obj.name)
    state = _state(visit, obj)
    query = _query(visit, state, ids, with_id=False)
    size, most = limits.size_of(visit.unit, query), limits.limits_of(visit.model)
    number = visit.context.number(size.records)
    return framed(
        visit,
        "export.html",
        obj.name,
        visit.say(msg("Export {objects}", objects=noun(obj.plural or obj.label, visit.language))),
        error.status if error else 200,
        object=obj,
        object_label=several(obj, visit.language),
        ids=ids,
        size=size,
        number=number,
        most=visit.context.number(most.most_records),
        reason_above=visit.context.number(most.reason_above),
        said=_said(visit, state, ids),
        columns=len(query.columns),
        action=with_query(f"/o/{obj.name}/export", state.pairs()),
        back=state.url(),
        format=visit.sent("format") or "xlsx",
        with_id=bool(visit.sent("with_id")),
        why=visit.sent("why"),
        longest=500,
        errors=[problem.text(visit.language) for problem in error.problems] if error else [],
    )


def _said(visit: Visit, state: ListState, ids: Sequence[str]) -> Said:
    """Which list it is, in words: for the reader, and for the file."""
    found = [(visit.say(msg("List view")), label(state.view.label, visit.language))]
    if ids:
        return [*found, (visit.say(msg("Selected records")), visit.context.number(len(ids)))]
    speaker = Speaker(visit, state.object, state.parts)
    found += [(visit.say(msg("Condition")), str(speaker.say(each))) for each in state.parts]
    return [*found, (visit.say(msg("Searched for")), state.search)] if state.search else found


def _file(visit: Visit, object: str, ids: Sequence[str]) -> Response:
    """The file as a download."""
    write, media_type = FORMATS[visit.sent("format")]
    if not _places.acquire(blocking=False):
        reason = msg("Other exports are being made at this moment. Try again in a minute.")
        raise Conflict(Problem(code="export-busy", thing=f"object:{object}", reason=reason))

    def make(file: BinaryIO) -> str:
        with visit.read(why=visit.sent("why").strip()) as reading:
            obj = reading.object(object)
            state = _state(reading, obj)
            query = _query(reading, state, ids, bool(visit.sent("with_id")))
            write(reading.unit, query, file, said=_said(reading, state, ids))
            return _name(reading, obj)

    try:
        return download(make, media_type)
    finally:
        _places.release()


def _name(visit: Visit, obj: Object) -> str:
    """What the file is called: of what, when, by whom."""
    at = visit.unit.now.astimezone(visit.actor.zone).strftime("%Y-%m-%d_%H%M")
    who = "".join(each if each.isalnum() or each in ".-_" else "-" for each in visit.actor.login)[:40]
    return f"{several(obj, visit.language)}_{at}_{who}.{visit.sent('format')}".replace("/", "-").replace("\\", "-")


PAGES = (
    Page("GET", "/o/{object}/export", ask),
    Page("POST", "/o/{object}/export", export, reads=True),
)
