"""The page on which a record is submitted for an approval: who would decide, whom one chooses, and a word to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from dougong.base.errors import BadRequest, Conflict, DougongError, NotFound, Problem, Rejected, TooLarge
from dougong.base.language import msg
from dougong.engine.saving.batch import Change, Delete, Update
from dougong.metadata.model import Object
from dougong.web.changes import Told
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.handover_form import Chosen
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit
from dougong.workflows.approvals import definitions, gates, running, service
from dougong.workflows.approvals.lists import names_of
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.told import Choice
from dougong.workflows.pages.approval import words
from dougong.workflows.pages.approval_ways import CHANGE, DO, VALUES, WHY, change_sent
from dougong.workflows.pages.approvals import HERE
from dougong.workflows.pages.approving import chosen_sent, files_sent, may_attach

START = HERE + "/start/{approval}/{id}"


def show(visit: Visit, approval: str, id: str) -> Response:
    """Who would decide, and the form."""
    return _page(visit, approval, id)


def show_change(visit: Visit, approval: str, id: str) -> Response:
    """The same for a change that was refused without this approval: what it changes, who would decide."""
    with visit.read() as reading:
        return _page(reading, approval, id)


def _page(visit: Visit, approval: str, id: str, error: DougongError | None = None) -> Response:
    obj = _object(visit, approval)
    change, refused = _change(visit, obj, id)
    found = service.preview(visit.unit, approval, id, None if refused else change)
    record = visit.unit.records.get(obj.name, id)
    problems = error.problems if error is not None else refused or found.refused
    return framed(
        visit,
        "approval_start.html",
        HERE,
        visit.context.label(found.label),
        status=200 if error is None else 409 if isinstance(error, Conflict) else 422,
        found=found,
        record_title=title_of(visit, obj, record.values),
        record_url=record_url(obj.name, id),
        chosen=_chosen(visit, found.choices),
        errors=[each.text(visit.language) for each in problems],
        refused=bool(refused or found.refused),
        comment=visit.sent("comment"),
        attaching=may_attach(visit, obj.name),
        chose_files=error is not None and bool(visit.uploads("file")),
        carried={name: visit.sent(name) for name in (DO, VALUES, WHY) if visit.sent(name)},
        deletes=isinstance(change, Delete),
        changed=_changed(visit, obj, id, change) if isinstance(change, Update) and not refused else (),
        action=START.format(approval=approval, id=id),
    )


def _object(visit: Visit, approval: str) -> Object:
    return visit.model.objects[definitions.in_force(visit.unit, approval).object]


def _change(visit: Visit, obj: Object, id: str) -> tuple[Change | None, tuple[Problem, ...]]:
    """The change that the form carries, and what is wrong with its values."""
    change = change_sent(visit, obj, id)
    if change is None:
        return None, ()
    values = visit.unit.records.get(obj.name, id).values
    try:
        gates.gated(visit.unit, obj, values, change)
    except Rejected as error:
        return change, error.problems
    return change, ()


def _changed(visit: Visit, obj: Object, id: str, change: Update) -> tuple[Told, ...]:
    """Old → new in words, of the fields that the person may read."""
    values = running.record_values(visit.unit, obj, id)
    carried = gates.gated(visit.unit, obj, values, change)
    may = visit.unit.access.may_field
    names = {field.id: field.name for field in obj.fields.values() if may("read", obj, field)}
    pairs = {names[key]: (carried["old"][key], new) for key, new in carried["values"].items() if key in names}
    return words(visit, obj.name, pairs)


def _chosen(visit: Visit, choices: Sequence[Choice]) -> Mapping[str, list[Chosen]]:
    """Those who were chosen when the form was sent before."""
    sent = {each.key: [id for id in visit.sent_all(f"chosen.{each.key}") if id] for each in choices}
    named = names_of(People(visit.unit), [id for ids in sent.values() for id in ids])
    return {key: [Chosen(id, named[id].name) for id in ids] for key, ids in sent.items()}


def submit(visit: Visit, approval: str, id: str) -> Response:
    """Submit the record; the page again, with the reason, where that is refused."""
    try:
        with visit.read() as reading:
            chosen = chosen_sent(reading)
            change = change_sent(reading, _object(reading, approval), id)
        said = visit.sent("comment")
        with files_sent(visit) as files:
            instance = visit.write(
                lambda unit: service.submit(
                    unit, approval, id, chosen=chosen, comment=said, files=files(unit), change=change
                ),
                why=visit.sent(WHY),
            )
    except (BadRequest, Rejected, Conflict, TooLarge) as error:
        with visit.read() as reading:
            return _page(reading, approval, id, error)
    return visit.go(_where(visit, instance), visit.say(msg("Submitted for approval")))


def _where(visit: Visit, instance: str) -> str:
    with visit.read() as reading:
        found = service.instance(reading.unit, instance)
        try:
            reading.unit.records.get(found.object, found.record)
        except NotFound:
            return f"{HERE}/{instance}"
        return record_url(found.object, found.record)


PAGES = (
    Page("GET", START, show),
    Page("POST", CHANGE, show_change, reads=True),
    Page("POST", START, submit),
)
