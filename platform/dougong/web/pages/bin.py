"""The recycle bin: what was deleted, by whom and when, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.query import Query, Sort
from dougong.metadata.model import Object
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.routing import Page
from dougong.web.visit import Visit

PER_OBJECT = 200


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record in the bin."""

    object: str
    icon: str
    kind: str
    id: str
    title: str
    at: datetime
    by: str
    url: str


def show(visit: Visit) -> Response:
    """The bin of one object, or of the first that has anything in it."""
    objects = [
        each
        for each in visit.model.objects.values()
        if each.delete == "bin" and each.rows == "data" and visit.unit.access.may("read", each)
    ]
    asked = visit.asked("object")
    chosen = [each for each in objects if each.name == asked] or objects
    found = [entry for each in chosen for entry in _deleted(visit, each, PER_OBJECT if asked else 20)]
    found.sort(key=lambda each: each.at, reverse=True)
    choices = [(each.name, several(each, visit.language)) for each in objects]
    return framed(visit, "bin.html", "/bin", visit.say(msg("Recycle bin")), found=found, choices=choices, chosen=asked)


def _deleted(visit: Visit, obj: Object, most: int) -> list[Deleted]:
    names = (obj.title, "deleted_at", "updated_by")
    query = Query(
        object=obj.name, columns=names, deleted="bin", sort=(Sort("deleted_at", descending=True),), limit=most
    )
    field, kind = obj.fields[obj.title], label(obj.label, visit.language)
    return [
        Deleted(
            obj.name,
            obj.icon,
            kind,
            row.id,
            field.type.display(field, row.values[0], visit.reading),
            row.values[1],
            row.values[2].title if row.values[2] else "",
            record_url(obj.name, row.id),
        )
        for row in visit.unit.records.query(query).rows
    ]


PAGES = (Page("GET", "/bin", show),)
