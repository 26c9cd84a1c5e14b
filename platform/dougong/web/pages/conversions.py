"""Turn a record into others: what would be found and made, the person's choices, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong.base.errors import DougongError, NotFound, Problem
from dougong.base.field_types import Reference
from dougong.base.language import label, msg
from dougong.engine.saving import conversion
from dougong.engine.saving.conversion import Proposed
from dougong.metadata.model import Conversion, Object
from dougong.web.context import noun, record_url
from dougong.web.frame import framed
from dougong.web.navigation import several
from dougong.web.prefill import titled
from dougong.web.record_page import title_of
from dougong.web.routing import Page
from dougong.web.visit import Visit, whole_number


@dataclass(frozen=True, slots=True)
class Choice:
    """One target: existing records to take, a new one with its values in words, or nothing where it is optional."""

    key: str
    label: str
    icon: str
    found: tuple[Reference, ...]
    values: tuple[tuple[str, str], ...]
    optional: bool
    chosen: str


def show(visit: Visit, object: str, id: str, name: str) -> Response:
    """What the conversion would do, to decide on."""
    return _page(visit, object, id, name, {}, [], 200)


def _page(
    visit: Visit, object_name: str, record_id: str, name: str, chosen: Mapping[str, str], errors: list[str], status: int
) -> Response:
    obj = visit.object(object_name)
    rule = _rule(obj, name)
    record = visit.unit.records.get(object_name, record_id)
    proposed = conversion.proposal(visit.unit, object_name, record_id, rule.name)
    title = title_of(visit, obj, record.values)
    return framed(
        visit,
        "convert.html",
        obj.name,
        visit.say(msg("{action}: {name}", action=rule.label, name=title)),
        status,
        choices=[_choice(visit, each, chosen) for each in proposed],
        errors=errors,
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


def _choice(visit: Visit, each: Proposed, chosen: Mapping[str, str]) -> Choice:
    target = visit.model.objects[each.target.object]
    said = titled(visit, dict(each.values))
    words = [
        (
            label(target.fields[name].label, visit.language),
            target.fields[name].type.display(target.fields[name], value, visit.reading),
        )
        for name, value in said.items()
        if name in target.fields and name != "record_type"
    ]
    first = each.found[0].id if each.found else conversion.NEW
    return Choice(
        key=each.target.key,
        label=label(target.label, visit.language),
        icon=target.icon,
        found=each.found,
        values=tuple((key, text) for key, text in words if text),
        optional=each.target.optional,
        chosen=chosen.get(each.target.key, first),
    )


def carry_out(visit: Visit, object: str, id: str, name: str) -> Response:
    """Convert; the record to go on with opens, and the way back stays for as long as the metadata allows."""
    sent = {key.removeprefix("target."): str(value) for key, value in visit.form.items() if key.startswith("target.")}
    stood = whole_number(visit.sent("version"))
    try:
        done = visit.write(
            lambda unit: conversion.convert(unit, object, id, name, choices=sent, version=stood), channel="conversion"
        )
    except DougongError as error:
        with visit.read() as reading:
            said = [problem.text(visit.language) for problem in error.problems]
            return _page(reading, object, id, name, sent, said, error.status)
    opened = done.open or Reference(object, id)
    with visit.read() as reading:
        rule = _rule(reading.object(object), name)
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
