"""Which fields can be masked: those whose values are text, and by which nobody calls the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.report import Spot
from dougong.metadata.index import FieldFacts


def maskable(spot: Spot, facts: FieldFacts | None) -> Iterator[Problem]:
    """That the field at whose mask, or right, `spot` stands can be shown in part."""
    if facts is None or facts.type is None:
        return
    called = facts.body.get("label") or facts.name
    title = spot.index.body("object", facts.object).get("title", {})
    if not facts.type.masked_as:
        reason = msg("{field} cannot be masked: its values are not shown in part.", field=called)
        yield spot.problem("mask-type", reason, msg('Hold it back instead: "read": false.'))
    elif isinstance(title, Mapping) and title.get("field") == facts.name:
        reason = msg("{field} cannot be masked: records are called by it everywhere.", field=called)
        yield spot.problem("mask-title", reason, msg("Mask the fields that tell more."))
