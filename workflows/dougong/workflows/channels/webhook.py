"""Web hook: notices for a program of the company's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from dougong.base.channel_types import ChannelType, Letter, Way
from dougong.base.language import msg
from dougong.workflows.channels.signing import signed


class WebHook(ChannelType):
    """One signed call for each notice and person."""

    name = "webhook"
    label = msg("Web hook")
    keys = {
        "url": {
            "type": "string",
            "pattern": "^https?://[^\\s]+$",
            "maxLength": 500,
            "description": "Address that is called, on the internet.",
            "x-zh-CN": "调用的互联网地址。",
        },
        "signing_secret": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]{0,39}$",
            "description": "Name of the secret that calls are signed with (standardwebhooks.com).",
            "x-zh-CN": "调用签名所用密钥的名称（standardwebhooks.com 格式）。",
        },
    }
    required_keys = ("url", "signing_secret")
    in_order = True

    def send(self, way: Way, letter: Letter) -> None:
        """Call the program."""
        to = {"name": letter.to.name, "email": letter.to.email, "phone": letter.to.phone}
        data = {"to": to, "subject": letter.subject, "text": letter.text, "url": letter.url}
        told = {"type": "notice", "timestamp": letter.at.isoformat(), "data": data}
        body = json.dumps(told, ensure_ascii=False).encode()
        way.post(
            str(way.options["url"]), body, signed(way.secret("signing_secret"), letter.id, body, datetime.now(UTC))
        )
