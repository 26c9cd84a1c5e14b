"""Sign in with a password, sign out, choose the door's language."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.language import LANGUAGES, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.audit import Event, record
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.credentials import Account
from dougong.web.identity import challenges, entering, second_step
from dougong.web.identity.events import tell
from dougong.web.identity.policy import Policy, policy_of
from dougong.web.identity.throttle import TooManyTries
from dougong.web.routing import LANGUAGE_COOKIE, Page
from dougong.web.visit import Visit, safe_path

LANGUAGE_NAMES = {"en": "English", "zh-CN": "中文"}
YEAR = 365 * 24 * 3600


def door(visit: Visit) -> Response:
    """The sign-in page."""
    if visit.session is not None:
        return visit.go("/")
    return shown(visit, 200, "", "", visit.asked("back"))


def shown(visit: Visit, status: int, login: str, error: str, back: str) -> Response:
    """The door, with what somebody typed and what was wrong with it."""
    other = next(tag for tag in LANGUAGES if tag != visit.language)
    return visit.page(
        "sign_in.html",
        status=status,
        title=visit.say(msg("Sign in")),
        login=login,
        error=error,
        back=safe_path(back),
        mails=visit.company.outgoing is not None,
        provider=visit.site.settings.oidc_name if visit.site.settings.oidc_issuer else "",
        other={"tag": other, "name": LANGUAGE_NAMES[other]},
    )


def enter(visit: Visit) -> Response:
    """Check name and password; start a session, or ask for the second step."""
    login, password, back = visit.sent("login").strip()[:200], visit.sent("password"), visit.back("/")
    with visit.company.read(SYSTEM) as unit:
        known = credentials.account(unit, login)
        policy = policy_of(unit.runtime.model)
        held = entering.brakes(unit, visit, known.user_id if known else None, login)
    try:
        entering.count(visit, held)
    except TooManyTries as error:
        answer = shown(visit, 429, login, error.problems[0].text(visit.language), back)
        answer.headers["retry-after"] = str(error.seconds)
        return answer
    if not credentials.fits(known, password) or known is None:
        user_id = known.user_id if known else None
        entering.failed(visit, user_id, "password", held)
        return shown(visit, 422, login, visit.say(msg("Name or password is not right.")), back)
    return _entered(visit, known, password, policy, back)


def _entered(visit: Visit, known: Account, password: str, policy: Policy, back: str) -> Response:
    hash = credentials.renewed(known, password)

    def begin(unit: Unit) -> tuple[bool, str]:
        entering.forgive(unit, entering.brakes(unit, visit, known.user_id))
        if hash is not None:
            credentials.keep_renewed(unit, known.user_id, hash)
        if second_step.asked(unit, known.user_id, visit.site.settings):
            return False, challenges.issue(unit, "second_step", known.user_id, back=back)
        return True, entering.let_in(visit, unit, known.user_id, "password")

    is_in, token = visit.company.write(SYSTEM, begin)
    if not is_in:
        return entering.with_step(visit, visit.go("/sign-in/second-step"), token)
    return entering.with_session(visit, visit.go(back), token, policy.lifetime)


def leave(visit: Visit) -> Response:
    """End the session."""
    session = visit.signed_in
    own = session.own or session.actor

    def end(unit: Unit) -> None:
        if session.own is not None:
            record(unit, Event("view_as_ended", f"user:{session.actor.user_id}"))
        sessions.end(unit, session.token)
        tell(unit, "signed_out", own.user_id)

    visit.company.write(own, end)
    answer = visit.go("/sign-in")
    answer.delete_cookie(sessions.cookie_name(visit.site.secure), path="/", secure=visit.site.secure)
    return answer


def choose_language(visit: Visit) -> Response:
    """Keep the language of a browser that has not signed in."""
    answer = visit.go(visit.back("/sign-in"))
    if visit.sent("language") in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, visit.sent("language"), max_age=YEAR, path="/", samesite="lax", secure=visit.site.secure
        )
    return answer


PAGES = (
    Page("GET", "/sign-in", door, who="anyone"),
    Page("POST", "/sign-in", enter, who="anyone"),
    Page("POST", "/sign-out", leave, who="setting_password", own=True),
    Page("POST", "/language", choose_language, who="anyone"),
)
