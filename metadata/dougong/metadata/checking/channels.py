"""Rules of channels: their kind is known, and they are given what it asks for; no notice can go by two of one name."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.channel_types import CHANNEL_TYPES
from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata import violations
from dougong.metadata.checking.report import spots
from dougong.metadata.checking.steps import shape_of
from dougong.metadata.index import Index

TAKEN = ("inbox", "mail", "call")
"""Ways that are there without a document."""


def channels(index: Index) -> Iterator[Problem]:
    """What is wrong with any channel."""
    for spot, body in spots(index, "channel"):
        kind = body.get("type")
        if spot.component.name in TAKEN:
            reason = msg("{name} is a way of the platform itself.", name=spot.component.name)
            yield (spot / "name").problem("channel-name", reason, msg("Give the channel another name."))
        if not isinstance(kind, str):
            continue
        if kind not in CHANNEL_TYPES:
            reason = msg("There is no kind of channel {name}.", name=kind)
            yield (spot / "type").problem("channel-unknown", reason, violations.near(kind, CHANNEL_TYPES, 30))
        else:
            yield from shape_of(spot, CHANNEL_TYPES[kind], body)
