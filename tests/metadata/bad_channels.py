"""Channels that must not be published: each case breaks one thing. See `bad_documents`."""

from __future__ import annotations

from typing import Any

from dougong.cli.folders import field_types
from tests.metadata.workshop import label

field_types()  # what a channel is given is judged by its kind


def channel(name: str = "group", **keys: Any) -> dict[str, Any]:
    """One sound channel, changed."""
    body = {
        "kind": "channel", "name": name, "label": label("Group", "群"), "type": "dingtalk",
        "with": {"address_secret": "group_bot", "signing_secret": "group_key"},
    }  # fmt: skip
    return {f"channel/{name}.json": {key: each for key, each in {**body, **keys}.items() if each is not None}}


CASES: dict[str, dict[str, Any]] = {
    "a channel of no kind": channel(type="dingtaik"),
    "a channel that says nothing of how": channel(**{"with": None}),
    "a channel that lacks its address": channel(**{"with": {"signing_secret": "group_key"}}),
    "a channel with a secret instead of its name": channel(
        **{"with": {"address_secret": "https://oapi.dingtalk.com/robot/send?access_token=1"}}
    ),
    "a channel with a key of another kind": channel(type="wecom"),
    "a web hook that leads nowhere": channel(
        type="webhook", **{"with": {"url": "file:///etc/passwd", "signing_secret": "key"}}
    ),
    "a channel with the name of a way that is there": channel("mail"),
}
