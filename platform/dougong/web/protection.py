"""What guards every answer and every change: security headers, and the check that a change comes from our own pages.

Cross-site request forgery: browsers say where a request comes from (``Sec-Fetch-Site``, else ``Origin``), the
session cookie is SameSite=Lax, and for a client that says neither there is a token in the form. The token is
masked anew for each page, so that its compressed length tells nothing.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_FIELD = "csrf"
TOKEN_HEADER = "x-csrf-token"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),  # for what is older than frame-ancestors
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(self), microphone=()"),
)
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class Protection:
    """ASGI middleware: security headers and a request id on every answer that lacks them."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        """Wrap `app`; `secure` says that people reach it by https."""
        self.app = app
        self._headers = (*HEADERS, STRICT_TRANSPORT) if secure else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    *self._missing(message),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        await self.app(scope, receive, send_guarded)

    def _missing(self, message: Message) -> list[tuple[bytes, bytes]]:
        present = {name for name, _ in message.get("headers", ())}
        return [header for header in self._headers if header[0] not in present]


def token(seed: str) -> str:
    """A form token for whoever holds `seed` (their session or door cookie), another text each time."""
    mask = secrets.token_bytes(16)
    return base64.urlsafe_b64encode(mask + _xor(mask, _core(seed))).decode()


def token_holds(given: str, seed: str) -> bool:
    """True when `given` was made by `token` for the same `seed`."""
    try:
        raw = base64.urlsafe_b64decode(given.encode())
    except ValueError:
        return False
    return len(raw) == 32 and bool(seed) and hmac.compare_digest(_xor(raw[:16], raw[16:]), _core(seed))


def from_our_pages(headers: Mapping[str, str], seed: str, given: str) -> bool:
    """Whether a changing request with these `headers` and form token `given` was made by a page of ours."""
    site = headers.get("sec-fetch-site")
    if site:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin:
        return origin.partition("://")[2] == headers.get("host", "")
    return token_holds(given, seed)


@functools.lru_cache(maxsize=4096)
def _core(seed: str) -> bytes:
    return hmac.digest(seed.encode(), b"form token", hashlib.sha256)[:16]


def _xor(mask: bytes, data: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(mask, data, strict=True))
