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


def endpoint(**keys: Any) -> dict[str, Any]:
    """One sound endpoint, changed."""
    body = {
        "kind": "endpoint", "name": "shop", "label": label("Shop", "商城"), "signing_secret": "shop",
        "values": {"number": "/order/number"}, "match": {"field": "name", "value": "number"},
    }  # fmt: skip
    return {"endpoint/shop.json": {key: each for key, each in {**body, **keys}.items() if each is not None}}


HOOKED: dict[str, Any] = {
    "automation/deal/paid.json": {
        "kind": "automation", "name": "deal.paid", "object": "deal", "label": label("Paid", "已付款"),
        "trigger": {"type": "hook", "endpoint": "shop"},
        "steps": [{"key": "mark", "do": "set", "with": {"name": "$Trigger.payload.number"}}],
    }
}  # fmt: skip
"""An automation that the endpoint sets off."""

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
    "an endpoint that anybody may call": endpoint(signing_secret=None),
    "an endpoint with two ways to prove who calls": endpoint(token_secret="token"),
    "an endpoint that needs what it does not read": endpoint(
        required=["amount"], match={"field": "name", "value": "nummer"}
    ),
    "an endpoint whose records have no such field": {**HOOKED, **endpoint(match={"field": "nome", "value": "number"})},
    "an endpoint with pointers that are none": endpoint(values={"number": "order.number"}, rows="rows", largest_kb=0),
}
