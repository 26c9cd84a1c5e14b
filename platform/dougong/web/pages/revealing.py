"""A masked value, seen whole once: a person says why, and the audit log keeps it."""

from __future__ import annotations

from starlette.responses import Response

from dougong.base.errors import NotFound, Problem, Rejected
from dougong.base.language import label, msg
from dougong.engine.rights.revealing import LONGEST_REASON, mask_for, may_reveal, reveal
from dougong.web.context import record_url
from dougong.web.frame import framed
from dougong.web.routing import Page
from dougong.web.visit import Visit


def ask(visit: Visit, object: str, id: str, name: str) -> Response:
    """The question why, in the place of the field, or as a page of its own."""
    return _answer(visit, object, id, name)


def show(visit: Visit, object: str, id: str, name: str) -> Response:
    """The value, in the place of its mask; the question again where no reason was given."""
    try:
        value = visit.write(lambda unit: reveal(unit, object, id, name, visit.sent("why")))
    except Rejected as error:
        with visit.read() as reading:
            return _answer(reading, object, id, name, errors=error.problems, status=error.status)
    with visit.read() as reading:
        return _answer(reading, object, id, name, value=value)


def _answer(
    visit: Visit,
    object: str,
    id: str,
    name: str,
    value: str | None = None,
    errors: tuple[Problem, ...] | list[Problem] = (),
    status: int = 200,
) -> Response:
    obj = visit.object(object)
    record = visit.unit.records.get(object, id)
    field = obj.fields.get(name)
    mask = mask_for(visit.unit.access, obj, field) if field is not None else None
    if field is None or mask is None or not may_reveal(visit.unit.access, obj, field):
        raise NotFound(Problem(code="field-unknown", thing=name, reason=msg("There is no such page.")))
    known = {
        "url": record_url(obj.name, record.id),
        "name": name,
        "label": label(field.label, visit.language),
        "shown": record.values.get(name),
        "value": value,
        "why": visit.sent("why"),
        "longest": LONGEST_REASON,
        "due": mask.reason,
        "error": [each.text(visit.language) for each in errors],
    }
    if visit.partial or visit.scripted:
        answer = visit.page("parts/reveal.html", status=status, **known)
        answer.headers["hx-retarget"], answer.headers["hx-reswap"] = f"#f-{name}", "outerHTML"
        return answer
    return framed(visit, "reveal.html", obj.name, label(field.label, visit.language), status, **known)


PAGES = (
    Page("GET", "/o/{object}/{id}/reveal/{name}", ask),
    Page("POST", "/o/{object}/{id}/reveal/{name}", show),
)
