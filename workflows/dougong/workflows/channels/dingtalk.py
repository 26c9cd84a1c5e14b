"""DingTalk: the bot of a group (https://open.dingtalk.com/document/robots/custom-robot-access)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import urlencode

from dougong.base.channel_types import ChannelType, Letter, Way
from dougong.base.language import msg
from dougong.workflows.channels import bots


class DingTalk(ChannelType):
    """Texts in a group, with a mention of the person by their mobile number."""

    name = "dingtalk"
    label = msg("DingTalk bot")
    keys = {**bots.ADDRESS_KEYS, **bots.SIGNING_KEYS}
    required_keys = ("address_secret",)

    def send(self, way: Way, letter: Letter) -> None:
        """Write to the group."""
        url = way.secret("address_secret")
        if "signing_secret" in way.options:
            url += f"&{urlencode(_signed(way.secret('signing_secret'), round(time.time() * 1000)))}"
        text, at = {"content": bots.said(letter)}, {"atMobiles": bots.mentioned(letter)}
        message = {"msgtype": "text", "text": text, "at": at}
        bots.send(way, url, message, "errcode")


def _signed(secret: str, milliseconds: int) -> dict[str, str]:
    """What DingTalk wants in the address: the time, and a signature of it."""
    made = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": str(milliseconds), "sign": base64.b64encode(made).decode()}
