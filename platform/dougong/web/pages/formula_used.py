"""Where a field or a rule is used: every place that names it, to be looked at before it is changed or taken out."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from dougong.base.language import label, msg
from dougong.engine.formula_scope import scope_of
from dougong.metadata.component import Component
from dougong.metadata.index import Index
from dougong.metadata.schema import kind_schema
from dougong.metadata.usage import Use, uses
from dougong.web.formula_places import PATTERNS, all_of, is_readable
from dougong.web.frame import framed
from dougong.web.pages.formulas import HERE, entered, object_named
from dougong.web.routing import Page
from dougong.web.visit import Visit

USED = f"{HERE}/used"


@dataclass(frozen=True, slots=True)
class ShownUse:
    """A place: what its component is called and of which object, where in it, what stands there; `url` opens it."""

    title: str
    object: str
    path: str
    text: str
    url: str


def show(visit: Visit) -> Response:
    """The places that name a field of an object, by kind."""
    entered(visit)
    obj = object_named(visit, visit.asked("object"))
    access = visit.unit.access
    fields = [each for each in obj.fields.values() if access.may_field("read", obj, each)]
    field = next((each for each in fields if each.name == visit.asked("field")), fields[0])
    index = scope_of(visit.unit, obj.name).index
    found: dict[str, list[ShownUse]] = {}
    known: dict[str, dict[tuple[str, str], str]] = {}
    for each in uses(index, f"field:{obj.name}.{field.name}"):
        above = _object_of(index, each.component)
        if above in visit.model.objects and not access.may("read", visit.model.objects[above]):
            continue
        if above in visit.model.objects and not is_readable(visit, index, above, each.text):
            continue
        if each.component.kind in PATTERNS and above in visit.model.objects and above not in known:
            places = all_of(visit, index, visit.model.objects[above])
            known[above] = {(one.component.address, one.pointer): one.url for one in places}
        found.setdefault(_kind(visit, each.component), []).append(_shown(visit, each, above, known))
    return framed(
        visit,
        "formula_used.html",
        HERE,
        visit.say(msg("Where {field} is used", field=field.label)),
        object=obj,
        field=field,
        fields=[(each.name, label(each.label, visit.language)) for each in fields],
        groups=list(found.items()),
    )


def _shown(visit: Visit, use: Use, above: str, known: dict[str, dict[tuple[str, str], str]]) -> ShownUse:
    component = use.component
    owner = visit.model.objects.get(above)
    return ShownUse(
        title=label(component.body.get("label"), visit.language) or component.own_name,
        object=label(owner.label, visit.language) if owner else "",
        path=use.path,
        text=use.text,
        url=known.get(above, {}).get((component.address, use.pointer), ""),
    )


def _object_of(index: Index, component: Component) -> str:
    return component.name if component.kind == "object" else component.object or ""


def _kind(visit: Visit, component: Component) -> str:
    """What the kind is called, as the reference of the metadata calls it."""
    said = kind_schema(component.kind)
    return str(said.get("x-title-zh-CN" if visit.language == "zh-CN" else "title", component.kind))


PAGES = (Page("GET", USED, show, right="design"),)
