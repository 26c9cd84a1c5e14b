"""Rules of incoming web hooks: callers prove who they are, and what a call is about can be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.report import Spot, enumerated, need_field, spots, unknown
from dougong.metadata.index import Index


def endpoints(index: Index) -> Iterator[Problem]:
    """What is wrong with any endpoint."""
    for spot, body in spots(index, "endpoint"):
        if ("signing_secret" in body) == ("token_secret" in body):
            reason = msg("Callers prove who they are in one way.")
            yield spot.problem("endpoint-secret", reason, msg("Say signing_secret, or token_secret."))
        known = body.get("values")
        known = known if isinstance(known, Mapping) else {}
        for below, name in enumerated(spot, "required", body):
            yield from _value(below, name, known)
        match = body.get("match")
        if isinstance(match, Mapping):
            yield from _value(spot / "match" / "value", match.get("value"), known)
            yield from _field(spot, match.get("field"))


def _value(spot: Spot, name: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    if isinstance(name, str) and name not in known:
        yield unknown(spot, msg("value"), name, known)


def _field(spot: Spot, field: Any) -> Iterator[Problem]:
    """Each automation that the endpoint sets off is of an object with the field."""
    for each in spot.index.named("automation").values():
        trigger = each.body.get("trigger")
        if isinstance(trigger, Mapping) and trigger.get("endpoint") == spot.component.name:
            yield from need_field(spot / "match" / "field", each.object or "", field)
