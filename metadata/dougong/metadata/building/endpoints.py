"""Endpoint documents to their part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index, texts
from dougong.metadata.messaging import Endpoint


def build_endpoints(index: Index) -> Mapping[str, Endpoint]:
    """Every incoming web hook by its name."""
    return MappingProxyType({name: _endpoint(name, each.body) for name, each in index.named("endpoint").items()})


def _endpoint(name: str, body: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        name=name,
        label=labels(body.get("label")),
        active=body.get("active", True),
        signing_secret=body.get("signing_secret"),
        token_secret=body.get("token_secret"),
        largest_bytes=body.get("largest_kb", 256) << 10,
        once=body.get("once"),
        rows=body.get("rows"),
        values=MappingProxyType(dict(body["values"])),
        required=texts(body.get("required")),
        field=body["match"]["field"],
        value=body["match"]["value"],
    )
