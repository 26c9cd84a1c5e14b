"""Forgotten passwords: ask for a mail, choose a new one by its link."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.identity import entering, reset, throttle
from dougong.web.identity.events import at_the_door, tell
from dougong.web.identity.policy import policy_of
from dougong.web.routing import Page
from dougong.web.visit import Visit


def show(visit: Visit) -> Response:
    """Where somebody says who they are."""
    _mails(visit)
    return visit.page("forgotten.html", title=visit.say(msg("Forgotten password")), sent=False, error="")


def _mails(visit: Visit) -> None:
    if visit.company.outgoing is None:
        raise NotFound(Problem(code="mail-unset", reason=msg("There is no such page."), thing="SMTP_URL"))


def ask(visit: Visit) -> Response:
    """Have the mail sent; the answer is the same whether there is somebody to send it to."""
    _mails(visit)
    typed = visit.sent("login").strip()[:200]
    with visit.company.read(SYSTEM) as unit:
        known = credentials.account(unit, typed)
        user_id, policy = known.user_id if known else None, policy_of(unit.runtime.model)
        held = reset.brakes(policy, user_id, typed, throttle.address(policy, visit.address).key)
    title = visit.say(msg("Forgotten password"))
    try:
        entering.count(visit, held)
    except throttle.TooManyTries as error:
        said = error.problems[0].text(visit.language)
        return visit.page("forgotten.html", status=error.status, title=title, sent=False, error=said)

    def begin(unit: Unit) -> None:
        reset.ask(unit, user_id)
        tell(unit, "password_asked_for", user_id, by=at_the_door(visit.address))

    visit.company.write(SYSTEM, begin)
    return visit.page("forgotten.html", title=title, sent=True, error="")


def choose(visit: Visit) -> Response:
    """Where the link of the mail leads."""
    return _chosen(visit, 200, [], visit.asked("token"))


def _chosen(visit: Visit, status: int, errors: list[str], token: str) -> Response:
    with visit.company.read(SYSTEM) as unit:
        begun = reset.look_up(unit, token)
        return visit.page(
            "reset.html",
            status=status if begun else 410,
            title=visit.say(msg("Choose a password")),
            errors=errors,
            token=token if begun else "",
            shortest=policy_of(unit.runtime.model).password_length,
        )


def keep(visit: Visit) -> Response:
    """Set the password; everybody who was signed in as this user is signed out."""
    token, new = visit.sent("token"), visit.sent("new")
    try:
        hash = _checked(visit, token, new)
    except Rejected as error:
        return _chosen(visit, 422, [problem.text(visit.language) for problem in error.problems], token)

    def change(unit: Unit) -> bool:
        user_id = reset.use(unit, token, hash) if hash else None
        if user_id is None:
            return False
        sessions.end_all(unit, user_id)
        throttle.unlock(unit, user_id)
        tell(unit, "password_reset", user_id, by=at_the_door(visit.address, user_id))
        return True

    if not visit.company.write(SYSTEM, change):
        return _chosen(visit, 410, [], "")
    return visit.page("forgotten_done.html", title=visit.say(msg("Password changed")))


def _checked(visit: Visit, token: str, new: str) -> str | None:
    """The hash of the new password; None where the link is good for nothing."""
    if new != visit.sent("again"):
        raise Rejected(Problem(code="password-differs", reason=msg("The two new passwords differ.")))
    with visit.company.read(SYSTEM) as unit:
        begun = reset.look_up(unit, token)
        return credentials.new_hash(unit, begun.user_id, new) if begun and begun.user_id else None


PAGES = (
    Page("GET", "/password/forgotten", show, who="anyone"),
    Page("POST", "/password/forgotten", ask, who="anyone"),
    Page("GET", "/password/reset", choose, who="anyone"),
    Page("POST", "/password/reset", keep, who="anyone"),
)
