"""Record types, paths, conversions, constraints and actions to their parts of the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dougong.formulas import Formula
from dougong.formulas import compile as compile_formula
from dougong.metadata.building.fields import labels, yields
from dougong.metadata.conversion import Conversion, ConversionTarget
from dougong.metadata.index import Index, texts
from dougong.metadata.model import (
    NOTHING,
    Gate,
    Path,
    RecordType,
    Stage,
)
from dougong.metadata.scope import FieldScope, formula_type

Document = Mapping[str, Any]

DAYS = re.compile(r"^([0-9]{1,4})d$")
"""A duration in whole days, as limits and undo periods are written."""


def days(text: Any) -> int | None:
    """The days of a duration such as ``30d``; None where nothing is said."""
    found = DAYS.match(text) if isinstance(text, str) else None
    return int(found.group(1)) if found else None


def build_record_type(index: Index, object_name: str, name: str, body: Document) -> RecordType:
    """The record type of the model."""
    values = {
        field: MappingProxyType({"only": texts(each.get("only")) or None, "default": each.get("default")})
        for field, each in body.get("values", {}).items()
    }
    switch_to = body.get("switch_to")
    path = body.get("path")
    return RecordType(
        object=object_name,
        name=name,
        label=labels(body.get("label")),
        active=body.get("active", True),
        values=MappingProxyType(values),
        defaults=field_formulas(index, FieldScope(index, object_name), object_name, body.get("defaults", {})),
        path=path.rpartition(".")[2] if path else None,
        layouts=MappingProxyType({key: each.rpartition(".")[2] for key, each in body.get("layouts", {}).items()}),
        switch_to=texts(switch_to) if switch_to is not None else None,
        default_for=frozenset(texts(body.get("default_for"))),
    )


def field_formulas(index: Index, scope: FieldScope, object_name: str, texts_: Document) -> Mapping[str, Formula]:
    """Formulas that fill fields of `object_name`, by field."""
    found: dict[str, Formula] = {}
    for field, text in texts_.items():
        facts = index.field(object_name, field)
        found[field] = compile_formula(text, scope, yields(index, facts) if facts else None)
    return MappingProxyType(found)


def build_path(index: Index, object_name: str, name: str, body: Document) -> Path:
    """The path of the model."""
    scope = FieldScope(index, object_name)
    stages = {each["value"]: _stage(scope, each) for each in body.get("stages", ())}
    return Path(
        object=object_name,
        name=name,
        field=body["field"],
        stages=MappingProxyType(stages),
        record_types=texts(body.get("record_types")),
    )


def _stage(scope: FieldScope, body: Document) -> Stage:
    gates = tuple(
        Gate(key=each["key"], when=compile_formula(each["when"], scope, "boolean"), message=labels(each.get("message")))
        for each in body.get("gate", ())
    )
    following = body.get("next")
    return Stage(
        value=body["value"],
        guidance=labels(body.get("guidance")),
        required=texts(body.get("required")),
        gates=gates,
        next=texts(following) if following is not None else None,
        back=body.get("back", "yes"),
        limit_days=days(body.get("limit")),
    )


def build_conversion(index: Index, object_name: str, name: str, body: Document) -> Conversion:
    """The conversion of the model."""
    scope = FieldScope(index, object_name)
    after, when = body.get("after", {}), body.get("when")
    return Conversion(
        object=object_name,
        name=name,
        label=labels(body.get("label")),
        when=compile_formula(when, scope, "boolean") if when is not None else None,
        into=tuple(_target(index, scope, each) for each in body.get("into", ())),
        carry=texts(body.get("carry")),
        after_set=field_formulas(index, scope, object_name, after.get("set", {})),
        after_lock=after.get("lock", False),
        after_open=after.get("open"),
        undo_days=days(body.get("undo_for")) or 0,
    )


def _target(index: Index, scope: FieldScope, body: Document) -> ConversionTarget:
    formulas, copies = _mapped(index, scope, body["object"], body.get("map", {}))
    return ConversionTarget(
        key=body["key"],
        object=body["object"],
        optional=body.get("optional", False),
        find=MappingProxyType(dict(body.get("find", {}))),
        map=formulas,
        copy=copies,
        link=MappingProxyType(dict(body.get("link", {}))),
        children=tuple(_children(index, each) for each in body.get("children", ())),
        record_type=body.get("record_type"),
    )


def _children(index: Index, body: Document) -> Document:
    """Lines to be made of lines: the documents' keys, ``map`` as formulas and ``copy`` as field names."""
    child = body["from"].partition(".")[0]
    formulas, copies = _mapped(index, FieldScope(index, child), body["into"].partition(".")[0], body.get("map", {}))
    return MappingProxyType({**body, "map": formulas, "copy": copies})


def _mapped(
    index: Index, scope: FieldScope, target: str, texts_: Document
) -> tuple[Mapping[str, Formula], Mapping[str, str]]:
    """What a mapping says: formulas, and fields taken over whole that formulas cannot hold (an address)."""
    copies = {field: text for field, text in texts_.items() if is_copied(index, scope.object, text)}
    formulas = {field: text for field, text in texts_.items() if field not in copies}
    return field_formulas(index, scope, target, formulas), MappingProxyType(copies) if copies else NOTHING


def is_copied(index: Index, object_name: str, text: str) -> bool:
    """True where `text` is the name of a field that no formula can hold, to be taken over as it is."""
    facts = index.field(object_name, text.strip())
    return facts is not None and facts.type is not None and formula_type(index, facts) is None


def build_action(index: Index, object_name: str, body: Document) -> Document:
    """The action as pages use it: its document, with ``prefill`` and ``set`` beside it as formulas by field.

    ``visible`` is the formula of ``visible_when``, where there is one.
    """
    does, scope = body.get("does", {}), FieldScope(index, object_name)
    create, edit = does.get("create", {}), does.get("edit", {})
    prefill = field_formulas(index, scope, create.get("object", ""), create.get("prefill", {}))
    values = field_formulas(index, scope, object_name, edit.get("set", {}))
    when = body.get("visible_when")
    visible = {"visible": compile_formula(when, scope, "boolean")} if when is not None else {}
    return MappingProxyType({**body, "prefill": prefill, "set": values, **visible})
