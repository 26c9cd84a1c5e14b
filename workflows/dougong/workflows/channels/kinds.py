"""The kinds of channels that come with the platform."""

from __future__ import annotations

from dougong.base.channel_types import ChannelType
from dougong.workflows.channels.dingtalk import DingTalk
from dougong.workflows.channels.feishu import Feishu
from dougong.workflows.channels.webhook import WebHook
from dougong.workflows.channels.wecom import WeCom

KINDS: tuple[ChannelType, ...] = (WebHook(), WeCom(), DingTalk(), Feishu())
"""One of each. Mail is no channel of metadata: the operator's mail server sends it (`notices.delivering`)."""
