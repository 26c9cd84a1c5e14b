"""Search over every object: by name, number, pinyin, whatever the objects say that search reads."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.query import Query
from dougong.engine.reading.paths import resolve, usable
from dougong.metadata.component import COMPANY
from dougong.metadata.model import Model, Object
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.navigation import apps, several
from dougong.web.queues import choosable
from dougong.web.routing import Page
from dougong.web.visit import Visit, with_query

EACH = 5
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found: its title, and the second line that tells two alike apart."""

    url: str
    title: str
    line: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one object."""

    label: str
    icon: str
    hits: tuple[Hit, ...]
    all_url: str


def show(visit: Visit) -> Response:
    """The results, object by object."""
    text = visit.asked("q").strip()[:LONGEST]
    groups = [found for obj in _objects(visit) if (found := _group(visit, obj, text))] if text else []
    return framed(visit, "search.html", "/search", visit.say(msg("Search")), text=text, groups=groups)


def _objects(visit: Visit) -> list[Object]:
    """Objects with a place in an app, in the order of the apps; then the company's own that have none yet."""
    model = visit.model
    named = [item.target.partition(".")[0] for app in apps(visit) for item in app.items]
    placed = [each for name in dict.fromkeys(named) if (each := model.objects.get(name)) and each.search]
    own = [each for each in model.objects.values() if _is_of_company(model, each) and each not in placed]
    return [each for each in (*placed, *own) if visit.unit.access.may("read", each)]


def _is_of_company(model: Model, obj: Object) -> bool:
    return model.layers.get(f"object:{obj.name}", {}).get("") == COMPANY


def _group(visit: Visit, obj: Object, text: str) -> Group | None:
    hits, more = hits_of(visit, obj, text, EACH, choosable(visit.unit, None, None, obj))
    if not hits:
        return None
    url = with_query(f"/o/{obj.name}", [("view", "everything"), ("q", text)]) if more else ""
    return Group(several(obj, visit.language), obj.icon, hits, url)


def hits_of(visit: Visit, obj: Object, text: str, most: int, where: object = None) -> tuple[tuple[Hit, ...], bool]:
    """The records of `obj` that `text` finds, at most `most`, and whether there are more."""
    names = tuple(name for name in (obj.title, *obj.subtitle) if usable(visit.model, visit.unit.access, obj, name))
    page = visit.unit.records.query(Query(object=obj.name, columns=names, search=text, limit=most, where=where))  # type: ignore[arg-type]
    return tuple(_hit(visit, obj, names, row.id, row.values) for row in page.rows), page.next is not None


def _hit(visit: Visit, obj: Object, names: tuple[str, ...], record_id: str, values: tuple[object, ...]) -> Hit:
    said = []
    for name, value in zip(names, values, strict=True):
        path = resolve(visit.model, visit.unit.access, obj, name)
        if path.attribute is not None:
            said.append("" if value is None else str(value))
        else:
            said.append("" if value is None else path.field.type.display(path.field, value, visit.reading))
    title = said.pop(0) if names[:1] == (obj.title,) else ""
    line = " · ".join(part for part in said if part)
    return Hit(record_url(obj.name, record_id), title or label(obj.label, visit.language), line)


PAGES = (Page("GET", "/search", show),)
