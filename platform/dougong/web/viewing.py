"""A session that looks on as another user: who that may be, what it may not do, and the banner's facts.

It is the session that looks on: the other user appears as the actor of each of its requests, with the viewer behind
them, whom the engine lets write nothing. It ends when the viewer says so, when the session ends, and as soon as the
one is no longer allowed to look on as the other.
"""

from __future__ import annotations

from dataclasses import replace

from dougong.base.errors import Forbidden, Problem
from dougong.base.language import msg
from dougong.engine.actor import Actor
from dougong.engine.audit import Event, record
from dougong.engine.company import Company
from dougong.engine.rights.comparing import beyond
from dougong.engine.unit import Unit
from dougong.engine.viewing import refuse_viewing
from dougong.web import sessions
from dougong.web.sessions import Session

RIGHT = "view_as"

OWN_PAGES = ("/account", "/password", "/preferences", "/notices")
"""Pages about a person's own account: they are not looked at in another one's place."""


def looked_through(unit: Unit, session: Session) -> Session:
    """`session` with the user acting as whom it looks on; `lapsed` says whom it may no longer look on as."""
    other, own = session.viewing, session.actor
    if other is None or session.must_change or session.lacks_second_step:
        return session
    viewer, viewed = unit.acting(own), unit.acting(other)
    if not viewer.access.has(RIGHT) or beyond(viewer, viewed):
        return replace(session, lapsed=other)
    return replace(session, own=own, actor=replace(other, viewer=own, address=own.address))


def given_back(company: Company, session: Session, other: Actor) -> None:
    """Note that a session that may no longer look on as `other` has its own view back."""

    def work(unit: Unit) -> None:
        sessions.view(unit, session.token, None)
        record(unit, Event("view_as_ended", f"user:{other.user_id}"))

    company.write(session.actor, work)


def refuse_change(session: Session | None) -> None:
    """Turn away a change by who only looks on, or did when the form was shown.

    Raises:
        Forbidden: the session looks on, or no longer may.
    """
    if session is not None and session.lapsed:
        reason = msg("You no longer see the pages as {name}: nothing was changed.", name=session.lapsed.name)
        fix = msg("Open the page again in your own view.")
        raise Forbidden(Problem(code="viewing-lapsed", reason=reason, fix=fix))
    if session is not None:
        refuse_viewing(session.actor)


def refuse_own_pages(session: Session, path: str) -> None:
    """Turn away who would look at another one's account.

    Raises:
        Forbidden: the session looks on, and the page is about a person's own account.
    """
    if session.own is not None and path.startswith(OWN_PAGES):
        reason = msg("What belongs to {name} alone is not shown to those who look on.", name=session.actor.name)
        fix = msg("Go back to your own view to see your own account.")
        raise Forbidden(Problem(code="viewing-own", thing=path, reason=reason, fix=fix))
