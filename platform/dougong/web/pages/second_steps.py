"""The second step of signing in; passkeys at the door; the proof of identity before one's own sign-in is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from starlette.responses import Response

from dougong.base.errors import DougongError
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import may_enter
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.frame import framed
from dougong.web.identity import challenges, entering, passkeys, second_step, throttle
from dougong.web.identity.passkeys import BadPasskey
from dougong.web.identity.policy import policy_of
from dougong.web.pages import sign_in
from dougong.web.routing import Page
from dougong.web.visit import Visit, safe_path


# -- the second step ----------------------------------------------------------------------------------------------
def ask(visit: Visit) -> Response:
    """Where a code is typed, after the password was right."""
    return _asked(visit, 200, "")


def _asked(visit: Visit, status: int, error: str) -> Response:
    with visit.company.read(SYSTEM) as unit:
        begun = challenges.look(unit, "second_step", entering.step_of(visit))
        if begun is None or begun.user_id is None:
            return visit.go("/sign-in")
        return visit.page(
            "second_step.html",
            status=status,
            title=visit.say(msg("Second step")),
            error=error,
            code=second_step.has_authenticator(unit, begun.user_id),
            passkey=second_step.has_passkey(unit, begun.user_id),
            back=safe_path(str(begun.details.get("back", ""))) or "/",
        )


def take(visit: Visit) -> Response:
    """Check the code; start the session."""
    token, code = entering.step_of(visit), visit.sent("code")
    with visit.company.read(SYSTEM) as unit:
        begun = challenges.look(unit, "second_step", token)
        if begun is None or begun.user_id is None:
            return visit.go("/sign-in")
        held, policy = entering.brakes(unit, visit, begun.user_id), policy_of(unit.runtime.model)
    user_id, back = begun.user_id, safe_path(str(begun.details.get("back", ""))) or "/"
    try:
        entering.count(visit, held)
    except throttle.TooManyTries as error:
        return _asked(visit, error.status, error.problems[0].text(visit.language))

    def finish(unit: Unit) -> str | None:
        if not second_step.accept(unit, visit.site.settings, user_id, code):
            return None
        if challenges.take(unit, "second_step", token) is None:
            return None
        entering.forgive(unit, held)
        return entering.let_in(visit, unit, user_id, "password_and_code")

    made = visit.company.write(SYSTEM, finish)
    if made is None:
        entering.failed(visit, user_id, "code", held)
        return _asked(visit, 422, visit.say(msg("This code is not right, or was used before.")))
    return entering.with_session(visit, visit.go(back), made, policy.lifetime)


# -- passkeys at the door ------------------------------------------------------------------------------------------
def this_site(visit: Visit) -> passkeys.Site:
    """This site as devices know it."""
    url = visit.request.url
    return passkeys.Site(
        visit.site.settings.public_url or f"{url.scheme}://{url.netloc}", visit.site.settings.company_name
    )


def offer_proof(visit: Visit) -> Response:
    """What a device shall prove, as JSON: to sign in, or to prove who one is."""
    options, challenge = passkeys.proof(this_site(visit))
    token = visit.company.write(SYSTEM, lambda unit: challenges.issue(unit, "passkey", challenge=challenge))
    answer = Response(options, media_type="application/json", headers={"cache-control": "no-store"})
    return entering.with_step(visit, answer, token, "passkey")


def proved_owner(visit: Visit, unit: Unit) -> str:
    """The user whose passkey answers what this browser was asked.

    Raises:
        BadPasskey: it does not.
    """
    begun = challenges.take(unit, "passkey", entering.step_of(visit, "passkey"))
    if begun is None:
        raise BadPasskey
    return passkeys.owner(unit, this_site(visit), visit.sent("credential"), str(begun.details["challenge"]))


def enter_by_passkey(visit: Visit) -> Response:
    """Start a session for the owner of a passkey."""
    back = visit.back("/")

    def begin(unit: Unit) -> tuple[str, timedelta]:
        user_id = proved_owner(visit, unit)
        if not _active(unit, user_id):
            raise BadPasskey
        pending = challenges.take(unit, "second_step", entering.step_of(visit))
        both = pending is not None and pending.user_id == user_id
        lifetime = policy_of(unit.runtime.model).lifetime
        return entering.let_in(visit, unit, user_id, "password_and_passkey" if both else "passkey"), lifetime

    try:
        token, lifetime = visit.company.write(SYSTEM, begin)
    except BadPasskey as error:
        entering.failed(visit, None, "passkey")
        return sign_in.shown(visit, error.status, "", error.problems[0].text(visit.language), back)
    return entering.with_session(visit, visit.go(back), token, lifetime)


def _active(unit: Unit, user_id: str) -> bool:
    return may_enter(unit.records.get("user", user_id).values)


# -- proof of identity ----------------------------------------------------------------------------------------------
def prove_page(visit: Visit) -> Response:
    """Where a person proves anew who they are."""
    return _prove_page(visit, 200, "", visit.asked("back"))


def _prove_page(visit: Visit, status: int, error: str, back: str) -> Response:
    user_id = visit.actor.user_id or ""
    with visit.company.read(visit.actor) as unit:
        code = second_step.has_authenticator(unit, user_id)
        return framed(
            replace(visit, unit_or_none=unit),
            "prove.html",
            "/account/security",
            visit.say(msg("Confirm that it is you")),
            status=status,
            error=error,
            code=code,
            password=not code and credentials.has_password(unit, user_id),
            passkey=second_step.has_passkey(unit, user_id),
            back=safe_path(back) or "/account/security",
        )


def prove(visit: Visit) -> Response:
    """Check a passkey, else a code, else the password; remember that the person proved who they are."""
    user_id, session, back = visit.actor.user_id or "", visit.signed_in, visit.back("/account/security")
    with visit.company.read(SYSTEM) as unit:
        held = entering.brakes(unit, visit, user_id)
        by_code = second_step.has_authenticator(unit, user_id)
    try:
        entering.count(visit, held)
        if not visit.sent("credential") and not by_code:
            with visit.company.read(SYSTEM) as unit:
                right = credentials.holds(unit, user_id, visit.sent("password"))
        else:
            right = visit.company.write(SYSTEM, lambda unit: _proves(visit, unit, user_id))
    except DougongError as error:
        return _prove_page(visit, error.status, error.problems[0].text(visit.language), back)
    if not right:
        entering.failed(visit, user_id, "proof", held)
        wrong = (
            msg("This code is not right, or was used before.") if by_code else msg("The present password is not right.")
        )
        return _prove_page(visit, 422, visit.say(wrong), back)

    def keep(unit: Unit) -> None:
        entering.forgive(unit, held)
        sessions.proved(unit, session.token)

    visit.company.write(SYSTEM, keep)
    return visit.go(back)


def _proves(visit: Visit, unit: Unit, user_id: str) -> bool:
    if visit.sent("credential"):
        return proved_owner(visit, unit) == user_id
    return second_step.accept(unit, visit.site.settings, user_id, visit.sent("code"))


PAGES = (
    Page("GET", "/sign-in/second-step", ask, who="anyone"),
    Page("POST", "/sign-in/second-step", take, who="anyone"),
    Page("POST", "/sign-in/passkey/options", offer_proof, who="anyone"),
    Page("POST", "/sign-in/passkey", enter_by_passkey, who="anyone"),
    Page("GET", "/account/prove", prove_page, who="setting_up"),
    Page("POST", "/account/prove", prove, who="setting_up"),
)
