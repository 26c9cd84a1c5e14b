"""Rules of validation rules: what they name is there, and they can be asked when they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.layouts import need_record_type
from dougong.metadata.checking.objects import need_lines
from dougong.metadata.checking.report import Spot, enumerated, need_field, need_object, spots
from dougong.metadata.index import Index


def validation_rules(index: Index) -> Iterator[Problem]:
    """Everything that validation rules name."""
    for spot, body in spots(index, "validation_rule"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        for below, each in enumerated(spot, "at", body):
            yield from _place(below, name, each)
        for below, each in enumerated(spot, "record_types", body):
            yield from need_record_type(below, name, each)
        if "stage" in body.get("on", ()) and not index.of_object("path", name):
            reason = msg("{object} has no stages: no path says what they are.", object=name)
            yield (spot / "on").problem("rule-no-stages", reason, msg("Add a path, or take stage out."))


def _place(spot: Spot, object_name: str, place: Any) -> Iterator[Problem]:
    """A field, or the lines that a form of the object edits."""
    if "." in str(place):
        yield from need_lines(spot, object_name, place)
    else:
        yield from need_field(spot, object_name, place)
