"""The page on which a record is submitted for an approval: who would decide, whom one chooses, and a word to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from dougong.base.errors import BadRequest, Conflict, DougongError, NotFound, Rejected, TooLarge
from dougong.base.language import msg
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.handover_form import Chosen
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit
from dougong.workflows.approvals import service
from dougong.workflows.approvals.lists import names_of
from dougong.workflows.approvals.people import People
from dougong.workflows.approvals.told import Choice
from dougong.workflows.pages.approvals import HERE
from dougong.workflows.pages.approving import chosen_sent, files_sent, may_attach

START = HERE + "/start/{approval}/{id}"


def show(visit: Visit, approval: str, id: str) -> Response:
    """Who would decide, and the form."""
    return _page(visit, approval, id)


def _page(visit: Visit, approval: str, id: str, error: DougongError | None = None) -> Response:
    found = service.preview(visit.unit, approval, id)
    obj = visit.model.objects[visit.model.workflows.approvals[found.approval].object]
    record = visit.unit.records.get(obj.name, id)
    problems = error.problems if error is not None else found.refused
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
        refused=bool(found.refused),
        comment=visit.sent("comment"),
        attaching=may_attach(visit, obj.name),
        chose_files=error is not None and bool(visit.uploads("file")),
    )


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
        said = visit.sent("comment")
        with files_sent(visit) as files:
            instance = visit.write(
                lambda unit: service.submit(unit, approval, id, chosen=chosen, comment=said, files=files(unit))
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


PAGES = (Page("GET", START, show), Page("POST", START, submit))
