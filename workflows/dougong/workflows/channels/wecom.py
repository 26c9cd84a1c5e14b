"""WeCom: the bot of a group (https://developer.work.weixin.qq.com/document/path/91770)."""

from __future__ import annotations

from dougong.base.channel_types import ChannelType, Letter, Way
from dougong.base.language import msg
from dougong.workflows.channels import bots


class WeCom(ChannelType):
    """Texts in a group, with a mention of the person by their mobile number."""

    name = "wecom"
    label = msg("WeCom bot")
    keys = bots.ADDRESS_KEYS
    required_keys = ("address_secret",)

    def send(self, way: Way, letter: Letter) -> None:
        """Write to the group."""
        text = {"content": bots.said(letter), "mentioned_mobile_list": bots.mentioned(letter)}
        bots.send(way, way.secret("address_secret"), {"msgtype": "text", "text": text}, "errcode")
