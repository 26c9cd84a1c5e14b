"""Single sign-on: to the provider and back, and linking oneself to who one is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem, Rejected
from dougong.base.language import msg
from dougong.engine.actor import SYSTEM
from dougong.engine.entering import may_enter
from dougong.engine.query import Condition, Filter, Query
from dougong.engine.saving.batch import Create
from dougong.engine.unit import Unit
from dougong.web.identity import challenges, entering, provider, single_identity
from dougong.web.identity.policy import policy_of
from dougong.web.pages import sign_in
from dougong.web.routing import Page
from dougong.web.visit import Visit, safe_path

BACK = "/sign-in/provider/back"


def _address(visit: Visit) -> str:
    """Where the provider sends people back to.

    Raises:
        NotFound: there is no provider.
    """
    settings = visit.site.settings
    if settings.oidc_issuer is None or settings.public_url is None:
        raise NotFound(Problem(code="provider-unset", reason=msg("There is no such page."), thing="OIDC_ISSUER"))
    return settings.public_url + BACK


def go(visit: Visit) -> Response:
    """Send somebody to the provider, to sign in."""
    return _sent(visit, None, safe_path(visit.asked("back")) or "/")


def go_to_link(visit: Visit) -> Response:
    """Send somebody who is signed in to the provider, to be known by it from now on."""
    return _sent(visit, visit.actor.user_id, "/account/security")


def _sent(visit: Visit, user_id: str | None, back: str) -> Response:
    begun = provider.begin(visit.site.settings, _address(visit))
    kept: dict[str, Any] = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, "back": back}
    token = visit.company.write(SYSTEM, lambda unit: challenges.issue(unit, "single_sign_on", user_id, **kept))
    return entering.with_step(visit, visit.go(begun.url), token, "provider")


def returned(visit: Visit) -> Response:
    """Let in whom the provider knows, or link them."""
    address = _address(visit)
    token = entering.step_of(visit, "provider")
    begun = visit.company.write(SYSTEM, lambda unit: challenges.take(unit, "single_sign_on", token))
    if begun is None:
        raise provider.ProviderFailed("nothing was begun, or too long ago")
    settings, answer = visit.site.settings, dict(visit.request.query_params)
    claims = provider.finish(settings, address, begun.details, answer)
    issuer, back = settings.oidc_issuer or "", safe_path(str(begun.details["back"])) or "/"
    if begun.user_id is not None:
        return _linked(visit, begun.user_id, issuer, str(claims["sub"]), back)

    def enter(unit: Unit) -> tuple[str, timedelta] | None:
        user_id = _user(visit, unit, issuer, claims)
        if user_id is None or not may_enter(unit.records.get("user", user_id).values):
            return None
        lifetime = policy_of(unit.runtime.model).lifetime
        return entering.let_in(visit, unit, user_id, "single_sign_on"), lifetime

    made = visit.company.write(SYSTEM, enter)
    if made is None:
        entering.failed(visit, None, "single_sign_on")
        said = visit.say(msg("Nobody here is linked to this sign-on. An administrator can help."))
        return sign_in.shown(visit, 403, "", said, back)
    return entering.with_session(visit, visit.go(back), *made)


def _linked(visit: Visit, user_id: str, issuer: str, subject: str, back: str) -> Response:
    """Link the user who asked for it, and who is the one signed in here."""
    if visit.session is None or visit.actor.user_id != user_id:
        raise provider.ProviderFailed("another person came back than went")

    def link(unit: Unit) -> None:
        known = single_identity.user_of(unit, issuer, subject)
        if known is not None and known != user_id:
            reason = msg("Somebody else here is linked to this sign-on.")
            raise Rejected(Problem(code="identity-taken", reason=reason))
        if known is None:
            single_identity.link(unit, user_id, issuer, subject)

    visit.write(link)
    return visit.go(back, visit.say(msg("Single sign-on linked")))


def unlink(visit: Visit) -> Response:
    """Be unknown to the provider from now on."""
    user_id = visit.actor.user_id or ""
    visit.write(lambda unit: single_identity.unlink(unit, user_id))
    return visit.go("/account/security", visit.say(msg("Single sign-on unlinked")))


# -- whom claims are about ------------------------------------------------------------------------------------------
def _user(visit: Visit, unit: Unit, issuer: str, claims: Mapping[str, Any]) -> str | None:
    """The user who is meant: linked before, or else by what the operator's settings allow."""
    known = single_identity.user_of(unit, issuer, str(claims["sub"]))
    if known is not None:
        return known
    found = _by_email(visit, unit, claims) or _created(visit, unit, claims)
    if found is not None:
        single_identity.link(unit, found, issuer, str(claims["sub"]))
    return found


def _email(claims: Mapping[str, Any]) -> str | None:
    """The e-mail address, where the provider says that it is theirs."""
    given = claims.get("email")
    return given if isinstance(given, str) and claims.get("email_verified") is True else None


def _by_email(visit: Visit, unit: Unit, claims: Mapping[str, Any]) -> str | None:
    email = _email(claims)
    if not visit.site.settings.oidc_link_by_email or email is None:
        return None
    found = _one(unit, Condition("email", "is", email))
    return found if found is not None and not single_identity.linked(unit, found) else None


def _created(visit: Visit, unit: Unit, claims: Mapping[str, Any]) -> str | None:
    """A new user; None where they may not be made, have no login name, or somebody has it already."""
    settings = visit.site.settings
    login, email = str(claims.get(settings.oidc_login_claim) or "").strip().lower(), _email(claims)
    if not settings.oidc_create_users or not login or _one(unit, Condition("login", "is", login)) is not None:
        return None
    if email is not None and _one(unit, Condition("email", "is", email)) is not None:
        return None
    values = {"login": login, "name": str(claims.get("name") or login), "language": visit.language}
    values |= {"email": email} if email else {}
    return unit.records.save([Create("user", values)]).changes[0].id


def _one(unit: Unit, where: Filter) -> str | None:
    rows = unit.records.query(Query(object="user", where=where, limit=2)).rows
    return rows[0].id if len(rows) == 1 else None


PAGES = (
    Page("GET", "/sign-in/provider", go, who="anyone"),
    Page("GET", BACK, returned, who="anyone"),
    Page("GET", "/account/provider/link", go_to_link, proof=True),
    Page("POST", "/account/provider/unlink", unlink, proof=True),
)
