"""Where questions about access are asked, and the ways there from a record for those who may ask."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.language import msg
from dougong.metadata.model import Object
from dougong.web.buttons import Action
from dougong.web.visit import Visit, with_query

WHY = "/access/why"
RIGHT = "explain_access"


def on_record(visit: Visit, obj: Object, record_id: str) -> tuple[Action, ...]:
    """What the menu of a record offers those who may ask."""
    return tuple(_on_record(visit, obj, record_id))


def _on_record(visit: Visit, obj: Object, record_id: str) -> Iterator[Action]:
    access = visit.unit.access
    if access.has(RIGHT):
        url = with_query(WHY, [("object", obj.name), ("record", record_id)])
        yield Action(visit.say(msg("Who sees this, and why")), "shield-check", url, primary=False, sheet=False)
        if obj.name == "user":
            url = with_query(WHY, [("user", record_id)])
            yield Action(visit.say(msg("Why they see something or not")), "help", url, primary=False, sheet=False)
