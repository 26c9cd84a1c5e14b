"""The approval centre: what somebody has to decide, has decided, has asked for, and was sent a copy of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from starlette.responses import Response

from dougong.base.errors import DougongError
from dougong.base.language import Message, msg
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query
from dougong.workflows.approvals import service
from dougong.workflows.approvals.state import Act, Approve, Reject
from dougong.workflows.approvals.told import Which
from dougong.workflows.pages.standing import standing

HERE = "/approvals"

TABS: Mapping[Which, Message] = {
    "todo": msg("To decide"),
    "done": msg("Decided"),
    "mine": msg("Asked for by me"),
    "copied": msg("Copies"),
}

NOTHING: Mapping[Which, Message] = {
    "todo": msg("Nothing waits for you"),
    "done": msg("You have decided nothing yet"),
    "mine": msg("You have asked for nothing yet"),
    "copied": msg("No copies"),
}

STATUS: Mapping[str, tuple[Message, str]] = {
    "waiting": (msg("not their turn yet"), "grey"),
    "open": (msg("in approval"), "blue"),
    "returned": (msg("sent back"), "yellow"),
    "approved": (msg("approved"), "green"),
    "rejected": (msg("rejected"), "red"),
    "recalled": (msg("recalled"), "grey"),
    "cancelled": (msg("cancelled"), "grey"),
    "sent_back": (msg("sent back"), "yellow"),
    "handed_over": (msg("handed over"), "grey"),
    "delegated": (msg("asked for an opinion"), "grey"),
    "skipped": (msg("skipped"), "grey"),
    "removed": (msg("removed"), "grey"),
    "void": (msg("not needed any more"), "grey"),
}
"""How the state of an approval, or of one person's part, is called, and its colour."""


def show(visit: Visit) -> Response:
    """One list of the centre."""
    return _list(visit)


def _list(visit: Visit, refused: tuple[str, ...] = ()) -> Response:
    which: Which = next((each for each in get_args(Which) if each == visit.asked("list")), "todo")
    found = service.tasks(visit.unit, which, visit.asked("after") or None)
    kept = [("list", which)] if which != "todo" else []
    return framed(
        visit,
        "approvals.html",
        HERE,
        visit.say(msg("Approvals")),
        status=422 if refused else 200,
        which=which,
        tabs=[(with_query(HERE, [("list", key)] if key != "todo" else []), visit.say(said), key == which)
              for key, said in TABS.items()],
        waiting=visit.signed_in.badges.get("approvals", 0),
        rows=found.rows,
        status_of=status_of,
        nothing=visit.say(NOTHING[which]),
        acting=standing(visit) if which == "todo" else (),
        refused=refused,
        first=with_query(HERE, kept) if visit.asked("after") else "",
        following=with_query(HERE, [*kept, ("after", found.next)]) if found.next else "",
    )  # fmt: skip


def status_of(status: str) -> tuple[Message | str, str]:
    """What a state is called, and its colour."""
    return STATUS.get(status, (status, "grey"))


def decide(visit: Visit) -> Response:
    """Decide several at once, each by itself; those that cannot be decided are named with their reason."""
    verdict, opinion, refused, count = visit.sent("act"), visit.sent("opinion").strip(), [], 0
    for each in visit.sent_all("id"):
        instance, _, entry = each.partition(":")
        said: dict[str, Any] = {"entry": entry, "by": visit.actor.user_id or "", "opinion": opinion}
        act: Act = Reject(**said) if verdict == "reject" else Approve(**said)
        try:
            _carry(visit, instance, act)
            count += 1
        except DougongError as error:
            reason = " ".join(problem.text(visit.language) for problem in error.problems)
            refused.append(visit.say(msg("{approval}: {reason}", approval=_called(visit, instance), reason=reason)))
    if refused:
        with visit.read() as reading:
            return _list(reading, tuple(refused))
    return visit.go(HERE, visit.say(msg("{count} decided", count=count)))


def _carry(visit: Visit, instance: str, act: Act) -> None:
    visit.write(lambda unit: service.act(unit, instance, act))


def _called(visit: Visit, instance: str) -> str:
    try:
        with visit.read() as reading:
            return service.instance(reading.unit, instance).title
    except DougongError:
        return instance


PAGES = (Page("GET", HERE, show), Page("POST", HERE, decide))
