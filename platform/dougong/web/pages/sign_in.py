"""Sign in, sign out, choose a password."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import Place, Problem, Rejected
from dougong.base.language import LANGUAGES, msg
from dougong.engine.actor import SYSTEM
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.routing import LANGUAGE_COOKIE, Page
from dougong.web.visit import Visit, safe_path

LANGUAGE_NAMES = {"en": "English", "zh-CN": "中文"}
YEAR = 365 * 24 * 3600


def door(visit: Visit) -> Response:
    """The sign-in page."""
    if visit.session is not None:
        return visit.go("/")
    return _door(visit, 200, "", "", visit.asked("back"))


def _door(visit: Visit, status: int, login: str, error: str, back: str) -> Response:
    other = next(tag for tag in LANGUAGES if tag != visit.language)
    return visit.page(
        "sign_in.html",
        status=status,
        title=visit.say(msg("Sign in")),
        login=login,
        error=error,
        back=safe_path(back),
        other={"tag": other, "name": LANGUAGE_NAMES[other]},
    )


def enter(visit: Visit) -> Response:
    """Check name and password, start a session."""
    login, password, back = visit.sent("login").strip(), visit.sent("password"), visit.back("/")
    with visit.company.read(SYSTEM) as unit:
        known = credentials.account(unit, login[:200])
        now = unit.now
    if known and known.locked_until and known.locked_until > now:
        minutes = max(1, round((known.locked_until - now).total_seconds() / 60))
        waits = visit.say(
            msg(
                "Too many wrong passwords. Try again in {n} minute.",
                "Too many wrong passwords. Try again in {n} minutes.",
                n=minutes,
            )
        )
        return _door(visit, 429, login, waits, back)
    if not credentials.fits(known, password) or known is None:
        if known is not None:
            visit.company.write(SYSTEM, lambda unit: credentials.failed(unit, known))
        return _door(visit, 422, login, visit.say(msg("Name or password is not right.")), back)

    def begin(unit: Unit) -> str:
        credentials.succeeded(unit, known, password)
        agent = visit.request.headers.get("user-agent", "")
        client = visit.request.client
        return sessions.begin(unit, known.user_id, agent, client.host if client else "")

    answer = visit.go(back)
    _give_cookie(visit, answer, visit.company.write(SYSTEM, begin))
    return answer


def _give_cookie(visit: Visit, answer: Response, token: str) -> None:
    answer.set_cookie(
        sessions.cookie_name(visit.site.secure),
        token,
        max_age=int(sessions.LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=visit.site.secure,
    )


def leave(visit: Visit) -> Response:
    """End the session."""
    token = visit.signed_in.token
    visit.company.write(SYSTEM, lambda unit: sessions.end(unit, token))
    answer = visit.go("/sign-in")
    answer.delete_cookie(sessions.cookie_name(visit.site.secure), path="/", secure=visit.site.secure)
    return answer


def password_page(visit: Visit) -> Response:
    """Where a person chooses a password."""
    return _password_page(visit, 200, [], visit.asked("back"))


def _password_page(visit: Visit, status: int, errors: list[str], back: str) -> Response:
    return visit.page(
        "password.html",
        status=status,
        title=visit.say(msg("Choose a password")),
        errors=errors,
        must_change=visit.signed_in.must_change,
        login=visit.actor.login,
        shortest=credentials.SHORTEST,
        back=safe_path(back),
    )


def change_password(visit: Visit) -> Response:
    """Set the password, end the person's other sessions."""
    session, user_id = visit.signed_in, visit.actor.user_id
    assert user_id is not None
    new, old = visit.sent("new"), visit.sent("old")

    def change(unit: Unit) -> None:
        _check(unit, user_id, new, visit.sent("again"), None if session.must_change else old)
        credentials.set_password(unit, user_id, new)
        sessions.end_others(unit, user_id, session.token)

    try:
        visit.company.write(SYSTEM, change)
    except Rejected as error:
        said = [problem.text(visit.language) for problem in error.problems]
        return _password_page(visit, 422, said, visit.sent("back"))
    return visit.go(visit.back("/"), visit.say(msg("Password changed")))


def _check(unit: Unit, user_id: str, new: str, again: str, old: str | None) -> None:
    if new != again:
        reason = msg("The two new passwords differ.")
        raise Rejected(Problem(code="password-differs", reason=reason, place=Place(field="again")))
    if old is not None and not credentials.holds(unit, user_id, old):
        raise Rejected(
            Problem(code="password-wrong", reason=msg("The present password is not right."), place=Place(field="old"))
        )
    if credentials.holds(unit, user_id, new):
        reason = msg("The new password is the present one.")
        raise Rejected(Problem(code="password-same", reason=reason, place=Place(field="new")))


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
    Page("POST", "/sign-out", leave, who="setting_password"),
    Page("GET", "/password", password_page, who="setting_password"),
    Page("POST", "/password", change_password, who="setting_password"),
    Page("POST", "/language", choose_language, who="anyone"),
)
