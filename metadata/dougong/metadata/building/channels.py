"""Channel documents to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index
from dougong.metadata.messaging import Channel


def build_channels(index: Index) -> Mapping[str, Channel]:
    """Every channel by its name."""
    found = {
        name: Channel(
            name=name,
            label=labels(each.body.get("label")),
            type=each.body["type"],
            options=MappingProxyType(dict(each.body.get("with", {}))),
        )
        for name, each in index.named("channel").items()
    }
    return MappingProxyType(found)
