"""Roles, queues and territories that other documents are for must be there.

Groups and departments are records that come and go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.report import Spot, enumerated, unknown


def need_people(spot: Spot, key: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    """Of the people under `key` (``role:sales``, ``group:service``) the roles, queues and territories must be there."""
    for below, each in enumerated(spot, key, body):
        kind, _, name = str(each).partition(":")
        if kind == "role":
            yield from need_role(below, name)
        elif kind == "queue" and name not in spot.index.named("queue"):
            yield unknown(below, msg("queue"), name, spot.index.named("queue"))
        elif kind == "territory" and name and name not in spot.index.named("territory"):
            yield unknown(below, msg("territory"), name, spot.index.named("territory"))


def need_role(spot: Spot, name: Any) -> Iterator[Problem]:
    """`name` must be a role."""
    known = spot.index.named("role")
    if isinstance(name, str) and name not in known:
        yield unknown(spot, msg("role"), name, known)
