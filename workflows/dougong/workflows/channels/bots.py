"""What the bots of group chats have in common: an address that is a secret, a text, and an answer that says "ok"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from dougong.base.channel_types import Letter, Way
from dougong.base.failures import Explained
from dougong.base.language import msg

ADDRESS_KEYS: Mapping[str, Any] = {
    "address_secret": {
        "type": "string",
        "pattern": "^[a-z][a-z0-9_]{0,39}$",
        "description": "Name of the secret that holds the bot's whole address: whoever has it can write to the group.",
        "x-zh-CN": "存放机器人完整地址的密钥名称：有地址者即可向群里发消息。",
    },
}
"""The key by which a bot's address is named."""

SIGNING_KEYS: Mapping[str, Any] = {
    "signing_secret": {
        "type": "string",
        "pattern": "^[a-z][a-z0-9_]{0,39}$",
        "description": "Name of the secret that the bot's messages are signed with, where it asks for signatures.",
        "x-zh-CN": "机器人要求签名时，用于签名的密钥名称。",
    },
}
"""The key by which the secret of signed messages is named."""


class Refused(Explained):
    """The service took the call and not the message."""

    def __init__(self, answer: bytes) -> None:
        """Fail with what the service answered."""
        super().__init__(msg("The bot’s service did not take the message."), answer[:300].decode(errors="replace"))


def said(letter: Letter) -> str:
    """The text of a message in a group: what it is, what it says, where to go."""
    return "\n".join(each for each in (letter.subject, letter.text, letter.url) if each)


def mentioned(letter: Letter) -> list[str]:
    """The mobile number by which a service knows the person: without the country where it is China's."""
    return [letter.to.phone.removeprefix("+86")] if letter.to.phone else []


def send(way: Way, url: str, message: Mapping[str, Any], code: str) -> None:
    """Post a message; the service's answer says 0 under `code` where it took it.

    Raises:
        Refused: it did not.
    """
    body = json.dumps(message, ensure_ascii=False).encode()
    answer = way.post(url, body, {"content-type": "application/json; charset=utf-8"})
    try:
        found = orjson.loads(answer)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get(code) != 0:
        raise Refused(answer)
