"""Rules of record types, paths, conversions, actions and import mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.fields import fits
from dougong.metadata.checking.layouts import need_record_type
from dougong.metadata.checking.objects import need_lines
from dougong.metadata.checking.report import (
    Spot,
    enumerated,
    missing_field,
    need_field,
    need_object,
    need_path,
    need_value,
    repeated,
    spots,
    unknown,
)
from dougong.metadata.index import FieldFacts, Index

Document = Mapping[str, Any]


def record_types(index: Index) -> Iterator[Problem]:
    """Everything that record types name."""
    for spot, body in spots(index, "record_type"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "name", name)
            continue
        for field, subset in body.get("values", {}).items():
            yield from _subset(spot / "values" / field, name, field, subset)
        for field in body.get("defaults", {}):
            yield from need_field(spot / "defaults" / field, name, field)
        yield from _own(spot / "path", "path", name, body.get("path"))
        for purpose, layout in body.get("layouts", {}).items():
            yield from _own(spot / "layouts" / purpose, "layout", name, layout)
        for below, each in enumerated(spot, "switch_to", body):
            yield from need_record_type(below, name, each)


def _own(spot: Spot, kind: str, object_name: str, name: Any) -> Iterator[Problem]:
    """`name` (``object.name``) must be a component of `kind` below the object."""
    known = {each.name for each in spot.index.of_object(kind, object_name).values()}
    if isinstance(name, str) and name not in known:
        yield unknown(spot, {"path": msg("path"), "layout": msg("layout")}[kind], name, known)


def _subset(spot: Spot, object_name: str, field: str, subset: Document) -> Iterator[Problem]:
    facts = spot.index.field(object_name, field)
    if facts is None:
        yield missing_field(spot, object_name, field)
        return
    for below, each in enumerated(spot, "only", subset):
        yield from need_value(below, facts, each)
    default = subset.get("default")
    yield from need_value(spot / "default", facts, default)
    if default is not None and subset.get("only") and default not in subset["only"]:
        reason = msg("The default {value} is not among the values.", value=default)
        yield (spot / "default").problem("default-outside", reason, msg("Add it under only, or choose another."))


def paths(index: Index) -> Iterator[Problem]:
    """Stages are values of the field, and name values and fields that are there."""
    for spot, body in spots(index, "path"):
        name, field = spot.component.object or "", body.get("field")
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        yield from repeated(spot, "stages", body)
        for below, each in enumerated(spot, "record_types", body):
            yield from need_record_type(below, name, each)
        facts = index.field(name, field) if isinstance(field, str) else None
        if facts is None:
            yield from need_field(spot / "field", name, field)
            continue
        if facts.type is not None and facts.type.name != "picklist":
            reason = msg("{field} has no stages: it is no picklist.", field=facts.body.get("label") or facts.name)
            yield (spot / "field").problem("field-type-wrong", reason)
        for below, stage in enumerated(spot, "stages", body):
            yield from _stage(below, name, facts, stage, body)


def _stage(spot: Spot, object_name: str, facts: FieldFacts, stage: Document, path: Document) -> Iterator[Problem]:
    known = [each.get("value") for each in path.get("stages", ())]
    yield from need_value(spot / "value", facts, stage.get("value"))
    yield from repeated(spot, "gate", stage)
    for below, each in enumerated(spot, "required", stage):
        yield from need_field(below, object_name, each)
    for below, each in enumerated(spot, "next", stage):
        if each not in known:
            yield unknown(below, msg("stage"), each, [name for name in known if isinstance(name, str)])
    guards = {each.name for each in spot.index.of_object("approval", object_name).values()}
    if "approval" in stage and stage["approval"] not in guards:
        yield unknown(spot / "approval", msg("approval"), str(stage["approval"]), guards)


def actions(index: Index) -> Iterator[Problem]:
    """What actions create, change and convert is there."""
    for spot, body in spots(index, "action"):
        own, does = spot.component.object, body.get("does", {})
        yield from need_object(spot / "object", own)
        create, edit, where = does.get("create", {}), does.get("edit", {}), spot / "does"
        target = create.get("object")
        yield from need_object(where / "create" / "object", target)
        if target in index.fields:
            yield from _own(where / "create" / "layout", "layout", target, create.get("layout"))
            yield from need_record_type(where / "create" / "record_type", target, create.get("record_type"))
            for field in create.get("prefill", {}):
                yield from need_field(where / "create" / "prefill" / field, target, field)
        if own is None and does.keys() & {"edit", "convert", "run"}:
            reason = msg("An action that changes or converts records belongs to an object.")
            yield spot.problem("action-global", reason, msg("Name it object.name and give it the key object."))
        if "list" in body.get("place", ()) and "create" not in does:
            reason = msg("A list has no record that an action could change or convert.")
            yield (spot / "place").problem("action-list", reason, msg("Let it stand on records or rows."))
        if "list" in body.get("place", ()) and "visible_when" in body:
            reason = msg("A list has no record that a condition could look at.")
            yield (spot / "visible_when").problem("action-list", reason, msg("Let it stand on records or rows."))
        for below, each in enumerated(where / "edit", "fields", edit):
            yield from need_field(below, own or "", each)
        for field in edit.get("set", {}):
            yield from need_field(where / "edit" / "set" / field, own or "", field)
        known = {each.name for each in index.of_object("conversion", own or "").values()}
        if "convert" in does and does["convert"] not in known:
            yield unknown(where / "convert", msg("conversion"), does["convert"], known)
        buttons = {
            each.name
            for each in index.of_object("automation", own or "").values()
            if each.body.get("trigger", {}).get("type") == "button"
        } | {
            each.name
            for each in index.of_object("assignment_rule", own or "").values()
            if "button" in each.body.get("on", ())
        }
        if "run" in does and does["run"] not in buttons:
            yield unknown(where / "run", msg("automation of a button"), does["run"], buttons)


def conversions(index: Index) -> Iterator[Problem]:
    """Targets, fields, links and lines of conversions are there, and links go to earlier steps."""
    for spot, body in spots(index, "conversion"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        yield from repeated(spot, "into", body)
        steps: dict[str, str] = {}
        for below, target in enumerated(spot, "into", body):
            if target.get("object") in index.fields:
                yield from _target(below, name, target, steps)
            else:
                yield from need_object(below / "object", target.get("object"))
            steps[str(target.get("key"))] = str(target.get("object"))
        after = body.get("after", {})
        for field in after.get("set", {}):
            yield from need_field(spot / "after" / "set" / field, name, field)
        if after.get("open") is not None and after["open"] not in steps:
            yield unknown(spot / "after" / "open", msg("step"), after["open"], steps)


def _target(spot: Spot, source: str, target: Document, steps: Mapping[str, str]) -> Iterator[Problem]:
    name, find = target["object"], target.get("find", {})
    yield from need_record_type(spot / "record_type", name, target.get("record_type"))
    for below, each in enumerated(spot / "find", "same", find):
        yield from need_field(below, name, each)
        if spot.index.field(name, each) is not None and each not in target.get("map", {}):
            reason = msg("Nothing says what {field} is compared with.", field=each)
            yield below.problem("find-unmapped", reason, msg("Give it a formula under map."))
    if find.get("within") is not None and find["within"] not in steps:
        yield unknown(spot / "find" / "within", msg("earlier step"), find["within"], steps)
    for field in target.get("map", {}):
        yield from need_field(spot / "map" / field, name, field)
    for field, step in target.get("link", {}).items():
        yield from _step_link(spot / "link" / field, name, field, step, steps)
    yield from repeated(spot, "children", target)
    for below, each in enumerated(spot, "children", target):
        yield from need_lines(below / "from", source, each.get("from"))
        yield from need_lines(below / "into", name, each.get("into"))
        for field in each.get("map", {}):
            yield from need_field(below / "map" / field, str(each.get("into", "")).partition(".")[0], field)


def _step_link(spot: Spot, object_name: str, field: str, step: str, steps: Mapping[str, str]) -> Iterator[Problem]:
    facts = spot.index.field(object_name, field)
    if step not in steps:
        yield unknown(spot, msg("earlier step"), step, steps)
    elif facts is None:
        yield missing_field(spot, object_name, field)
    elif steps[step] in spot.index.fields and not spot.index.is_open(facts) and steps[step] not in facts.targets:
        reason = msg("{field} does not lead to {object}.", field=facts.body.get("label") or field, object=steps[step])
        yield spot.problem("relation-wrong", reason)


def import_mappings(index: Index) -> Iterator[Problem]:
    """Columns go to fields that are there; records are looked up by fields that their object has."""
    for spot, body in spots(index, "import_mapping"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        yield from _mapped(index, spot, name, body)
        for below, child in enumerated(spot, "children", body):
            source = str(child.get("from", ""))
            yield from _leads_back(below / "from", name, source)
            if source.partition(".")[0] in index.fields:
                yield from _mapped(index, below, source.partition(".")[0], child)


def _leads_back(spot: Spot, parent: str, relation: str) -> Iterator[Problem]:
    """``child.field`` must be a lookup that leads to `parent` alone."""
    child, _, field = relation.partition(".")
    if child not in spot.index.fields:
        yield from need_object(spot, child)
        return
    facts = spot.index.field(child, field)
    if facts is None:
        yield missing_field(spot, child, field)
    elif not spot.index.is_open(facts) and facts.leads_to != parent:
        reason = msg("{field} does not lead to {object}.", field=relation, object=parent)
        yield spot.problem("relation-wrong", reason)


def _mapped(index: Index, spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    """What fills one object: columns, fixed texts, and the fields by which its records are found."""
    for below, each in enumerated(spot, "key", body):
        yield from need_field(below, name, each)
    for field in body.get("set", {}):
        yield from need_field(spot / "set" / field, name, field)
    for column, each in body.get("columns", {}).items():
        where = spot / "columns" / column
        yield from need_path(where / "field", name, each.get("field"))
        facts = index.field(name, str(each.get("field", "")))
        if facts is None:
            continue
        for below, looked in enumerated(where, "look_up", each):
            if facts.leads_to:
                yield from need_field(below, facts.leads_to, looked)
        for spelt, value in each.get("values", {}).items():
            yield from need_value(where / "values" / spelt, facts, value)


def settings(index: Index) -> Iterator[Problem]:
    """The default of a setting is of its type."""
    for spot, body in spots(index, "setting"):
        kind, value = body.get("type"), body.get("default")
        if kind is not None and value is not None and not fits(kind, value):
            reason = msg("{value} is not of type {type}.", value=str(value), type=kind)
            yield (spot / "default").problem("attribute-type", reason, msg('Write numbers as text: "0.2".'))
