"""Feishu: the bot of a group (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

from dougong.base.channel_types import ChannelType, Letter, Way
from dougong.base.language import msg
from dougong.workflows.channels import bots


class Feishu(ChannelType):
    """Texts in a group that begin with the person's name: Feishu mentions by ids of its own alone."""

    name = "feishu"
    label = msg("Feishu bot")
    keys = {**bots.ADDRESS_KEYS, **bots.SIGNING_KEYS}
    required_keys = ("address_secret",)

    def send(self, way: Way, letter: Letter) -> None:
        """Write to the group."""
        message: dict[str, Any] = {
            "msg_type": "text",
            "content": {"text": f"@{letter.to.name} {bots.said(letter)}"},
        }
        if "signing_secret" in way.options:
            message |= _signed(way.secret("signing_secret"), round(time.time()))
        bots.send(way, way.secret("address_secret"), message, "code")


def _signed(secret: str, seconds: int) -> dict[str, str]:
    """What Feishu wants in the message: the time, and a signature whose key is the time and the secret."""
    made = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": str(seconds), "sign": base64.b64encode(made).decode()}
