"""Where questions about access are asked, and the ways there from a record for those who may ask."""

from __future__ import annotations

from collections.abc import Iterator

from dougong.base.language import msg
from dougong.engine.privacy.finding import RIGHT as PRIVACY
from dougong.engine.privacy.finding import personal_fields
from dougong.engine.query import Record
from dougong.metadata.model import Object
from dougong.web.buttons import Action
from dougong.web.queues import is_person
from dougong.web.visit import Visit, with_query

WHY = "/access/why"
COMPARE = "/access/compare"
RIGHT = "explain_access"
VIEW_AS = "view_as"


def on_record(visit: Visit, obj: Object, record: Record) -> tuple[Action, ...]:
    """What the menu of a record offers those who may ask."""
    return tuple(_on_record(visit, obj, record.id, is_person(obj, record)))


def _on_record(visit: Visit, obj: Object, record_id: str, person: bool) -> Iterator[Action]:
    access, other = visit.unit.access, person and record_id != visit.actor.user_id
    if access.has(PRIVACY) and personal_fields(obj) and (person or obj.name != "user"):
        url = f"/privacy/{obj.name}/{record_id}"
        yield Action(visit.say(msg("Personal data")), "user-x", url, primary=False, sheet=False)
    if access.has(RIGHT):
        url = with_query(WHY, [("object", obj.name), ("record", record_id)])
        yield Action(visit.say(msg("Who sees this, and why")), "shield-check", url, primary=False, sheet=False)
    if access.has(RIGHT) and person:
        url = with_query(WHY, [("user", record_id)])
        yield Action(visit.say(msg("Why they see something or not")), "help", url, primary=False, sheet=False)
    if access.has(RIGHT) and other:
        url = with_query(COMPARE, [("left", str(visit.actor.user_id)), ("right", record_id)])
        yield Action(visit.say(msg("Compare rights")), "arrows-exchange", url, primary=False, sheet=False)
    if access.has(VIEW_AS) and other and visit.signed_in.own is None:
        url = f"/access/view-as/{record_id}"
        yield Action(visit.say(msg("See the pages as they do")), "eye", url, primary=False, sheet=False, post=True)
