"""Single sign-on by OpenID Connect: authorization code with PKCE, state and nonce; discovery; signed ID tokens.

The provider is the operator's (`OIDC_ISSUER`); no address that a visitor sends is ever called.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog

from dougong.base.errors import DougongError, Problem
from dougong.base.language import msg
from dougong.base.settings import Settings

REMEMBERED = 3600
"""Seconds for which what the provider says of itself is believed without asking again."""
LEEWAY = 60
"""Seconds by which clocks may differ."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that a provider alone can make: neither none at all nor a secret that others share."""
SCOPE = "openid email profile"

_log = structlog.get_logger("dougong.sign_in")


class ProviderFailed(DougongError):
    """The provider did not say who somebody is. What was wrong stands in the log: visitors learn no more."""

    status = 422

    def __init__(self, why: str) -> None:
        """Log `why`, which holds no secret."""
        _log.warning("single sign-on failed", why=why)
        reason = msg("Single sign-on did not work.")
        super().__init__(Problem(code="provider-failed", reason=reason, fix=msg("Try again, or sign in another way.")))


@dataclass(frozen=True, slots=True)
class Begun:
    """What has to be known when somebody comes back from the provider, and where they are sent until then."""

    url: str
    state: str
    nonce: str
    verifier: str


_known: dict[str, tuple[float, Mapping[str, Any]]] = {}
_lock = threading.Lock()


def begin(settings: Settings, back: str) -> Begun:
    """Begin for somebody who shall come back to the address `back`.

    Raises:
        ProviderFailed: the provider does not answer as it should.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    about = _about(settings)
    with _client(settings, about, back) as client:
        url, _ = client.create_authorization_url(
            about["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
        )
    return Begun(str(url), state, nonce, verifier)


def finish(settings: Settings, back: str, begun: Mapping[str, Any], answer: Mapping[str, str]) -> Mapping[str, Any]:
    """The claims of whom the provider's `answer` (the query of their way back) is about.

    Raises:
        ProviderFailed: it answers something else than what was `begun`, or what it says cannot be trusted.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), str(begun["state"]).encode()):
        raise ProviderFailed("the state is another one")
    if answer.get("iss", settings.oidc_issuer) != settings.oidc_issuer:
        raise ProviderFailed("the answer is of another issuer")
    if not answer.get("code"):
        raise ProviderFailed(f"no code: {answer.get('error', '')[:80]!r}")
    about = _about(settings)
    claims = _verified(settings, about, _id_token(settings, about, back, answer["code"], str(begun["verifier"])))
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), str(begun["nonce"]).encode()):
        raise ProviderFailed("the nonce is another one")
    return claims


def _id_token(settings: Settings, about: Mapping[str, Any], back: str, code: str, verifier: str) -> str:
    import httpx2
    from authlib.integrations.base_client.errors import OAuthError

    try:
        with _client(settings, about, back) as client:
            token = client.fetch_token(about["token_endpoint"], code=code, code_verifier=verifier)
    except (OAuthError, httpx2.HTTPError, ValueError) as error:
        raise ProviderFailed(f"no token: {type(error).__name__} {getattr(error, 'error', '')}") from error
    if not isinstance(token.get("id_token"), str):
        raise ProviderFailed("no ID token")
    return str(token["id_token"])


def _verified(settings: Settings, about: Mapping[str, Any], id_token: str) -> Mapping[str, Any]:
    """The claims of an ID token after its signature, issuer, audience and times are checked."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": settings.oidc_issuer or ""},
        aud={"essential": True, "value": settings.oidc_client_id or ""},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    for fresh in (False, True):  # a key that is not known yet may have come since
        keys = _fetched(about["issuer"], about["jwks_uri"], fresh)
        try:
            claims = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS)).claims  # type: ignore[arg-type]
            break
        except (JoseError, ValueError) as error:
            if fresh:
                raise ProviderFailed(f"the ID token is not signed as it should be: {type(error).__name__}") from error
    try:
        registry.validate(claims)
    except JoseError as error:
        raise ProviderFailed(f"the ID token is not for here and now: {error}") from error
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != settings.oidc_client_id:
        raise ProviderFailed("the ID token is for somebody else as well")
    return claims


# -- what the provider says of itself ------------------------------------------------------------------------------
def _about(settings: Settings) -> Mapping[str, Any]:
    issuer = settings.oidc_issuer or ""
    found = _fetched(issuer, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise ProviderFailed(f"the provider calls itself {str(found.get('issuer'))[:200]!r}")
    plain_too = urlsplit(issuer).scheme == "http"  # a provider on this machine, as Settings make sure
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if urlsplit(str(found.get(name, ""))).scheme not in (("https", "http") if plain_too else ("https",)):
            raise ProviderFailed(f"the provider's {name} is no https address")
    return found


def _fetched(issuer: str, url: str, fresh: bool = False) -> Mapping[str, Any]:
    """A document of the provider, as JSON. The issuer's host may stand in a private network, others may not."""
    import httpx2

    from dougong.engine import outbound

    with _lock:
        at, found = _known.get(url, (0.0, {}))
    if found and not fresh and time.monotonic() - at < REMEMBERED:
        return found
    try:
        with outbound.client(_near(issuer)) as client:
            document = client.get(url).raise_for_status().json()
    except (httpx2.HTTPError, ValueError) as error:
        raise ProviderFailed(f"the provider does not answer: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise ProviderFailed("the provider answers no JSON object")
    with _lock:
        _known[url] = time.monotonic(), document
    return document


def _client(settings: Settings, about: Mapping[str, Any], back: str) -> Any:
    from authlib.integrations.httpx_client import OAuth2Client  # 0.6 s of processor time: for those who use it

    from dougong.engine import outbound

    ways = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    secret = settings.oidc_client_secret
    return OAuth2Client(
        client_id=settings.oidc_client_id,
        client_secret=secret.text if secret else None,
        scope=SCOPE,
        redirect_uri=back,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in ways else "client_secret_post",
        transport=outbound.Guarded(_near(settings.oidc_issuer or "")),
        timeout=outbound.SECONDS,
        follow_redirects=False,
    )


def _near(issuer: str) -> tuple[str, ...]:
    return (urlsplit(issuer).hostname or "",)
