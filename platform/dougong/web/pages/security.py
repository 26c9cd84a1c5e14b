"""Sign-in & security: what a person signs in with, and where they are signed in."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.unit import Unit
from dougong.web import credentials, sessions
from dougong.web.frame import framed
from dougong.web.identity import challenges, entering, passkeys, second_step, single_identity
from dougong.web.identity.events import tell
from dougong.web.pages.second_steps import this_site
from dougong.web.routing import Page
from dougong.web.sessions import asks_second_step
from dougong.web.visit import Visit

HERE = "/account/security"

METHODS = {
    "password": msg("Password"),
    "password_and_code": msg("Password and code"),
    "password_and_passkey": msg("Password and passkey"),
    "passkey": msg("Passkey"),
    "single_sign_on": msg("Single sign-on"),
}


def show(visit: Visit) -> Response:
    """The page of one's own."""
    unit, user_id = visit.unit, visit.actor.user_id or ""
    return framed(
        visit,
        "security.html",
        HERE,
        visit.say(msg("Sign-in and security")),
        devices=sessions.listed(unit, user_id, visit.signed_in.token),
        methods={key: visit.say(name) for key, name in METHODS.items()},
        provider=visit.site.settings.oidc_name if visit.site.settings.oidc_issuer else "",
        linked=single_identity.linked(unit, user_id),
        password=credentials.has_password(unit, user_id),
        authenticator=second_step.has_authenticator(unit, user_id),
        codes=second_step.codes_left(unit, user_id),
        passkeys=passkeys.listed(unit, user_id),
        required=asks_second_step(unit, visit.actor),
    )


def no_such(what: str) -> NotFound:
    """The error for an id that is not among one's own: the same whether somebody else has it or nobody."""
    return NotFound(Problem(code="sign-in-unknown", thing=what, reason=msg("There is nothing of yours by this name.")))


# -- sessions -----------------------------------------------------------------------------------------------------
def end_session(visit: Visit, id: str) -> Response:
    """Sign out in one place."""
    user_id = visit.actor.user_id or ""

    def end(unit: Unit) -> None:
        if not sessions.end_one(unit, user_id, id):
            raise no_such("session")
        tell(unit, "session_ended", user_id)

    visit.write(end)
    return visit.go(HERE, visit.say(msg("Signed out there")))


def end_others(visit: Visit) -> Response:
    """Sign out everywhere but here."""
    user_id, token = visit.actor.user_id or "", visit.signed_in.token

    def end(unit: Unit) -> None:
        ended = sessions.end_all(unit, user_id, but=token)
        tell(unit, "session_ended", user_id, count=ended)

    visit.write(end)
    return visit.go(HERE, visit.say(msg("Signed out everywhere else")))


# -- the second step ------------------------------------------------------------------------------------------------
def required(visit: Visit) -> Response:
    """What somebody sees of whom a second step is asked and who has none."""
    if not visit.signed_in.lacks_second_step:
        return visit.go(HERE)
    return visit.page("second_step_required.html", title=visit.say(msg("A second step is required")))


def new_authenticator(visit: Visit) -> Response:
    """The picture that an authenticator app reads, and where its first code is typed."""
    return _new_authenticator(visit, 200, "")


def _new_authenticator(visit: Visit, status: int, error: str) -> Response:
    user_id, known = visit.actor.user_id or "", None
    with visit.company.read(SYSTEM) as unit:
        begun = challenges.look(unit, "new_authenticator", entering.step_of(visit))
        if begun is not None and begun.user_id == user_id:
            known = second_step.unsealed(visit.site.settings, str(begun.details["secret"]))
    secret, token = known or second_step.new_secret(), ""
    if known is None:
        sealed = second_step.sealed(visit.site.settings, secret)
        token = visit.write(lambda unit: challenges.issue(unit, "new_authenticator", user_id, secret=sealed))
    address = second_step.address(secret, visit.actor.login or visit.actor.name, visit.site.settings.company_name)
    answer = visit.page(
        "authenticator.html",
        status=status,
        title=visit.say(msg("Set up an authenticator app")),
        picture=second_step.picture(address),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        error=error,
    )
    return entering.with_step(visit, answer, token) if token else answer


def keep_authenticator(visit: Visit) -> Response:
    """Check the first code; keep the app; show the recovery codes."""
    user_id, token, code = visit.actor.user_id or "", entering.step_of(visit), visit.sent("code")

    def keep(unit: Unit) -> list[str] | None:
        begun = challenges.look(unit, "new_authenticator", token)
        if begun is None or begun.user_id != user_id:
            return None
        secret = second_step.unsealed(visit.site.settings, str(begun.details["secret"]))
        step = second_step.step_of(secret, code, unit.now) if secret else None
        if secret is None or step is None:
            return None
        challenges.take(unit, "new_authenticator", token)
        sessions.end_all(unit, user_id, but=visit.signed_in.token)
        return second_step.enrol(unit, visit.site.settings, user_id, secret, step)

    codes = visit.write(keep)
    if codes is None:
        return _new_authenticator(
            visit, 422, visit.say(msg("This code is not right. Look whether the clock of the app is."))
        )
    return _codes(visit, codes)


def _codes(visit: Visit, codes: list[str]) -> Response:
    return visit.page("recovery_codes.html", title=visit.say(msg("Recovery codes")), codes=codes)


def new_codes(visit: Visit) -> Response:
    """New recovery codes in place of the old ones."""
    user_id = visit.actor.user_id or ""

    def make(unit: Unit) -> list[str]:
        if not second_step.has_authenticator(unit, user_id):
            raise no_such("authenticator")
        return second_step.new_codes(unit, user_id)

    return _codes(visit, visit.write(make))


def remove_authenticator(visit: Visit) -> Response:
    """Do without the app from now on."""
    user_id = visit.actor.user_id or ""
    visit.write(lambda unit: second_step.remove(unit, user_id))
    return visit.go(HERE, visit.say(msg("Authenticator app removed")))


# -- passkeys -------------------------------------------------------------------------------------------------------
def offer_passkey(visit: Visit) -> Response:
    """What a device shall make, as JSON."""
    user_id, actor = visit.actor.user_id or "", visit.actor
    with visit.company.read(SYSTEM) as unit:
        known = passkeys.credentials_of(unit, user_id)
    options, challenge = passkeys.creation(this_site(visit), user_id, actor.login, actor.name, known)
    token = visit.write(lambda unit: challenges.issue(unit, "new_passkey", user_id, challenge=challenge))
    answer = Response(options, media_type="application/json", headers={"cache-control": "no-store"})
    return entering.with_step(visit, answer, token, "passkey")


def keep_passkey(visit: Visit) -> Response:
    """Keep what the device made."""
    user_id, site, agent = visit.actor.user_id or "", this_site(visit), visit.request.headers.get("user-agent", "")

    def keep(unit: Unit) -> None:
        begun = challenges.take(unit, "new_passkey", entering.step_of(visit, "passkey"))
        if begun is None or begun.user_id != user_id:
            raise passkeys.BadPasskey
        label = visit.sent("label").strip() or sessions.device(agent)
        passkeys.keep(unit, site, user_id, visit.sent("credential"), str(begun.details["challenge"]), label)

    visit.write(keep)
    return visit.go(HERE, visit.say(msg("Passkey added")))


def rename_passkey(visit: Visit, id: str) -> Response:
    """Call a passkey otherwise."""
    user_id, label = visit.actor.user_id or "", visit.sent("label")
    if not label.strip():
        raise Rejected(Problem(code="passkey-nameless", reason=msg("A passkey needs a name.")))
    if not visit.write(lambda unit: passkeys.rename(unit, user_id, id, label)):
        raise no_such("passkey")
    return visit.go(HERE, visit.say(msg("Passkey renamed")))


def remove_passkey(visit: Visit, id: str) -> Response:
    """Forget a passkey."""
    user_id = visit.actor.user_id or ""
    if not visit.write(lambda unit: passkeys.remove(unit, user_id, id)):
        raise no_such("passkey")
    return visit.go(HERE, visit.say(msg("Passkey removed")))


PAGES = (
    Page("GET", HERE, show),
    Page("POST", f"{HERE}/sessions/end", end_others),
    Page("POST", f"{HERE}/sessions/{{id}}/end", end_session),
    Page("GET", "/account/second-step", required, who="setting_up"),
    Page("GET", "/account/authenticator", new_authenticator, who="setting_up", proof=True),
    Page("POST", "/account/authenticator", keep_authenticator, who="setting_up", proof=True),
    Page("POST", "/account/authenticator/remove", remove_authenticator, proof=True),
    Page("POST", "/account/recovery-codes", new_codes, proof=True),
    Page("POST", "/account/passkeys/options", offer_passkey, who="setting_up", proof=True),
    Page("POST", "/account/passkeys", keep_passkey, who="setting_up", proof=True),
    Page("POST", "/account/passkeys/{id}/rename", rename_passkey),
    Page("POST", "/account/passkeys/{id}/remove", remove_passkey, proof=True),
)
