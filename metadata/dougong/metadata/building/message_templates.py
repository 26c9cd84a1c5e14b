"""Message templates to their part of the model: texts are taken apart at their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import labels
from dougong.metadata.index import Index
from dougong.metadata.message_template import WAYS, Merge, MessageTemplate, Wording, places_in
from dougong.metadata.scope import FieldScope


def build_message_templates(index: Index) -> Mapping[str, MessageTemplate]:
    """Every template by its whole name."""
    found = index.named("message_template")
    return MappingProxyType({name: _template(index, name, each.body) for name, each in found.items()})


def _template(index: Index, name: str, body: Mapping[str, Any]) -> MessageTemplate:
    object_name = name.rpartition(".")[0]
    scope = FieldScope(index, object_name)
    ways = {way: _wording(body[way], scope) for way in WAYS if way in body}
    return MessageTemplate(
        name=name,
        object=object_name,
        label=labels(body.get("label")),
        said=_wording(body, scope),
        ways=MappingProxyType(ways),
    )


def _wording(body: Mapping[str, Any], scope: FieldScope) -> Wording:
    subject, text = (
        MappingProxyType({language: tuple(_parts(said, scope)) for language, said in body.get(key, {}).items()})
        for key in ("subject", "body")
    )
    return Wording(subject=subject, body=text)


def _parts(text: str, scope: FieldScope) -> Iterator[str | Merge]:
    at = 0
    for place in places_in(text):
        if place.start - 1 > at:
            yield text[at : place.start - 1]
        at = place.end + 1
        if place.formula is not None:
            yield Merge(formula=compile_formula(place.formula, scope), source=place.formula)
        else:
            yield Merge(path=place.inside)
    if at < len(text):
        yield text[at:]
