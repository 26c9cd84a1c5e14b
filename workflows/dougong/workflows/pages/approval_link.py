"""Where the link of a mail leads that asks somebody to decide: what is decided, and the two answers to it.

Opening the page decides nothing, and no session is made: the link is good for this one decision.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from dougong.base.errors import Conflict, DougongError, Forbidden, NotFound, Rejected
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.web.identity import rates
from dougong.web.routing import Page
from dougong.web.visit import Visit, broken, whole_number
from dougong.workflows.approvals import mail_links, service
from dougong.workflows.approvals.mail_links import Decision, Link, Spent
from dougong.workflows.pages.approval import changed, content, lines
from dougong.workflows.pages.approval_fields import node_of

HERE = "/approval-link"

DECISIONS: dict[str, Decision] = {"approve": "approve", "reject": "reject"}


def show(visit: Visit) -> Response:
    """What the link decides."""
    rates.count(rates.AT_THE_DOOR, "approval-link", visit.address)
    return _page(visit, visit.asked("token"))


def decide(visit: Visit) -> Response:
    """Decide as the person whom the link is for; the page again, with the reason, where that is refused."""
    rates.count(rates.AT_THE_DOOR, "approval-link", visit.address)
    token, decision = visit.sent("token"), DECISIONS.get(visit.sent("act"))
    number = whole_number(visit.sent("number"))
    if decision is None:
        raise broken("act")
    opinion = visit.sent("opinion").strip() or visit.sent("phrase").strip()
    try:
        with visit.company.read(SYSTEM) as unit:
            link = _own(visit, mail_links.look_up(unit, token))
        visit.language = link.actor.language
        visit.company.write(
            replace(link.actor, address=visit.address),
            lambda unit: mail_links.decide(unit, token, decision, opinion=opinion, number=number),
        )
    except (Spent, Forbidden, NotFound):
        return _spent(visit)
    except (Rejected, Conflict) as error:
        with visit.company.read(SYSTEM) as unit:
            return _page(replace(visit, unit_or_none=unit), token, error)
    said = msg("Approved") if decision == "approve" else msg("Rejected")
    return visit.page("approval_link_done.html", title=visit.say(said), instance=link.instance)


def _own(visit: Visit, link: Link) -> Link:
    """The link, unless somebody else is signed in here.

    Raises:
        Spent: it is not theirs.
    """
    if visit.session is not None and visit.actor.user_id != link.actor.user_id:
        raise Spent
    return link


def _page(visit: Visit, token: str, error: DougongError | None = None) -> Response:
    try:
        link = _own(visit, mail_links.look_up(visit.unit, token))
    except Spent:
        return _spent(visit)
    visit.language, visit.unit_or_none = link.actor.language, visit.unit.acting(link.actor)
    found = service.instance(visit.unit, link.instance)
    offers = {each.act: each for each in found.possible if each.entry == link.entry}
    return visit.page(
        "approval_link.html",
        status=200 if error is None else 409 if isinstance(error, Conflict) else 422,
        title=visit.say(msg("Your decision")),
        instance=found,
        token=token,
        changed=changed(visit, found),
        content=content(visit, found),
        lines=lines(visit, found),
        offers=offers,
        here_node=node_of(found),
        errors=[each.text(visit.language) for each in error.problems] if error else [],
        opinion=visit.sent("opinion"),
    )


def _spent(visit: Visit) -> Response:
    problem = Spent()
    return visit.page(
        "approval_link_spent.html",
        status=problem.status,
        title=visit.say(msg("Nothing to decide by this link")),
        reason=problem.problems[0].text(visit.language),
    )


PAGES = (Page("GET", HERE, show, who="anyone"), Page("POST", HERE, decide, who="anyone"))
