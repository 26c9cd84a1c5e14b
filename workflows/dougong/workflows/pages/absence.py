"""Absence and delegation: when somebody is away, who acts for them then, and for what; their own, or anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from starlette.responses import Response

from dougong.base.errors import BadRequest, DougongError, NotFound, Problem, Rejected
from dougong.base.field_types import Reference
from dougong.base.language import Message, msg
from dougong.engine.saving.money import company_currency
from dougong.web.frame import framed
from dougong.web.handover_form import Chosen, people_sent
from dougong.web.routing import Page
from dougong.web.visit import Visit
from dougong.workflows.approvals import delegating
from dougong.workflows.approvals.absence import Delegation
from dougong.workflows.approvals.lists import names_of
from dougong.workflows.approvals.people import People
from dougong.workflows.pages.approvals import HERE as CENTRE
from dougong.workflows.pages.standing import scope_of, standing

HERE = CENTRE + "/absence"

STATES: Mapping[str, tuple[Message, str]] = {
    "now": (msg("in force"), "green"),
    "later": (msg("to come"), "blue"),
    "ended": (msg("ended early"), "grey"),
    "over": (msg("over"), "grey"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A delegation as it is told: `state` is one of `STATES`, `scope` for what it is."""

    id: str
    since: date
    until: date
    delegate: str
    scope: str
    made_by: str
    state: str


def show(visit: Visit, user: str = "") -> Response:
    """The page: one's own, or somebody's for who manages users."""
    return _page(visit, user or visit.actor.user_id or "")


def _page(visit: Visit, person: str, error: DougongError | None = None) -> Response:
    unit, people = visit.unit, People(visit.unit)
    own, values = person == visit.actor.user_id, people.values(person)
    if not values and delegating.is_own(unit, person):
        raise NotFound(Problem(code="user-unknown", reason=msg("There is no such page."), thing=person))
    given = delegating.delegations_of(unit, person, past=True)
    people.fetch({*(each.delegate for each in given), *(each.made_by or "" for each in given)})
    lines = [_line(visit, people, each) for each in given]
    since, until = delegating.away_by_record(values)
    stands = values.get("delegate")
    return framed(
        visit,
        "absence.html",
        CENTRE,
        visit.say(msg("Absence and delegation")),
        status=422 if error else 200,
        action=HERE if own else f"{HERE}/{person}",
        person=people.name(person),
        own=own,
        lines=[each for each in reversed(lines) if each.state in ("now", "later")],
        past=[each for each in lines if each.state in ("over", "ended")],
        states=STATES,
        by_record=(since, until, people.name(stands.id)) if since and isinstance(stands, Reference) else None,
        for_others=unit.access.has("manage_users") and not unit.actor.viewer,
        acting=standing(visit) if own else (),
        scopes=_scopes(visit),
        currency=company_currency(visit.model),
        today=delegating.today_of(unit),
        errors=[each.text(visit.language) for each in error.problems] if error else [],
        sent={name: visit.sent(name) for name in ("since", "until", "scope", "up_to")},
        chosen=[Chosen(id, each.name) for id, each in names_of(people, visit.sent_all("to")).items() if id],
    )


def _line(visit: Visit, people: People, each: Delegation) -> Line:
    today = delegating.today_of(visit.unit)
    state = "ended" if each.ended_at else "over" if each.until < today else "later" if each.since > today else "now"
    made_by = people.name(each.made_by) if each.made_by != each.person else ""
    return Line(each.id, each.since, each.until, people.name(each.delegate), scope_of(visit, each), made_by, state)


def _scopes(visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a delegation can be limited to: objects that are ever approved, and their processes."""
    approvals = visit.model.workflows.approvals.values()
    objects = {
        each.object: visit.model.objects[each.object] for each in approvals if each.object in visit.model.objects
    }
    label = visit.context.label
    kinds = sorted((label(obj.label), f"object:{name}") for name, obj in objects.items())
    each = sorted((label(found.label), f"approval:{found.name}") for found in approvals)
    groups = [(msg("Records of one kind"), kinds), (msg("One process"), each)]
    return [(visit.say(said), [(value, text) for text, value in values]) for said, values in groups if values]


def make(visit: Visit, user: str = "") -> Response:
    """Make a delegation; the page again, with every reason, where that is refused."""
    person = user or visit.actor.user_id or ""
    try:
        with visit.read() as reading:
            to = people_sent(reading, "to")
        since, until, up_to = _day(visit, "since"), _day(visit, "until"), _amount(visit)
        if len(to) != 1:
            raise _wrong(msg("One person acts for who is away; choose one."))
        kind, _, name = visit.sent("scope").partition(":")
        limits = {"object_name": name if kind == "object" else None, "approval": name if kind == "approval" else None}
        visit.write(lambda unit: delegating.delegate(unit, person, to[0], since, until, up_to=up_to, **limits))
    except (BadRequest, Rejected) as error:
        with visit.read() as reading:
            return _page(reading, person, error)
    return visit.go(f"{HERE}/{user}" if user else HERE, visit.say(msg("Delegation saved")))


def _day(visit: Visit, name: str) -> date:
    try:
        return date.fromisoformat(visit.sent(name))
    except ValueError:
        raise _wrong(msg("The first and the last day of the absence are both needed.")) from None


def _amount(visit: Visit) -> Decimal | None:
    text = visit.sent("up_to").strip().replace(",", "").replace("，", "")
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise _wrong(msg("The amount of a delegation is a number above 0.")) from None


def _wrong(reason: Message) -> Rejected:
    return Rejected(Problem(code="delegation-wrong", reason=reason, thing="delegation"))


def end(visit: Visit, user: str = "") -> Response:
    """End one."""
    visit.write(lambda unit: delegating.end(unit, visit.sent("id")))
    return visit.go(f"{HERE}/{user}" if user else HERE, visit.say(msg("Delegation ended")))


def lead(visit: Visit) -> Response:
    """Lead an administrator to somebody's page."""
    with visit.read() as reading:
        found = people_sent(reading, "person")
    return visit.go(f"{HERE}/{found[0]}" if len(found) == 1 else HERE)


PAGES = (
    Page("GET", HERE, show),
    Page("POST", HERE, make),
    Page("POST", HERE + "/of", lead),
    Page("POST", HERE + "/end", end),
    Page("GET", HERE + "/{user}", show),
    Page("POST", HERE + "/{user}", make),
    Page("POST", HERE + "/{user}/end", end),
)
