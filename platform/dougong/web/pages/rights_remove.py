"""A role, permission set or sharing rule of the company is deleted: looked at first, refused while people have it."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import DougongError, NotFound, Problem
from dougong.base.language import label, msg
from dougong.web import formula_publishing
from dougong.web.frame import framed
from dougong.web.pages.formulas import entered
from dougong.web.rights_change import Planned, Removal, opened, planned, publish_wish
from dougong.web.rights_form import HERE as LIST
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

HERE = "/access/remove"
EDITORS = {"role": "/access/role", "permission_set": "/access/set", "sharing_rule": "/access/rule"}
"""The kinds that are deleted here, and where each is edited."""
GIVEN_IN = {"role": "roles", "permission_set": "permission_sets"}
"""The field of people that says to whom it is given."""


def _removal(visit: Visit, address: str) -> Removal:
    kind, _, name = address.partition(":")
    if kind not in EDITORS or not name:
        raise NotFound(Problem(code="rights-unknown", thing=address, reason=msg("There is no such page.")))
    return Removal(opened(visit, kind, name))


def show(visit: Visit) -> Response:
    """What deleting it would do, or why it is not deleted."""
    entered(visit)
    removal = _removal(visit, visit.asked("of"))
    plan: Planned | None = None
    refused: DougongError | None = None
    try:
        removal.refuse_held(visit.unit)
        plan = planned(visit, removal)
    except DougongError as error:
        refused = error
    return _page(visit, removal, plan, refused, 200)


def _page(visit: Visit, removal: Removal, plan: Planned | None, error: DougongError | None, status: int) -> Response:
    kind, _, name = removal.address.partition(":")
    named = label(removal.opened.body.get("label"), visit.language) or name
    held = error is not None and any(each.code == "rights-held" for each in error.problems)
    people = [("view", "everything"), ("where", f"{GIVEN_IN.get(kind, '')}:any:{name}")]
    return framed(
        visit,
        "rights_remove.html",
        LIST,
        visit.say(msg("Delete {name}", name=named)),
        status,
        of=removal.address,
        planned=plan,
        errors=formula_publishing.said(error, visit.language) if error else (),
        people=with_query("/o/user", people) if held else "",
        back=with_query(EDITORS[kind], [("of", name)]),
        named=named,
    )


def remove(visit: Visit) -> Response:
    """Publish the metadata without it; the page again where something stands against it."""
    with visit.read() as reading:
        entered(reading)
        removal = _removal(reading, visit.sent("of"))
    try:
        with visit.read() as reading:
            entered(reading, "publish")
            removal.refuse_held(reading.unit)
        publish_wish(visit, removal)
    except DougongError as error:
        with visit.read() as reading:
            return _page(reading, removal, None, error, error.status)
    return visit.go(LIST, visit.say(msg("Deleted")))


PAGES = (Page("GET", HERE, show, right="design"), Page("POST", HERE, remove, right="design"))
