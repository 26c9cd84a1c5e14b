"""One field of a record, changed in the place where it stands: on the record page or in a list."""

from __future__ import annotations

from dataclasses import replace

from starlette.datastructures import QueryParams
from starlette.responses import Response

from dougong.base.errors import DougongError
from dougong.base.language import label
from dougong.engine.query import Condition, Record
from dougong.metadata.model import Object
from dougong.web import (
    errors_in_forms,
    forms,
    held_records,
    list_views,
    listing,
    submission,
)
from dougong.web.composer.columns import editable
from dougong.web.composer.forms import some_fields
from dougong.web.context import record_url
from dougong.web.list_state import read as read_state
from dougong.web.pages.records import page_of
from dougong.web.routing import Page
from dougong.web.visit import Visit, forbidden
from dougong.web.ways import Way, ways_on


def field(visit: Visit, object: str, id: str, name: str) -> Response:
    """The input of one field, in the place where it stood."""
    obj = visit.object(object)
    record = visit.unit.records.get(object, id)
    held_records.check_open(visit, obj, id, name)
    return _field(visit, obj, record, name, forms.Entered(), errors_in_forms.NONE, 200)


def _field(
    visit: Visit,
    obj: Object,
    record: Record,
    name: str,
    entered: forms.Entered,
    errors: errors_in_forms.FormErrors,
    status: int,
    ways: tuple[Way, ...] = (),
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
    form = replace(form, ways=ways)
    place = visit.asked("place") or visit.sent("place")
    answer = visit.page(
        "field_form.html",
        status=status,
        object=obj,
        form=form,
        parts=forms.render(visit, form),
        name=name,
        label=label(found.label, visit.language),
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
            ways = ways_on(reading, obj, sent.changes, error)
            return _field(reading, obj, record, name, sent.entered, errors, error.status, ways)
    if not visit.scripted:
        return visit.go(record_url(object, id))
    with visit.read() as reading:
        if visit.sent("place") == "cell":
            return _row(reading, obj, id)
        return page_of(reading, obj, reading.unit.records.get(object, id))


def _row(visit: Visit, obj: Object, record_id: str) -> Response:
    """One row of the list that the browser shows, after a change in it."""
    params = QueryParams(visit.shown_at.query)
    view = list_views.chosen(visit.unit, list_views.all_of(visit.unit, obj), params.get("view", ""), obj)
    state = read_state(params, obj, view)
    ready = listing.prepare(visit, obj, state.columns)
    alone = replace(state, parts=(Condition("id", "is", record_id),), search="", cursor="", sort=())
    page = visit.unit.records.query(alone.query(ready.paths))
    common = listing.common_currency(visit, obj, ready, page.rows)
    return visit.html(str(listing.render_rows(visit, ready, page.rows, common)))


PAGES = (
    Page("GET", "/o/{object}/{id}/field/{name}", field),
    Page("POST", "/o/{object}/{id}/field/{name}", save_field),
)
