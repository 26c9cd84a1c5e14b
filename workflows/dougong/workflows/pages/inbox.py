"""The inbox: what the platform told somebody, what became of the messages about it, and that they have read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem
from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM
from dougong.web.endpoints import called
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit, safe_path, with_query
from dougong.workflows.notices import inbox, sending
from dougong.workflows.notices.kinds import KINDS, kind_of
from dougong.workflows.notices.sending import Fate

HERE = "/notices"

STATES: Mapping[str, Message] = {
    "waiting": msg("waits"),
    "sent": msg("sent"),
    "failed": msg("could not be sent"),
    "dropped": msg("not sent: nobody to send it to"),
}
"""What becomes of a message."""


def show(visit: Visit) -> Response:
    """A page of the inbox."""
    user_id, kind, unread = visit.actor.user_id or "", visit.asked("kind"), visit.asked("show") == "unread"
    kinds = [kind] if kind in KINDS else []
    found = inbox.inbox(visit.unit, user_id, kinds=kinds, unread=unread, before=visit.asked("before") or None)
    kept = [("kind", kind)] * bool(kinds) + [("show", "unread")] * unread
    return framed(
        visit,
        "notices.html",
        HERE,
        visit.say(msg("Notifications")),
        notices=found.told,
        fates=_fates(visit, [each.id for each in found.told]),
        kinds=[(each.name, visit.say(each.label)) for each in KINDS.values()],
        called={each.kind: visit.say(kind_of(each.kind).label) for each in found.told},
        kind=kind if kinds else "",
        unread=unread,
        all_url=with_query(HERE, [("kind", kind)] if kinds else []),
        unread_url=with_query(HERE, [*([("kind", kind)] if kinds else []), ("show", "unread")]),
        first=with_query(HERE, kept) if visit.asked("before") else "",
        following=with_query(HERE, [*kept, ("before", found.before)]) if found.before else "",
    )


def _fates(visit: Visit, ids: Sequence[str]) -> Mapping[str, list[tuple[str, str, str, Fate]]]:
    """What became of the messages of each notice: (channel, state, why) as they are told, and the line of the log."""
    found: dict[str, list[tuple[str, str, str, Fate]]] = defaultdict(list)
    for notice_id, fate in sending.fates(visit.unit, ids):
        state, why = visit.say(STATES[fate.state]), fate.why(visit.language)
        found[notice_id].append((called(visit, fate.channel), state, why, fate))
    return found


def follow(visit: Visit, id: str) -> Response:
    """Lead to what a notice is about; with that it is read."""
    found = inbox.one(visit.unit, visit.actor.user_id or "", id)
    if found is None:
        raise NotFound(Problem(code="notice-unknown", thing=id, reason=msg("There is no such page.")))
    if found.read_at is None:
        visit.company.write(SYSTEM, lambda unit: inbox.mark_read(unit, visit.actor.user_id or "", [id]))
    return visit.go(safe_path(found.url) or HERE)


def read(visit: Visit) -> Response:
    """Note that notices were read: the one that the form names, or all."""
    id = visit.sent("id")
    visit.company.write(SYSTEM, lambda unit: inbox.mark_read(unit, visit.actor.user_id or "", [id] if id else None))
    return visit.go(visit.back(HERE))


PAGES = (
    Page("GET", HERE, show),
    Page("POST", HERE, read),
    Page("GET", HERE + "/{id}", follow),
)
