"""Turn a record into others: what would be found and made, the person's choices, and the way back."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from dougong.base.errors import DougongError, NotFound, Problem
from dougong.base.field_types import Reference
from dougong.base.language import label, msg
from dougong.engine.saving import conversion
from dougong.metadata.conversion import Conversion
from dougong.metadata.model import Object
from dougong.web import targets
from dougong.web.context import noun, record_url
from dougong.web.errors_in_forms import ask_why
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number


def show(visit: Visit, object: str, id: str, name: str) -> Response:
    """What the conversion would do, to decide on."""
    return _page(visit, object, id, name, None, 200)


def _page(
    visit: Visit, object_name: str, record_id: str, name: str, error: DougongError | None, status: int
) -> Response:
    obj = visit.object(object_name)
    rule = _rule(obj, name)
    record = visit.unit.records.get(object_name, record_id)
    proposed = conversion.proposal(visit.unit, object_name, record_id, rule.name)
    chosen = {each.target.key: visit.sent(f"target.{each.target.key}") for each in proposed}
    at, errors = targets.sort_out(visit, error, proposed, chosen) if error else ({}, [])
    title = title_of(visit, obj, record.values)
    return framed(
        visit,
        "convert.html",
        obj.name,
        visit.say(msg("{action}: {name}", action=rule.label, name=title)),
        status,
        choices=[targets.choice(visit, each, at.get(each.target.key, {})) for each in proposed],
        errors=errors,
        amiss=bool(error),
        why=visit.sent("why") if visit.sent("why") or (error and ask_why(error)) else None,
        url=record_url(obj.name, record_id),
        name=name,
        button=label(rule.label, visit.language),
        object_label=several(obj, visit.language),
        object=obj,
        version=record.version,
    )


def _rule(obj: Object, name: str) -> Conversion:
    found = obj.conversions.get(name)
    if found is None:
        raise NotFound(Problem(code="conversion-unknown", reason=msg("There is no such page."), thing=name))
    return found


def carry_out(visit: Visit, object: str, id: str, name: str) -> Response:
    """Convert; the record to go on with opens, and the way back stays for as long as the metadata allows."""
    stood = whole_number(visit.sent("version"))
    try:
        with visit.read() as reading:
            rule = _rule(reading.object(object), name)
            said = targets.decided(reading, conversion.proposal(reading.unit, object, id, rule.name))
        done = visit.write(
            lambda unit: conversion.convert(
                unit, object, id, name, choices=said.choices, values=said.values, version=stood
            ),
            why=visit.sent("why"),
            channel="conversion",
        )
    except DougongError as error:
        with visit.read() as reading:
            return _page(reading, object, id, name, error, error.status)
    opened = done.open or Reference(object, id)
    with visit.read() as reading:
        words: dict[str, Any] = {"object": noun(reading.model.objects[opened.object].label, visit.language)}
    told = visit.say(msg("Converted; here is the {object}", **words))
    undo = f"/conversion/{done.operation}/undo" if rule.undo_days else ""
    return visit.go(record_url(opened.object, opened.id), told, undo)


def undo(visit: Visit, operation: str) -> Response:
    """Take a conversion back."""
    visit.write(lambda unit: conversion.undo(unit, operation), channel="conversion")
    return visit.go(visit.back("/"), visit.say(msg("Everything is as before the conversion")))


PAGES = (
    Page("GET", "/o/{object}/{id}/convert/{name}", show),
    Page("POST", "/o/{object}/{id}/convert/{name}", carry_out),
    Page("POST", "/conversion/{operation}/undo", undo),
)
