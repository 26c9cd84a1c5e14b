"""Signed calls, in the format of standardwebhooks.com, whose libraries receivers already have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from dougong.base.failures import Explained
from dougong.base.language import msg


class BadSecret(Explained):
    """The secret that calls are signed with is none of the format."""

    def __init__(self) -> None:
        """Fail for this reason; the secret is not told."""
        super().__init__(msg("The secret to sign with has another form than whsec_ and base64."))


def signed(secret: str, id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of a call: `id` is the same each time the same thing is sent; the receiver leaves out what it has.

    Raises:
        BadSecret: the secret is not base64, as the format wants it (``whsec_…``).
    """
    from standardwebhooks.webhooks import Webhook  # where calls are made, not before

    at = now.astimezone(UTC)
    try:
        signing = Webhook(secret)
    except (RuntimeError, ValueError) as error:
        raise BadSecret from error
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signing.sign(id, at, body.decode()),
        "content-type": "application/json; charset=utf-8",
        "user-agent": "dougong",
    }


def genuine(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a call comes from who has the secret, and was made within the last minutes."""
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
