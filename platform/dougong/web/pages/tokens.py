"""API tokens: what programs call with in a person's place; make one, see which there are, take one back."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import Forbidden, Problem, Rejected
from dougong.base.language import label, msg
from dougong.engine.actor import Scope
from dougong.engine.unit import Unit
from dougong.metadata.rights import API
from dougong.web.frame import framed
from dougong.web.identity import api_tokens
from dougong.web.pages.security import no_such
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number

HERE = "/account/tokens"
DAYS = (30, 90, 365)


def show(visit: Visit) -> Response:
    """Every token of one's own."""
    return _shown(visit, 200)


def _shown(visit: Visit, status: int, made: str = "", errors: tuple[str, ...] = ()) -> Response:
    unit = visit.unit
    objects = [each for each in unit.runtime.model.objects.values() if unit.access.may("read", each)]
    return framed(
        visit,
        "tokens.html",
        "/account/security",
        visit.say(msg("API tokens")),
        status=status,
        may=unit.access.has(API),
        refusal=visit.say(api_tokens.NO_API),
        made=made,
        errors=errors,
        tokens=api_tokens.listed(unit, visit.actor.user_id or ""),
        now=unit.now,
        days=DAYS,
        objects=sorted((label(each.label, visit.language), each.name) for each in objects),
        names={each.name: label(each.label, visit.language) for each in unit.runtime.model.objects.values()},
    )


def make(visit: Visit) -> Response:
    """Make a token and show it, this once."""
    user_id, days = visit.actor.user_id or "", visit.sent("days")
    chosen = frozenset(visit.sent_all("object"))
    scope = Scope(
        objects=chosen if visit.sent("which") == "some" else None,
        write=visit.sent("may") == "write",
        metadata=visit.sent("may") == "write" and bool(visit.sent("metadata")),
    )

    def begin(unit: Unit) -> str:
        if not unit.access.has(API):
            raise Forbidden(Problem(code="right-missing", thing="api", reason=api_tokens.NO_API))
        # Only an empty choice means no end: what is no number is refused as too many days.
        lifetime = None if days == "" else whole_number(days) or 0
        return api_tokens.make(unit, user_id, visit.sent("label"), lifetime, scope)

    try:
        made = visit.write(begin)
    except Rejected as error:
        said = tuple(problem.text(visit.language) for problem in error.problems)
        with visit.read() as reading:
            return _shown(reading, 422, errors=said)
    with visit.read() as reading:
        return _shown(reading, 200, made=made)


def revoke(visit: Visit, id: str) -> Response:
    """Take a token back: the next call with it is refused."""
    user_id = visit.actor.user_id or ""
    if not visit.write(lambda unit: api_tokens.revoke(unit, user_id, id)):
        raise no_such("token")
    return visit.go(HERE, visit.say(msg("Token taken back")))


PAGES = (
    Page("GET", HERE, show),
    Page("POST", HERE, make, proof=True),
    Page("POST", f"{HERE}/{{id}}/revoke", revoke),
)
