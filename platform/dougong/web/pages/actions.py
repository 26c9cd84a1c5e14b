"""Actions that change fields of a record: they set some by formula, and ask the person for others first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from dougong.base.errors import DougongError, Forbidden, NotFound, Problem
from dougong.base.field_types import ValueRefused
from dougong.base.language import label, msg
from dougong.engine.query import Record
from dougong.engine.saving.batch import Update
from dougong.engine.saving.expressions import fitted
from dougong.engine.variables import formula_context
from dougong.formulas import EvaluationError, Formula
from dougong.metadata.model import Object
from dougong.web import errors_in_forms, forms, prefill, submission
from dougong.web.buttons import may_set, need_offer
from dougong.web.composer.forms import FormView, some_fields
from dougong.web.context import record_url
from dougong.web.routing import Page
from dougong.web.sheets import sheet
from dougong.web.visit import Visit, forbidden
from dougong.web.ways import Way, ways_on


def show(visit: Visit, object: str, id: str, name: str) -> Response:
    """What the action asks for; for one that asks nothing, the button that does it."""
    obj = visit.object(object)
    body = _action(visit, obj, name)
    record = visit.unit.records.get(object, id)
    need_offer(visit, obj, name, record.values)
    return _form(visit, obj, record, name, _asked(visit, obj, name, body), None, None)


def carry_out(visit: Visit, object: str, id: str, name: str) -> Response:
    """Save what was filled in together with what the action sets; the form again where something stands against it."""
    with visit.read() as reading:
        obj = reading.object(object)
        body = _action(reading, obj, name)
        record = reading.unit.records.get(object, id)
        need_offer(reading, obj, name, record.values)
        view = _asked(reading, obj, name, body)
        sent = submission.read(reading, obj, view, id, {})
        if submission.redraws(visit):
            return _form(reading, obj, record, name, view, sent, None)
        given = _computed(reading, obj, id, body.get("set", {}))
    first = sent.changes[0]
    assert isinstance(first, Update)
    why = visit.sent("why")
    change = Update(object, id, {**first.values, **given}, version=first.version, base=sent.base, why=why)
    try:
        sent.checked()
        visit.write(lambda unit: unit.records.save([change]), why=why)
    except DougongError as error:
        with visit.read() as reading:
            return _form(reading, obj, record, name, view, sent, error, ways_on(reading, obj, [change], error))
    return visit.go(visit.back(record_url(object, id)), visit.say(msg("Done")))


def _action(visit: Visit, obj: Object, name: str) -> Mapping[str, Any]:
    body = obj.actions.get(name)
    if body is None or "edit" not in body.get("does", {}):
        raise NotFound(Problem(code="action-unknown", reason=msg("There is no such page."), thing=name))
    if not (visit.unit.access.may("edit", obj) and visit.unit.access.may_run(str(body.get("name", name)), obj)):
        raise forbidden(obj.name)
    if not may_set(visit, obj, body):
        reason = msg("This action works with fields that you may not see.")
        raise Forbidden(Problem(code="right-missing", thing=name, reason=reason))
    return body


def _asked(visit: Visit, obj: Object, name: str, body: Mapping[str, Any]) -> FormView:
    return some_fields(visit, obj, f"action {name}", tuple(body["does"]["edit"].get("fields", ())))


def _computed(visit: Visit, obj: Object, record_id: str, formulas: Mapping[str, Any]) -> dict[str, Any]:
    """What the action sets, computed from the record as it is stored; a formula without a value blanks its field."""
    wanted = {key: each for key, each in formulas.items() if isinstance(each, Formula)}
    values = prefill.read_paths(visit, obj, record_id, list(wanted.values()))
    context = formula_context(visit.unit)
    found: dict[str, Any] = {}
    for key, formula in wanted.items():
        try:
            found[key] = fitted(obj.fields[key], formula.evaluate(values, context), visit.reading)
        except (EvaluationError, ValueRefused):
            found[key] = None
    return found


def _form(
    visit: Visit,
    obj: Object,
    record: Record,
    name: str,
    view: FormView,
    sent: submission.Submission | None,
    error: DougongError | None,
    ways: tuple[Way, ...] = (),
) -> Response:
    shown = {each.name: 1 for each in view.fields}
    errors = errors_in_forms.sort_out(error, obj, shown, visit.language) if error else errors_in_forms.NONE
    entered = sent.entered if sent else forms.Entered()
    form = forms.build(visit, obj, view, record.values, record_id=record.id, entered=entered, errors=errors)
    form = replace(form, ways=ways)
    said = label(obj.actions[name].get("label"), visit.language)
    values = {
        "object": obj,
        "form": form,
        "parts": forms.render(visit, form),
        "hidden": {"version": visit.sent("version") or record.version, "back": visit.back("")},
        "title": said,
        "action": f"{record_url(obj.name, record.id)}/action/{name}",
        "cancel": visit.back(record_url(obj.name, record.id)),
        "button": said,
    }
    return sheet(visit, obj, values, error.status if error else 200)


PAGES = (
    Page("GET", "/o/{object}/{id}/action/{name}", show),
    Page("POST", "/o/{object}/{id}/action/{name}", carry_out),
)
