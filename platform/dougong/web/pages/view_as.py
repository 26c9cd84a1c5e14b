"""Looking on as another user: begun from their page, shown by a banner, ended with one press; both in the audit log."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import Conflict, Forbidden, Problem
from dougong.base.language import msg
from dougong.engine.audit import Event, record
from dougong.engine.entering import may_enter
from dougong.engine.rights.comparing import beyond
from dougong.engine.rights.explaining import as_user
from dougong.engine.unit import Unit
from dougong.web import sessions
from dougong.web.context import record_url
from dougong.web.routing import Page
from dougong.web.viewing import RIGHT
from dougong.web.visit import Visit

BEGIN = "/access/view-as/{id}"
END = "/access/view-as/end"
NAMED = 3
"""How many rights a refusal names that the viewer lacks."""


def begin(visit: Visit, id: str) -> Response:
    """Look on as a user, who may have no right that the viewer has not.

    Raises:
        NotFound: the viewer does not see the user.
        Conflict: it is the viewer, or somebody who is switched off.
        Forbidden: the user has rights that the viewer lacks.
    """
    token = visit.signed_in.token

    def work(unit: Unit) -> None:
        _require(unit, id)
        sessions.view(unit, token, id)
        record(unit, Event("view_as_began", f"user:{id}"))

    visit.write(work)
    return visit.go("/")


def _require(unit: Unit, id: str) -> None:
    person = unit.records.get("user", id).values
    name = str(person["name"] or person["login"])
    if id == unit.actor.user_id or not may_enter(person):
        reason = msg("{name} has no view to look at but yours.", name=name)
        if id != unit.actor.user_id:
            reason = msg("{name} is switched off or frozen and sees nothing.", name=name)
        raise Conflict(Problem(code="view-as-nobody", thing=f"user:{id}", reason=reason))
    more = beyond(unit, as_user(unit, id))
    if more:
        raise Forbidden(
            *(
                Problem(
                    code="view-as-beyond",
                    thing=f"user:{id}",
                    reason=msg("{name} has a right that you do not have: {what}", name=name, what=each),
                )
                for each in more[:NAMED]
            )
        )


def end(visit: Visit) -> Response:
    """Go back to one's own view."""
    session = visit.signed_in
    if session.own is None:
        return visit.go("/")
    other = str(session.actor.user_id)

    def work(unit: Unit) -> None:
        sessions.view(unit, session.token, None)
        record(unit, Event("view_as_ended", f"user:{other}"))

    visit.company.write(session.own, work)
    return visit.go(record_url("user", other))


PAGES = (
    Page("POST", END, end, own=True),
    Page("POST", BEGIN, begin, right=RIGHT),
)
