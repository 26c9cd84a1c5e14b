"""Record pages, and what is done to one record: a field, a stage, its life, the bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import QueryParams
from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, NotFound, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.query import Condition, Record
from dougong.engine.saving.batch import Create, Delete, Restore, Update
from dougong.metadata.model import Object, Path
from dougong.web import (
    errors_in_forms,
    forms,
    list_views,
    listing,
    past,
    path_bar,
    record_page,
    submission,
    timeline,
    uploads,
)
from dougong.web.composer.columns import editable
from dougong.web.composer.forms import FormView, some_fields
from dougong.web.context import noun, record_url
from dougong.web.errors_in_forms import ASK_WHY
from dougong.web.frame import framed
from dougong.web.list_state import read as read_state
from dougong.web.navigation import several
from dougong.web.routing import Page
from dougong.web.visit import Visit, broken, forbidden


def show(visit: Visit, object: str, id: str) -> Response:
    """The page of a record, as it is or as it was."""
    obj = visit.object(object)
    if visit.asked("at"):
        return past.show(visit, obj, id)
    record = visit.unit.records.get(object, id, deleted="all")
    return _page(visit, obj, record)


def _page(visit: Visit, obj: Object, record: Record, status: int = 200) -> Response:
    page = record_page.build(visit, obj, record)
    return framed(
        visit,
        "record.html",
        obj.name,
        page.title,
        status=status,
        page=page,
        object=obj,
        record=record,
        url=record_url(obj.name, record.id),
        object_label=several(obj, visit.language),
    )


# -- some fields at a time --------------------------------------------------------------------------------------
def field(visit: Visit, object: str, id: str, name: str) -> Response:
    """The input of one field, in the place where it stood."""
    obj = visit.object(object)
    record = visit.unit.records.get(object, id)
    return _field(visit, obj, record, name, forms.Entered(), errors_in_forms.NONE, 200)


def _field(
    visit: Visit,
    obj: Object,
    record: Record,
    name: str,
    entered: forms.Entered,
    errors: errors_in_forms.FormErrors,
    status: int,
) -> Response:
    found = obj.fields.get(name)
    if found is None or not editable(found) or not visit.unit.access.may("edit", obj):
        raise forbidden(f"{obj.name}.{name}")
    view = some_fields(visit, obj, "one", (name,))
    if not view.fields:
        raise forbidden(f"{obj.name}.{name}")
    form = forms.build(
        visit,
        obj,
        view,
        record.values,
        record_id=record.id,
        version=visit.sent("version") or str(record.version),
        base=visit.sent("base") or None,
        entered=entered,
        errors=errors,
    )
    place = visit.asked("place") or visit.sent("place")
    answer = visit.page(
        "field_form.html",
        status=status,
        object=obj,
        form=form,
        parts=forms.render(visit, form),
        name=name,
        place=place,
        url=record_url(obj.name, record.id),
        error=errors.rest,
    )
    if status != 200:
        answer.headers["hx-reselect"] = ".field-form"
        answer.headers["hx-retarget"] = f"#f-{name}" if place != "cell" else f"#c-{record.id}"
        answer.headers["hx-reswap"] = "outerHTML" if place != "cell" else "innerHTML"
    return answer


def save_field(visit: Visit, object: str, id: str, name: str) -> Response:
    """Save one field; the record page, or the row of the list, as it is now."""
    with visit.read() as reading:
        obj = reading.object(object)
        view = some_fields(reading, obj, "one", (name,))
        sent = submission.read(reading, obj, view, id, {})
    try:
        changes = sent.checked()
        visit.write(lambda unit: unit.records.save(changes), why=visit.sent("why"), channel="inline")
    except DougongError as error:
        with visit.read() as reading:
            record = reading.unit.records.get(object, id)
            errors = errors_in_forms.sort_out(error, obj, {name: 1}, visit.language)
            return _field(reading, obj, record, name, sent.entered, errors, error.status)
    if not visit.scripted:
        return visit.go(record_url(object, id))
    with visit.read() as reading:
        if visit.sent("place") == "cell":
            return _row(reading, obj, id)
        return _page(reading, obj, reading.unit.records.get(object, id))


def _row(visit: Visit, obj: Object, record_id: str) -> Response:
    """One row of the list that the browser shows, after a change in it."""
    params = QueryParams(urlsplit(visit.request.headers.get("hx-current-url", "")).query)
    view = list_views.chosen(list_views.all_of(visit.unit, obj), params.get("view", ""), obj)
    state = read_state(params, obj, view)
    ready = listing.prepare(visit, obj, state.columns)
    alone = replace(state, parts=(Condition("id", "is", record_id),), search="", cursor="", sort=())
    page = visit.unit.records.query(alone.query(ready.paths))
    common = listing.common_currency(visit, obj, ready, page.rows)
    return visit.html(str(listing.render_rows(visit, ready, page.rows, common)))


# -- stages -----------------------------------------------------------------------------------------------------
def stage(visit: Visit, object: str, id: str) -> Response:
    """Move a record to a stage; what the stage asks for is asked right there."""
    to = visit.sent("to")
    with visit.read() as reading:
        obj = reading.object(object)
        record = reading.unit.records.get(object, id)
        path = path_bar.path_of(reading, obj, record.values)
        if path is None or to not in path.stages:
            raise NotFound(Problem(code="stage-unknown", reason=msg("There is no such stage."), thing=to))
        names = tuple(each for each in path.stages[to].required if each in obj.fields)
        view = some_fields(reading, obj, f"stage {path.name} {to}", names)
        sent = submission.read(reading, obj, view, id, {}) if "base" in visit.form else None
        if sent and submission.redraws(visit):
            return _stage_form(reading, obj, record, view, sent, None, path, to)
    values = {**(dict(sent.changes[0].values) if sent and isinstance(sent.changes[0], Update) else {}), path.field: to}
    change = Update(object, id, values, why=visit.sent("why"))
    try:
        uploads.refuse(sent.problems if sent else ())
        visit.write(lambda unit: unit.records.save([change]), why=visit.sent("why"))
    except DougongError as error:
        with visit.read() as reading:
            return _stage_form(reading, obj, record, view, sent, error, path, to)
    said = obj.fields[path.field].picklist
    name = said.values[to].label if said else {}
    return visit.go(record_url(object, id), visit.say(msg("Now in stage {stage}", stage=name)))


def _stage_form(
    visit: Visit,
    obj: Object,
    record: Record,
    view: FormView,
    sent: submission.Submission | None,
    error: DougongError | None,
    path: Path,
    to: str,
) -> Response:
    """What the stage asks for; nothing is called wrong before the person has had a chance to say it."""
    names = {each.name: 1 for each in view.fields}
    problems = error.problems if error else ()
    first = sent is None and all(each.place.field in names or each.code in ASK_WHY for each in problems)
    errors = errors_in_forms.sort_out(error, obj, names, visit.language) if error else errors_in_forms.NONE
    if first:
        errors = replace(errors_in_forms.NONE, ask_why=errors.ask_why)
    entered = sent.entered if sent else forms.Entered()
    there = {**record.values, path.field: to}
    form = forms.build(visit, obj, view, there, record_id=record.id, entered=entered, errors=errors)
    picklist = obj.fields[path.field].picklist
    stage = picklist.values[to].label if picklist else {}
    values = {
        "object": obj,
        "form": form,
        "parts": forms.render(visit, form),
        "hidden": {"to": to},
        "title": visit.say(msg("What “{stage}” asks for", stage=stage)),
        "action": f"{record_url(obj.name, record.id)}/stage",
        "cancel": record_url(obj.name, record.id),
        "button": visit.say(msg("Save and move on")),
    }
    return sheet(visit, obj, values, 200 if first or error is None else error.status)


def sheet(visit: Visit, obj: Object, values: Mapping[str, Any], status: int) -> Response:
    """A small form: in the sheet of the page that asked, or as a page of its own."""
    if visit.partial or visit.scripted:
        answer = visit.page("sheet_fields.html", status=status, **values)
        if submission.redraws(visit):
            return answer
        answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#sheet", "innerHTML"
        return answer
    rest = {key: value for key, value in values.items() if key != "title"}
    return framed(visit, "page_fields.html", obj.name, values["title"], status, **rest)


# -- life, bin -----------------------------------------------------------------------------------------
def void(visit: Visit, object: str, id: str) -> Response:
    """Void a document, with a reason; it keeps its number."""
    why = visit.sent("why").strip()
    try:
        visit.write(lambda unit: unit.records.save([Update(object, id, {"life_status": "void"}, why=why)]), why=why)
    except DougongError as error:
        with visit.read() as reading:
            obj = reading.object(object)
            return _void_form(reading, obj, id, error)
    return visit.go(record_url(object, id), visit.say(msg("Voided")))


def void_page(visit: Visit, object: str, id: str) -> Response:
    """Where the reason is given."""
    return _void_form(visit, visit.object(object), id, None)


def _void_form(visit: Visit, obj: Object, record_id: str, error: DougongError | None) -> Response:
    record = visit.unit.records.get(obj.name, record_id)
    view = some_fields(visit, obj, "none", ())
    errors = errors_in_forms.sort_out(error, obj, {}, visit.language) if error else errors_in_forms.NONE
    errors = replace(errors, ask_why=True)
    form = forms.build(visit, obj, view, record.values, record_id=record_id, errors=errors)
    title = visit.say(msg("Void {name}", name=record_page.title_of(visit, obj, record.values)))
    values = {
        "object": obj,
        "form": form,
        "parts": {},
        "hidden": {},
        "title": title,
        "action": f"{record_url(obj.name, record_id)}/void",
        "cancel": record_url(obj.name, record_id),
        "button": visit.say(msg("Void {object}", object=noun(obj.label, visit.language))),
    }
    return sheet(visit, obj, values, error.status if error else 200)


def life(visit: Visit, object: str, id: str) -> Response:
    """Put a document into effect, into change, back to draft."""
    to = visit.sent("to")
    visit.write(lambda unit: unit.records.save([Update(object, id, {"life_status": to})]))
    return visit.go(record_url(object, id))


def delete(visit: Visit, object: str, id: str) -> Response:
    """Put a record into the bin; the list offers to undo it."""
    visit.write(lambda unit: unit.records.save([Delete(object, id)]))
    return visit.go(f"/o/{object}", visit.say(msg("Moved to the recycle bin")), f"{record_url(object, id)}/restore")


def restore(visit: Visit, object: str, id: str) -> Response:
    """Take a record out of the bin; where something stands against it, say so where the person was."""
    try:
        visit.write(lambda unit: unit.records.save([Restore(object, id)]))
    except (Conflict, Rejected) as error:
        said = " ".join(problem.text(visit.language) for problem in error.problems)
        return visit.go(visit.back(record_url(object, id)), said)
    return visit.go(visit.back(record_url(object, id)), visit.say(msg("Restored")))


def comment(visit: Visit, object: str, id: str) -> Response:
    """Add what was written into the composer."""
    text = visit.sent("text").strip()
    url = record_url(object, id)
    if not text:
        return visit.go(url)
    with visit.read() as reading:
        obj = reading.object("comment")
        body = next(name for name in ("body", "text") if name in obj.fields)
    about = {"object": object, "id": id}
    visit.write(lambda unit: unit.records.save([Create("comment", {body: text, "related_to": about})]))
    return visit.go(f"{url}#timeline")


def done(visit: Visit, object: str, id: str) -> Response:
    """Tick off a task or planned activity."""
    with visit.read() as reading:
        obj = reading.object(object)
        if "status" not in obj.fields:
            raise broken(object)
        picklist = obj.fields["status"].picklist
        value = next((each for each in timeline.DONE if picklist and each in picklist.values), "done")
        now = reading.unit.now
    values: dict[str, Any] = {"status": value}
    if "done_at" in obj.fields:
        values["done_at"] = now
    visit.write(lambda unit: unit.records.save([Update(object, id, values)]))
    return visit.go(visit.back(record_url(object, id)), visit.say(msg("Done")))


PAGES = (
    Page("GET", "/o/{object}/{id}", show),
    Page("GET", "/o/{object}/{id}/field/{name}", field),
    Page("POST", "/o/{object}/{id}/field/{name}", save_field),
    Page("POST", "/o/{object}/{id}/stage", stage),
    Page("GET", "/o/{object}/{id}/void", void_page),
    Page("POST", "/o/{object}/{id}/void", void),
    Page("POST", "/o/{object}/{id}/life", life),
    Page("POST", "/o/{object}/{id}/history/field", past.give_back_field),
    Page("POST", "/o/{object}/{id}/history/version", past.give_back_version),
    Page("POST", "/o/{object}/{id}/delete", delete),
    Page("POST", "/o/{object}/{id}/restore", restore),
    Page("POST", "/o/{object}/{id}/comment", comment),
    Page("POST", "/o/{object}/{id}/done", done),
)
