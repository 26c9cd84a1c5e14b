"""What a record goes through: the stages of its path, and the life of a document."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from dougong.base.errors import DougongError, NotFound, Problem
from dougong.base.language import msg
from dougong.engine.query import Record
from dougong.engine.saving.batch import Update
from dougong.metadata.model import Object, Path
from dougong.web import (
    errors_in_forms,
    forms,
    path_bar,
    record_page,
    submission,
    uploads,
)
from dougong.web.composer.forms import FormView, some_fields
from dougong.web.context import noun, record_url
from dougong.web.errors_in_forms import ASK_WHY
from dougong.web.refusals import REFUSALS, Wish, refused
from dougong.web.routing import Page
from dougong.web.sheets import sheet
from dougong.web.visit import Visit
from dougong.web.ways import Way, ways_on


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
            ways = ways_on(reading, obj, [change], error)
            return _stage_form(reading, obj, record, view, sent, error, path, to, ways)
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
    ways: tuple[Way, ...] = (),
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
    form = replace(form, ways=ways)
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
    to, why = visit.sent("to"), visit.sent("why")
    try:
        visit.write(lambda unit: unit.records.save([Update(object, id, {"life_status": to})]), why=why)
    except REFUSALS as error:
        with visit.read() as reading:
            obj = reading.object(object)
            record = reading.unit.records.get(object, id)
            if not obj.effective:
                raise
            change = Update(object, id, {"life_status": to})
            return refused(reading, obj, _wish(reading, obj, record, to), error, [change])
    return visit.go(record_url(object, id))


def _wish(visit: Visit, obj: Object, record: Record, to: str) -> Wish:
    """What the buttons of the record's menu ask for."""
    statuses, url = obj.fields["life_status"].picklist, record_url(obj.name, record.id)
    names = {
        "name": record_page.title_of(visit, obj, record.values),
        "status": statuses.values[to].label if statuses and to in statuses.values else to,
    }
    begins = record.values.get("life_status") == "draft"
    finishes = msg("Put into effect") if begins else msg("Finish the change")
    button = {"effective": finishes, "in_change": msg("Begin a change")}.get(to, msg("Save"))
    title = visit.say(msg("{name}: {status}", **names))
    return Wish(title, visit.say(button), f"{url}/life", url, {"to": to}, record.id)


PAGES = (
    Page("POST", "/o/{object}/{id}/stage", stage),
    Page("GET", "/o/{object}/{id}/void", void_page),
    Page("POST", "/o/{object}/{id}/void", void),
    Page("POST", "/o/{object}/{id}/life", life),
)
