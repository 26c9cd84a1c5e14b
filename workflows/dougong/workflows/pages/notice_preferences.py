"""What somebody wants to be told by which channel, their quiet hours, and whether mails are gathered."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from dougong.base.language import Message, msg
from dougong.engine.actor import SYSTEM
from dougong.web.endpoints import called
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit
from dougong.workflows.notices.kinds import KINDS
from dougong.workflows.notices.preferences import DIGESTS, MAIL, Preferences, clock, prefer, preferences_of

HERE = "/notices/preferences"

DIGEST_NAMES: Mapping[str, Message] = {
    "none": msg("Each mail at once"),
    "hourly": msg("One mail an hour"),
    "daily": msg("One mail a day"),
}


def _channels(visit: Visit) -> list[tuple[str, str]]:
    """Every channel that there is, as it is called."""
    known = [MAIL] if visit.company.outgoing is not None else []
    return [(name, called(visit, name)) for name in (*known, *visit.model.workflows.channels)]


def show(visit: Visit) -> Response:
    """The page."""
    mine = preferences_of(visit.unit, visit.actor.user_id or "")
    return framed(
        visit,
        "notice_preferences.html",
        "/notices",
        visit.say(msg("What I am told")),
        kinds=[(each.name, visit.say(each.label), mine.channels_of(each.name)) for each in KINDS.values()],
        channels=_channels(visit),
        mine=mine,
        digests=[(name, visit.say(DIGEST_NAMES[name])) for name in DIGESTS],
        zone=str(visit.actor.zone),
    )


def keep(visit: Visit) -> Response:
    """Keep what was chosen."""
    with visit.read() as reading:
        known = [name for name, _ in _channels(reading)]
        before = preferences_of(reading.unit, visit.actor.user_id or "")
    digest = visit.sent("digest")
    chosen = Preferences(
        channels={kind: tuple(each for each in known if each in visit.sent_all(f"by.{kind}")) for kind in KINDS},
        quiet_from=clock(visit.sent("quiet_from")),
        quiet_until=clock(visit.sent("quiet_until")),
        digest=next((each for each in DIGESTS if each == digest), before.digest),
        digest_at=clock(visit.sent("digest_at")) or before.digest_at,
    )
    visit.company.write(SYSTEM, lambda unit: prefer(unit, visit.actor.user_id or "", chosen))
    return visit.go(HERE, visit.say(msg("Settings saved")))


PAGES = (
    Page("GET", HERE, show),
    Page("POST", HERE, keep),
)
