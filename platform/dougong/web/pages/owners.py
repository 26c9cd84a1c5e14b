"""A new owner for one record or several: who, what follows, and whether the former one stays in the team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from starlette.responses import Response

from dougong.base.errors import BadRequest, DougongError, Forbidden, NotFound, Place, Problem
from dougong.base.language import label, msg
from dougong.engine.audit import Event, record
from dougong.engine.handover import owner_change
from dougong.engine.handover.owner_change import Keep, NewOwner
from dougong.engine.unit import Unit
from dougong.web.context import record_url
from dougong.web.errors_in_forms import ask_why
from dougong.web.frame import framed
from dougong.web.handover_form import person_sent
from dougong.web.navigation import several
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit


def show(visit: Visit, object: str, id: str) -> Response:
    """The questions about one record."""
    return _page(visit, object, [id])


def show_many(visit: Visit, object: str) -> Response:
    """The questions about the records that were selected in a list."""
    ids = _sent_ids(visit)
    if not ids:
        return visit.go(visit.back(f"/o/{object}"), visit.say(msg("Nothing was selected")))
    with visit.read() as reading:
        return _page(reading, object, ids)


def _sent_ids(visit: Visit) -> list[str]:
    return list(dict.fromkeys(visit.sent_all("id")))[: owner_change.MOST]


def _page(visit: Visit, name: str, ids: Sequence[str], error: DougongError | None = None) -> Response:
    obj = visit.object(name)
    owner_change.owned(visit.unit, name)
    found = owner_change.following(visit.unit, obj, ids)
    one = visit.unit.records.get(name, ids[0])
    if len(ids) == 1:
        title = visit.say(msg("New owner of {name}", name=title_of(visit, obj, one.values)))
    else:
        title = visit.say(msg("New owner of {n} record", "New owner of {n} records", n=len(ids)))
    return framed(
        visit,
        "owner.html",
        name,
        title,
        error.status if error else 200,
        object=obj,
        object_label=several(obj, visit.language),
        ids=ids,
        owner=one.values.get("owner") if len(ids) == 1 else None,
        followers=[(each, several(each.object, visit.language), _lookup(visit, each)) for each in found],
        asked=bool(visit.form),
        chosen=set(visit.sent_all("follow")),
        keep=visit.sent("keep"),
        may_keep=owner_change.may_keep(visit.unit, obj),
        errors=[problem.text(visit.language) for problem in error.problems] if error else [],
        why=visit.sent("why") if visit.sent("why") or (error and ask_why(error)) else None,
        back=visit.back(record_url(name, ids[0]) if len(ids) == 1 else f"/o/{name}"),
    )


def _lookup(visit: Visit, each: owner_change.Follower) -> str:
    return label(each.object.fields[each.key.partition(".")[2]].label, visit.language)


def change(visit: Visit, object: str) -> Response:
    """Give them to the new owner; the questions again where something stands against it."""
    ids = _sent_ids(visit)
    back = visit.back(record_url(object, ids[0]) if len(ids) == 1 else f"/o/{object}")
    try:
        with visit.read() as reading:
            wish = _wish(reading, object, ids)

        def work(unit: Unit) -> int:
            saved = owner_change.change_owner(unit, wish)
            if len(ids) > 1:
                record(unit, Event("changed_in_bulk", f"object:{object}", {"owner": len(saved.changes)}))
            return len(saved.changes)

        visit.write(work, why=visit.sent("why"), channel="bulk" if len(ids) > 1 else "form")
    except DougongError as error:
        if isinstance(error, NotFound) or not ids:
            raise
        with visit.read() as reading:
            return _page(reading, object, ids, error)
    return visit.go(_reachable(visit, object, back, ids), visit.say(msg("The owner was changed")))


def _reachable(visit: Visit, object: str, back: str, ids: Sequence[str]) -> str:
    """Where to go on: not to a record that is out of sight now."""
    if len(ids) > 1:
        return back
    with visit.read() as reading:
        try:
            reading.unit.records.get(object, ids[0])
        except (NotFound, Forbidden):
            return f"/o/{object}"
    return back


def _wish(visit: Visit, object: str, ids: Sequence[str]) -> NewOwner:
    keep = visit.sent("keep")
    to = person_sent(visit, "to")
    if not to or keep not in get_args(Keep):
        reason = msg("Say who the new owner is.")
        raise BadRequest(Problem(code="owner-missing", reason=reason, place=Place(field="owner")))
    return NewOwner(object, tuple(ids), to, tuple(visit.sent_all("follow")), keep)  # type: ignore[arg-type]


PAGES = (
    Page("POST", "/o/{object}/owner", show_many),
    Page("POST", "/o/{object}/owner/change", change),
    Page("GET", "/o/{object}/{id}/owner", show),
)
