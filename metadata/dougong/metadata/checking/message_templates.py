"""Rules of message templates: what is merged in is there, and stands where it can be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.building.steps import places
from dougong.metadata.checking.formulas import tried
from dougong.metadata.checking.report import Spot, need_object, need_path, spots, unknown
from dougong.metadata.checking.steps import at
from dougong.metadata.index import Index
from dougong.metadata.message_template import MERGE, places_in, texts_of
from dougong.metadata.reference_table import STEPS
from dougong.metadata.references import lists_of_steps
from dougong.metadata.scope import FieldScope

_TAGS = re.compile(r"<[^<>]*>")

_BRACKET = re.compile(r"[{}]")


def message_templates(index: Index) -> Iterator[Problem]:
    """What is wrong with any template, and with the steps that name one."""
    for spot, body in spots(index, "message_template"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        for keys, text in texts_of(body):
            where = spot
            for key in keys:
                where = where / key
            yield from _text(where, name, text, is_markup=keys[:2] == ("mail", "body"))
    for spot, body in spots(index, "approval"):
        for key, name in body.get("messages", {}).items():
            yield from _of_object(spot / "messages" / key, spot.component.object or "", name)
    for kind in STEPS:
        for spot, _ in spots(index, kind):
            for pointer, bodies in lists_of_steps(spot.component):
                for place in places(bodies, spot.component.object or ""):
                    yield from _named(at(spot, pointer + place.pointer), place.object, place.body)


def _text(spot: Spot, object_name: str, text: str, is_markup: bool) -> Iterator[Problem]:
    scope = FieldScope(spot.index, object_name)
    plain = MERGE.sub(lambda found: "x" * len(found[0]), text)
    tags = [found.span() for found in _TAGS.finditer(plain)] if is_markup else []
    if _BRACKET.search(plain):
        reason = msg("A curly bracket opens or closes no place.")
        yield spot.problem("template-place", reason, msg("Write {one}, or take it out.", one="{name}"))
    for place in places_in(text):
        if any(start < place.start < end for start, end in tags):
            reason = msg("Within a tag nothing can be merged in.")
            yield spot.problem("template-tag", reason, msg("Let it stand in the text."), character=place.start)
        if place.formula is not None:
            for found in tried(spot, place.formula, scope, None):
                if isinstance(found, Problem):
                    yield found
                elif found.save_only:
                    reason = msg(
                        "A message is written when the record has been saved, so it cannot look at what changed."
                    )
                    yield spot.problem("formula-save-only", reason)
        elif place.path is not None:
            yield from need_path(spot, object_name, place.path)
        else:
            reason = msg("{text} is neither the path of a field nor a formula.", text=f"{{{place.inside}}}")
            fix = msg("Write {one} or {two}.", one="{account.name}", two="{= amount * 2}")
            yield spot.problem("template-place", reason, fix, character=place.start)


def _named(spot: Spot, object_name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    """A step that tells by a template: the template is of its object, and nothing says the texts beside."""
    given = body.get("with", {})
    if body.get("do") != "notify" or not isinstance(given, Mapping):
        return
    if ("template" in given) == ("title" in given):
        reason = msg("A notice names a template, or says its texts: one of both.")
        yield (spot / "with").problem("notify-texts", reason, msg("Say template, or title."))
    if given.get("template") in spot.index.named("message_template"):
        yield from _of_object(spot / "with" / "template", object_name, given["template"])


def _of_object(spot: Spot, object_name: str, name: str) -> Iterator[Problem]:
    """The template is there, and of records of the object."""
    known = spot.index.named("message_template")
    if name not in known:
        yield unknown(spot, msg("message template"), name, known)
    elif known[name].object != object_name:
        reason = msg("The template {name} is for records of another object.", name=name)
        yield spot.problem("template-object", reason)
