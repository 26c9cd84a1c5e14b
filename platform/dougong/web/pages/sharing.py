"""Who else has a record: owner, team and shares; share it, and end a share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong.base.errors import DougongError, NotFound, Problem
from dougong.base.language import msg
from dougong.engine.handover import sharing
from dougong.engine.reading.covering import rights_on
from dougong.engine.rights.shares import SHARES
from dougong.engine.saving.batch import Create
from dougong.metadata.model import Object
from dougong.web import errors_in_forms, forms, submission
from dougong.web.composer.forms import FormView, some_fields
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit

HERE = "/o/{object}/{id}/sharing"
ASKED = ("user", "group", "department", "below", "role", "team_role", "level", "until", "reason")


@dataclass(frozen=True, slots=True)
class Shared:
    """A share as the page tells it."""

    id: str
    who: str
    kind: str
    what: str
    until: Any
    over: bool
    reason: str


def show(visit: Visit, object: str, id: str) -> Response:
    """The list, and the form of a new share for those who may."""
    return _page(visit, object, id, None, None)


def _object(visit: Visit, name: str) -> Object:
    obj = visit.object(name)
    if not sharing.shareable(visit.unit, obj):
        raise NotFound(Problem(code="object-unknown", reason=msg("There is no such page."), thing=name))
    return obj


def _page(visit: Visit, name: str, id: str, sent: submission.Submission | None, error: DougongError | None) -> Response:
    obj = _object(visit, name)
    record = visit.unit.records.get(name, id)
    shares = visit.model.objects[SHARES]
    may = "edit" in rights_on(visit.unit, obj, id, ("edit",)) and visit.unit.access.may("create", shares)
    view = _view(visit, shares)
    shown = {each.name: 1 for each in view.fields}
    errors = errors_in_forms.sort_out(error, shares, shown, visit.language) if error else errors_in_forms.NONE
    entered = sent.entered if sent else forms.Entered()
    form = forms.build(visit, shares, view, {"level": "read"}, entered=entered, errors=errors)
    return framed(
        visit,
        "sharing.html",
        name,
        visit.say(msg("Who has {name}", name=title_of(visit, obj, record.values))),
        error.status if error else 200,
        object=obj,
        object_label=several(obj, visit.language),
        url=record_url(name, id),
        owner=record.values.get("owner"),
        shares=_shares(visit, obj, id),
        may_share=may,
        may_end=may and visit.unit.access.may("delete", shares),
        form=form,
        parts=forms.render(visit, form),
        below=[(each, several(each.object, visit.language)) for each in sharing.below(visit.unit, obj, id)],
        chosen=set(visit.sent_all("also")),
    )


def _view(visit: Visit, shares: Object) -> FormView:
    return some_fields(visit, shares, "sharing", ASKED)


def _shares(visit: Visit, obj: Object, id: str) -> list[Shared]:
    shares, today = visit.model.objects[SHARES], visit.reading.today
    columns, rows = sharing.shares_of(visit.unit, obj, id)
    found = []
    for row in rows:
        values = dict(zip(columns, row.values, strict=True))
        said = {
            name: shares.fields[name].type.display(shares.fields[name], value, visit.reading)
            for name, value in values.items()
            if value is not None
        }
        kind = next((each for each in ("user", "group", "department", "role") if values.get(each)), "user")
        who = said.get(kind, said.get("title", ""))
        until = values.get("until")
        found.append(
            Shared(
                row.id,
                who,
                visit.context.label(shares.fields[kind].label),
                said.get("team_role") or said.get("level", ""),
                until,
                until is not None and until < today,
                said.get("reason", ""),
            )
        )
    return found


def share(visit: Visit, object: str, id: str) -> Response:
    """Share it, with what was ticked below it; the form again where something is amiss."""
    with visit.read() as reading:
        obj = _object(reading, object)
        sent = submission.read(
            reading, reading.model.objects[SHARES], _view(reading, reading.model.objects[SHARES]), "", {}
        )
    first, also = sent.changes[0], visit.sent_all("also")
    assert isinstance(first, Create)
    try:
        sent.checked()
        done = visit.write(lambda unit: sharing.share(unit, obj, id, first.values, also), why=visit.sent("why"))
    except DougongError as error:
        if isinstance(error, NotFound):
            raise
        with visit.read() as reading:
            return _page(reading, object, id, sent, error)
    said = msg("{n} record shared", "{n} records shared", n=done)
    return visit.go(HERE.format(object=object, id=id), visit.say(said))


def end(visit: Visit, object: str, id: str, share: str) -> Response:
    """End a share, and those that were made with it."""
    with visit.read() as reading:
        obj = _object(reading, object)
    done = visit.write(lambda unit: sharing.end(unit, obj, id, share))
    said = msg("{n} share ended", "{n} shares ended", n=done)
    return visit.go(HERE.format(object=object, id=id), visit.say(said))


PAGES = (
    Page("GET", HERE, show),
    Page("POST", HERE, share),
    Page("POST", f"{HERE}/{{share}}/end", end),
)
