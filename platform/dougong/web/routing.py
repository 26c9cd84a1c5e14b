"""From a URL to a handler: what a page declares, and the one way in which every request is carried out.

The body is read, capped, on the event loop; then one hop to a thread does database and template together.
"""

from __future__ import annotations

import functools
import secrets
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import anyio.to_thread
import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong.base.errors import DougongError, Forbidden, Problem
from dougong.base.language import LANGUAGES, msg
from dougong.engine.actor import NOBODY, SYSTEM
from dougong.engine.first import First
from dougong.engine.unit import Unit
from dougong.web import faults, protection, sessions, viewing
from dougong.web.identity import rates
from dougong.web.identity.policy import policy_of
from dougong.web.identity.rates import TooManyRequests
from dougong.web.identity.throttle import TooManyTries
from dougong.web.sessions import Session
from dougong.web.site import Site
from dougong.web.visit import Visit, forbidden, preferred_language, with_query

Handler = Callable[..., Response]
log = structlog.get_logger("dougong.web")

DOOR_COOKIE = "dougong_door"
LANGUAGE_COOKIE = "language"
MOST_FIELDS = 5000
MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Page:
    """One address: a GET reads, a POST changes.

    `who`: those signed in; anyone; or, of those signed in, also those who must first set a password, or first set up
    a second step. A page that wants `proof` is for who has lately proved who they are, one with a `right` for who
    holds this system right. One that is `rehearsed` only reads, and is read again under a model to come
    (`dougong.engine.lately`). An `own` change is the person's own even while they look on as another user. A POST that
    only `reads` does not wait for those that write.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    who: Literal["signed_in", "anyone", "setting_password", "setting_up"] = "signed_in"
    proof: bool = False
    right: str = ""
    rehearsed: bool = False
    own: bool = False
    reads: bool = False


def route(site: Site, page: Page) -> Route:
    """The Starlette route of a page."""
    changes = page.method == "POST"
    limiter = site.writes if changes and not page.reads else site.reads

    async def endpoint(request: Request) -> Response:
        if not changes:
            return await anyio.to_thread.run_sync(carry_out, site, page, request, FormData(), limiter=limiter)
        async with request.form(
            max_fields=MOST_FIELDS, max_files=MOST_FILES, max_part_size=site.settings.max_body_mb << 20
        ) as form:
            return await anyio.to_thread.run_sync(carry_out, site, page, request, form, limiter=limiter)

    return Route(page.path, endpoint, methods=[page.method])


def carry_out(site: Site, page: Page, request: Request, form: FormData) -> Response:
    """Answer one request, in a thread."""
    visit = Visit(site, request, site.company, None, language_of(site, request), form=form, door=_door(request))
    try:
        if page.who == "anyone" and page.method == "POST":
            rates.count(rates.AT_THE_DOOR, "door", visit.address)
        answer = _change(visit, page) if page.method == "POST" else _read(visit, page)
    except DougongError as error:
        actor = visit.session.actor if visit.session else replace(NOBODY, address=visit.address)
        site.refusals.note(visit.company, actor, request, error)
        answer = faults.answer(visit, error)
        if isinstance(error, TooManyRequests | TooManyTries):
            answer.headers["retry-after"] = str(error.seconds)
    except Exception:
        log.error("request failed", request=request.scope["state"].get("request_id"), trace=traceback.format_exc())
        answer = faults.failed(visit)
    if visit.door not in (request.cookies.get(DOOR_COOKIE), ""):
        answer.set_cookie(DOOR_COOKIE, visit.door, httponly=True, samesite="lax", secure=site.secure)
    return answer


def language_of(site: Site, request: Request) -> str:
    """The language of somebody who has not signed in."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return preferred_language(request.headers.get("accept-language", ""), site.settings.default_language)


def _door(request: Request) -> str:
    return request.cookies.get(DOOR_COOKIE) or secrets.token_urlsafe(16)


def _read(visit: Visit, page: Page) -> Response:
    with visit.company.read(SYSTEM, _who(visit)) as opened:
        _enter(visit, opened, page)
        refused = _turned_away(visit, page)
        if refused is not None:
            return refused
        answer: Response = page.handler(visit, **visit.request.path_params)
    if page.rehearsed:
        kind = page.path, visit.request.path_params.get("object"), visit.asked("view"), visit.language
        visit.company.lately.note(kind, functools.partial(_again, visit.site, page, visit.request))
    _forget_told(visit, answer)
    return answer


def _again(site: Site, page: Page, request: Request, unit: Unit) -> None:
    """Make a page that somebody was shown once more, for nobody, in `unit`."""
    visit = Visit(site, request, site.company, None, language_of(site, request))
    who = _who(visit)
    if who is not None:
        unit.first = unit.ask(who.statement(unit.runtime), who.parameters).one()
        _enter(visit, unit, page)
    if visit.session is not None:
        page.handler(visit, **request.path_params)


def _change(visit: Visit, page: Page) -> Response:
    with visit.company.read(SYSTEM, _who(visit)) as opened:
        _enter(visit, opened, page)
    visit.unit_or_none = None
    given = visit.sent(protection.TOKEN_FIELD) or visit.request.headers.get(protection.TOKEN_HEADER, "")
    seed = visit.session.token if visit.session else visit.door
    if not protection.from_our_pages(visit.request.headers, seed, given):
        reason = msg("This form did not come from a page of this site, or it is too old.")
        fix = msg("Open the page again and repeat what you did.")
        raise Forbidden(Problem(code="form-foreign", reason=reason, fix=fix))
    if not page.own:
        viewing.refuse_change(visit.session)
    refused = _turned_away(visit, page)
    if refused is not None:
        return refused
    answer: Response = page.handler(visit, **visit.request.path_params)
    return answer


def _cookie(visit: Visit) -> str:
    return visit.request.cookies.get(sessions.cookie_name(visit.site.secure), "")


def _who(visit: Visit) -> First | None:
    """The question who the cookie stands for, which goes out with the unit's first statement."""
    token = _cookie(visit)
    return sessions.asked(token, visit.company.hooks) if token else None


def _enter(visit: Visit, opened: Unit, page: Page) -> None:
    """Find who asks, and let them act in the unit that was opened for the asking."""
    token = _cookie(visit)
    found = sessions.find(opened, token, visit.site.settings) if token else None
    if found is None:
        visit.session, visit.unit_or_none = None, opened
        return
    visit.session = session = viewing.looked_through(
        opened, replace(found, actor=replace(found.actor, address=visit.address))
    )
    visit.language = session.actor.language
    visit.door = ""
    visit.proved = session.proved_at + policy_of(opened.runtime.model).step_up > opened.now
    visit.unit_or_none = opened.acting(session.actor)
    if page.right and not visit.unit.access.has(page.right):
        raise forbidden(page.right)


def _turned_away(visit: Visit, page: Page) -> Response | None:
    if page.who == "anyone":
        return None
    session = visit.session
    if session is None:
        return visit.go(with_query("/sign-in", _here(visit)))
    if session.must_change and page.who != "setting_password":
        return visit.go(with_query("/password", _here(visit)))
    if session.lacks_second_step and page.who == "signed_in":
        return visit.go("/account/second-step")
    viewing.refuse_own_pages(session, visit.request.url.path)
    if page.proof and not visit.proved:
        return visit.go(with_query("/account/prove", _here(visit) or [("back", "/account/security")]))
    if session.lapsed and not visit.scripted:
        viewing.given_back(visit.company, session, session.lapsed)
    if session.stale:
        visit.session = _seen(visit, session)
    return None


def _seen(visit: Visit, session: Session) -> Session:
    """Note the use of a session after the answer is made, so that reading never waits for it."""
    visit.company.write(SYSTEM, lambda unit: sessions.seen(unit, session.token))
    return replace(session, stale=False)


def _here(visit: Visit) -> list[tuple[str, str]]:
    if visit.request.method != "GET" or visit.request.url.path in ("/", "/sign-in"):
        return []
    query = visit.request.url.query
    return [("back", visit.request.url.path + (f"?{query}" if query else ""))]


def _forget_told(visit: Visit, answer: Response) -> None:
    """A message for the next page is shown once."""
    if "told" in visit.request.cookies and not visit.scripted and answer.status_code == 200:
        answer.delete_cookie("told", path="/")
