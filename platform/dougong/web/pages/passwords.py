"""Choose a password."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import Place, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.identity import challenges, entering
from dougong.web.identity.policy import policy_of
from dougong.web.routing import Page
from dougong.web.visit import Visit, safe_path


def show(visit: Visit) -> Response:
    """Where a person chooses a password."""
    return _shown(visit, 200, [], visit.asked("back"))


def _shown(visit: Visit, status: int, errors: list[str], back: str) -> Response:
    with visit.company.read(SYSTEM) as unit:
        shortest = policy_of(unit.runtime.model).password_length
        present = credentials.has_password(unit, visit.actor.user_id or "")
    return visit.page(
        "password.html",
        status=status,
        title=visit.say(msg("Choose a password")),
        errors=errors,
        must_change=visit.signed_in.must_change,
        present=present and not visit.signed_in.must_change,
        login=visit.actor.login,
        shortest=shortest,
        back=safe_path(back),
    )


def change(visit: Visit) -> Response:
    """Set the password, end the person's other sessions and what they had begun."""
    session, user_id = visit.signed_in, visit.actor.user_id
    assert user_id is not None
    if not session.must_change and not visit.proved and not _has_one(visit, user_id):
        return visit.go("/account/prove?back=/password")
    try:
        hash = _checked(visit, user_id)
    except Rejected as error:
        said = [problem.text(visit.language) for problem in error.problems]
        return _shown(visit, 422, said, visit.sent("back"))

    def keep(unit: Unit) -> None:
        credentials.keep(unit, user_id, hash)
        sessions.end_all(unit, user_id, but=session.token)
        sessions.proved(unit, session.token)
        challenges.drop(unit, "reset", user_id)

    visit.write(keep)
    return visit.go(visit.back("/"), visit.say(msg("Password changed")))


def _has_one(visit: Visit, user_id: str) -> bool:
    with visit.company.read(SYSTEM) as unit:
        return credentials.has_password(unit, user_id)


def _checked(visit: Visit, user_id: str) -> str:
    """The hash of the new password, after the present one is proved: that counts as a try to sign in."""
    new, old = visit.sent("new"), visit.sent("old")
    if new != visit.sent("again"):
        reason = msg("The two new passwords differ.")
        raise Rejected(Problem(code="password-differs", reason=reason, place=Place(field="again")))
    _prove(visit, user_id, old)
    with visit.company.read(SYSTEM) as unit:
        if credentials.holds(unit, user_id, new):
            reason = msg("The new password is the present one.")
            raise Rejected(Problem(code="password-same", reason=reason, place=Place(field="new")))
        return credentials.new_hash(unit, user_id, new)


def _prove(visit: Visit, user_id: str, old: str) -> None:
    """Check the present password of whoever has one that they chose; it counts as a try to sign in."""
    with visit.company.read(SYSTEM) as unit:
        held = entering.brakes(unit, visit, user_id)
        if visit.signed_in.must_change or not credentials.has_password(unit, user_id):
            return
    entering.count(visit, held)
    with visit.company.read(SYSTEM) as unit:
        right = credentials.holds(unit, user_id, old)
    if not right:
        reason = msg("The present password is not right.")
        raise Rejected(Problem(code="password-wrong", reason=reason, place=Place(field="old")))
    visit.company.write(SYSTEM, lambda unit: entering.forgive(unit, held))


PAGES = (
    Page("GET", "/password", show, who="setting_password"),
    Page("POST", "/password", change, who="setting_password"),
)
