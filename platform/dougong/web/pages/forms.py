"""Make a record, edit one: the form, what it sends, and what stands against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from dougong.base.errors import BadRequest, DougongError
from dougong.base.language import label, msg
from dougong.engine.query import Record
from dougong.engine.saving.batch import Create, Saved, StaleRecord, Update
from dougong.engine.saving.record_types import is_usual, offered_types
from dougong.metadata.model import Object
from dougong.web import conflicts, errors_in_forms, forms, held_records, inputs, live, prefill, submission
from dougong.web.composer.forms import FormView
from dougong.web.context import noun, record_url
from dougong.web.forms import Form
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.routing import Page
from dougong.web.visit import Visit, refused, with_query
from dougong.web.ways import Way, ways_on


# -- a new record -----------------------------------------------------------------------------------------------
def new(visit: Visit, object: str) -> Response:
    """The form of a new record, or the choice of its record type."""
    obj = visit.object(object)
    if not visit.unit.access.may("create", obj):
        raise refused(obj)
    if len(offered_types(visit.unit, obj)) > 1 and not _record_type(visit, obj) and not visit.partial:
        return _choose_type(visit, obj)
    given = _given(visit, obj)
    view = forms.view_of(visit, obj, _purpose(visit, obj), given.get("record_type"))
    form = forms.build(visit, obj, view, forms.start(visit, obj, given), clone=visit.asked("clone"))
    return _new_page(visit, obj, live.settled(visit, form, Create(obj.name, given)))


def _choose_type(visit: Visit, obj: Object) -> Response:
    pairs = [(key, value) for key, value in visit.request.query_params.multi_items() if key != "type"]
    choices = [
        (
            label(each.label, visit.language),
            with_query(f"/o/{obj.name}/new", [*pairs, ("type", each.name)]),
            is_usual(visit.unit, each),
        )
        for each in offered_types(visit.unit, obj)
    ]
    return framed(visit, "choose_type.html", obj.name, _new_title(visit, obj), object=obj, choices=choices)


def _record_type(visit: Visit, obj: Object) -> str | None:
    asked = visit.asked("type") or visit.sent("record_type")
    if not asked and visit.asked("clone"):
        asked = str(visit.unit.records.get(obj.name, visit.asked("clone")).values.get("record_type") or "")
    return asked if asked in obj.record_types else None


def _given(visit: Visit, obj: Object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if visit.asked("clone"):
        if not visit.unit.access.may("copy", obj):
            raise refused(obj)
        found |= prefill.by_clone(visit, obj, visit.asked("clone"))
    if visit.asked("action"):
        found |= prefill.by_action(visit, obj, visit.asked("action"), visit.asked("from"))
    found |= prefill.given(visit, obj)
    kind = _record_type(visit, obj)
    return {**found, "record_type": kind} if kind else found


def _purpose(visit: Visit, obj: Object) -> str:
    kinds = (None, *obj.record_types)
    quick = any(obj.layout_for("quick_create", kind, visit.unit.roles) is not None for kind in kinds)
    return "quick_create" if quick and (visit.partial or visit.asked("sheet") or visit.asked("action")) else "edit"


def _new_title(visit: Visit, obj: Object) -> str:
    action = visit.asked("action")
    if action:
        origin = visit.model.objects.get(visit.asked("from").partition(":")[0])
        if origin and action in origin.actions:
            return label(origin.actions[action].get("label"), visit.language)
    return visit.say(msg("New {object}", object=noun(obj.label, visit.language)))


def _new_page(visit: Visit, obj: Object, form: Form, status: int = 200, note: str = "") -> Response:
    return _page(visit, obj, form, _new_title(visit, obj), _address(visit), f"/o/{obj.name}", status, note)


def _address(visit: Visit) -> str:
    query = [(key, value) for key, value in visit.request.query_params.multi_items() if key != "refresh"]
    return with_query(visit.request.url.path, query)


def _page(
    visit: Visit, obj: Object, form: Form, title: str, action: str, cancel: str, status: int, note: str = ""
) -> Response:
    kind = obj.record_types.get(form.record_type or "")
    values: dict[str, Any] = {
        "object": obj,
        "form": form,
        "parts": forms.render(visit, form),
        "action": action,
        "title": title,
        "cancel": visit.back(cancel),
        "back": visit.back(""),
        "sheet": visit.asked("sheet"),
        "note": note,
        "object_label": several(obj, visit.language),
        "record_type": label(kind.label, visit.language) if kind else "",
    }
    if visit.partial and visit.asked("refresh") in ("", "sheet-form"):
        answer = visit.page("sheet_form.html", status=status, **values)
        if status != 200:
            answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#sheet", "innerHTML"
        return answer
    return framed(visit, "form.html", obj.name, values.pop("title"), status, **values)


def create(visit: Visit, object: str) -> Response:
    """Make the record and its lines; the same page again where something stands against it."""
    with visit.read() as reading:
        obj = reading.object(object)
        given = _given(reading, obj)
        view = forms.view_of(reading, obj, _purpose(reading, obj), given.get("record_type"))
        sent = submission.read(reading, obj, view, "", _beside(view, given), given)
        if submission.redraws(visit):
            return _again(reading, obj, view, given, sent, errors_in_forms.NONE, "", 200)
    try:
        changes = sent.checked()
        saved = visit.write(lambda unit: unit.records.save(changes), why=visit.sent("why"))
    except DougongError as error:
        with visit.read() as reading:
            errors = errors_in_forms.sort_out(error, obj, {each.name: 1 for each in view.fields}, visit.language)
            return _again(reading, obj, view, given, sent, errors, "", error.status)
    return _created(visit, obj, saved)


def _beside(view: FormView, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values that the address gives to fields that the form does not show."""
    shown = {each.name for each in view.fields}
    return {name: value for name, value in given.items() if name not in shown}


def _again(
    visit: Visit,
    obj: Object,
    view: FormView,
    values: Mapping[str, Any],
    sent: submission.Submission,
    errors: errors_in_forms.FormErrors,
    record_id: str,
    status: int,
    ways: tuple[Way, ...] = (),
) -> Response:
    """The form as it was sent, with what is wrong."""
    own = inputs.shown(view.fields, sent.entered.own, visit.reading)
    titles = prefill.titled(visit, dict(own.values))
    entered = replace(sent.entered, own=replace(own, values=titles))
    form = forms.build(
        visit,
        obj,
        view,
        {**values, **sent.base},
        record_id=record_id,
        version=visit.sent("version"),
        base=visit.sent("base"),
        entered=entered,
        errors=errors,
        more_lines=visit.sent("add_line"),
    )
    form = replace(live.settled(visit, form, sent.changes[0], sent), ways=ways)
    if record_id:
        return _edit_page(visit, obj, form, status)
    return _new_page(visit, obj, form, status)


def _created(visit: Visit, obj: Object, saved: Saved) -> Response:
    made = saved.changes[0]
    told = visit.say(msg("{object} saved", object=obj.label))
    if visit.asked("sheet") and visit.scripted:
        return _into_lookup(visit, obj, made.id)
    if visit.sent("then") == "new":
        return visit.go(_address(visit), told)
    return visit.go(visit.back(record_url(obj.name, made.id)), told)


def _into_lookup(visit: Visit, obj: Object, record_id: str) -> Response:
    """Tell the page that asked for a record in place which one it got."""
    with visit.read() as reading:
        record = reading.unit.records.get(obj.name, record_id)
    field = obj.fields[obj.title]
    title = field.type.display(field, record.values.get(obj.title), reading.reading)
    made = {"input": visit.asked("sheet"), "id": record_id, "object": obj.name, "title": title}
    answer = Response(status_code=204)
    answer.headers["hx-trigger"] = json.dumps({"record-made": made})
    return answer


# -- an existing one --------------------------------------------------------------------------------------------
def edit(visit: Visit, object: str, id: str) -> Response:
    """The form of a stored record."""
    obj = visit.object(object)
    if not visit.unit.access.may("edit", obj):
        raise refused(obj)
    record = visit.unit.records.get(object, id)
    view = forms.view_of(visit, obj, "edit", record.values.get("record_type"))
    form = forms.build(visit, obj, view, record.values, record_id=id, version=str(record.version))
    form = live.settled(visit, form, Update(object, id, {}))
    return _edit_page(visit, obj, form, 200)


def _edit_page(visit: Visit, obj: Object, form: Form, status: int, note: str = "") -> Response:
    title = visit.say(msg("Edit {object}", object=noun(obj.label, visit.language)))
    form = held_records.restricted(visit, obj, form)
    return _page(visit, obj, form, title, _address(visit), record_url(obj.name, form.id), status, note)


def save(visit: Visit, object: str, id: str) -> Response:
    """Save the record and its lines; where somebody else was first, the page that compares."""
    with visit.read() as reading:
        obj = reading.object(object)
        record = reading.unit.records.get(object, id)
        view = forms.view_of(reading, obj, "edit", record.values.get("record_type"))
        sent = submission.read(reading, obj, view, id, {})
        if submission.redraws(visit):
            return _again(reading, obj, view, record.values, sent, errors_in_forms.NONE, id, 200)
    try:
        changes = sent.checked()
        visit.write(lambda unit: unit.records.save(changes), why=visit.sent("why"))
    except StaleRecord as stale:
        return _compare(replace(visit, form=sent.form), obj, record, stale)
    except DougongError as error:
        if isinstance(error, BadRequest):
            raise
        with visit.read() as reading:
            errors = errors_in_forms.sort_out(error, obj, {each.name: 1 for each in view.fields}, visit.language)
            ways = ways_on(reading, obj, sent.changes, error)
            return _again(reading, obj, view, record.values, sent, errors, id, error.status, ways)
    return visit.go(visit.back(record_url(object, id)), visit.say(msg("{object} saved", object=obj.label)))


def _compare(visit: Visit, obj: Object, record: Record, stale: StaleRecord) -> Response:
    """Mine, theirs and what both began from, field by field, with everything that was sent kept in the page."""
    with visit.read() as reading:
        return framed(
            reading,
            "conflict.html",
            obj.name,
            visit.say(msg("Somebody else changed this too")),
            status=409,
            object=obj,
            id=record.id,
            overlaps=conflicts.shown(reading, obj, stale),
            kept=conflicts.kept(visit, stale),
            version=stale.version,
            action=_address(visit),
            cancel=record_url(obj.name, record.id),
        )


PAGES = (
    Page("GET", "/o/{object}/new", new),
    Page("POST", "/o/{object}/new", create),
    Page("GET", "/o/{object}/{id}/edit", edit),
    Page("POST", "/o/{object}/{id}/edit", save),
)
