"""Signed calls, in the format of standardwebhooks.com, whose libraries receivers already have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime


def signed(secret: str, id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of a call: `id` is the same each time the same thing is sent; the receiver leaves out what it has.

    Raises:
        ValueError: the secret is not base64, as the format wants it (``whsec_…``).
    """
    from standardwebhooks.webhooks import Webhook  # where calls are made, not before

    at = now.astimezone(UTC)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, body.decode()),
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
