"""The list below a lookup: which records a field may choose, found as one types."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from markupsafe import Markup, escape
from starlette.responses import Response

from dougong.base.errors import NotFound, Problem
from dougong.base.language import label, msg
from dougong.engine.fields.regions import choices
from dougong.engine.fields.regions import regions as known_regions
from dougong.engine.reading.filters import both
from dougong.metadata.model import Field, Object
from dougong.web.context import noun
from dougong.web.lookup_filter import LOOKED_AT, candidates, in_force
from dougong.web.pages.search import Hit, hits_of
from dougong.web.queues import choosable
from dougong.web.routing import Page
from dougong.web.visit import Visit

MOST = 8


@dataclass(frozen=True, slots=True)
class Option:
    """A record to choose: `value` is what the form sends."""

    value: str
    icon: str
    title: str
    shown: Markup
    line: str


def choose(visit: Visit, object: str, field: str) -> Response:
    """The options for what was typed, those that the field's filter allows."""
    obj = visit.object(object)
    found = obj.fields.get(field)
    if found is None or not found.type.refers or not visit.unit.access.may_field("read", obj, found):
        raise NotFound(Problem(code="field-unknown", reason=msg("There is no such page."), thing=field))
    text = visit.asked("q").strip()[:100]
    options, more, cut = [], False, False
    for target in found.targets:
        other = visit.model.objects[target]
        if visit.unit.access.may("read", other):
            these = candidates(visit, obj, found, other, text, MOST)
            options += [_option(visit, found, other, hit, text) for hit in these.hits]
            more, cut = more or these.more, cut or these.cut
    first = visit.model.objects[found.targets[0]]
    return visit.page(
        "lookup.html",
        options=options,
        more=more,
        cut=LOOKED_AT if cut else 0,
        text=text,
        label=label(found.label, visit.language),
        make=_make(visit, found, first, text),
        target_label=noun(first.label, visit.language),
    )


def choose_any(visit: Visit, object: str) -> Response:
    """The options for what was typed, whichever record of the object."""
    obj = visit.object(object)
    hits, more = hits_of(
        visit, obj, visit.asked("q").strip()[:100], MOST, both(in_force(obj), choosable(visit.unit, None, None, obj))
    )
    options = [_option_of(obj, hit, visit.asked("q")) for hit in hits]
    return visit.page(
        "lookup.html", options=options, more=more, cut=0, text="", label=label(obj.label, visit.language), make=""
    )


def _option_of(obj: Object, hit: Hit, text: str) -> Option:
    return Option(hit.url.rpartition("/")[2], obj.icon, hit.title, marked(hit.title, text), hit.line)


def _option(visit: Visit, field: Field, other: Object, hit: Hit, text: str) -> Option:
    record_id = hit.url.rpartition("/")[2]
    value = record_id if len(field.targets) == 1 else f"{other.name}:{record_id}"
    called = visit.context.called(record_id, hit.title)
    return Option(value, other.icon, called, marked(called, text), hit.line)


def marked(title: str, text: str) -> Markup:
    """`title` with what was typed set off."""
    at = title.lower().find(text.lower()) if text else -1
    if at < 0:
        return escape(title)
    end = at + len(text)
    return Markup("{}<mark>{}</mark>{}").format(title[:at], title[at:end], title[end:])


def _make(visit: Visit, field: Field, target: Object, text: str) -> str:
    """Where a new record is made without leaving the form; "" where the field does not offer it."""
    if not field.options.get("create_in_place") or not visit.unit.access.may("create", target):
        return ""
    return f"/o/{target.name}/new?" + urlencode({f"v.{target.title}": text, "sheet": "1"})


def regions(visit: Visit) -> Response:
    """The cities of a province or the districts of a city, as options."""
    code = visit.asked("of")
    return visit.page("regions.html", choices=choices(code) if code in known_regions() else ())


PAGES = (
    Page("GET", "/lookup/{object}", choose_any),
    Page("GET", "/lookup/{object}/{field}", choose),
    Page("GET", "/regions", regions),
)
