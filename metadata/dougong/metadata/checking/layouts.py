"""Rules of layouts and apps: the fields, records and actions that they show must be there; and of any filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dougong.base.errors import Problem
from dougong.base.field_types import Reading, ValueRefused
from dougong.base.language import msg
from dougong.metadata.building.fields import plain_field
from dougong.metadata.checking.objects import need_lines
from dougong.metadata.checking.people import need_people, need_role
from dougong.metadata.checking.report import (
    Spot,
    enumerated,
    field_at,
    missing_field,
    need_field,
    need_object,
    need_path,
    repeated,
    spots,
    unknown,
)
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.violations import near

BUILT_IN_ACTIONS = ("edit", "clone", "delete")
"""Actions that every record page has."""

PLACEHOLDERS = ("$me", "$my_team", "$my_queues")
"""Operands that stand for people."""

READING = Reading(now=datetime(2025, 1, 1, tzinfo=UTC))
"""How operands in metadata are read: as JSON, in no particular zone."""

DEEPEST_FILTER = 8


def layouts(index: Index) -> Iterator[Problem]:
    """Everything that layouts name."""
    for spot, body in spots(index, "layout"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "object", name)
            continue
        for below, each in enumerated(spot / "for", "record_types", body.get("for", {})):
            yield from need_record_type(below, name, each)
        for below, each in enumerated(spot / "for", "roles", body.get("for", {})):
            yield from need_role(below, each)
        for below, each in enumerated(spot, "highlights", body):
            yield from need_path(below / "field", name, each.get("field"))
        for below, each in enumerated(spot, "actions", body):
            yield from _action(below / "key", name, each.get("key"))
        for key in ("tabs", "related", "actions"):
            yield from repeated(spot, key, body)
        for tab_spot, tab in enumerated(spot, "tabs", body):
            yield from repeated(tab_spot, "sections", tab)
            for below, section in enumerated(tab_spot, "sections", tab):
                yield from _section(below, name, section)
        for below, related in enumerated(spot, "related", body):
            yield from _related(below, name, related)


def need_record_type(spot: Spot, object_name: str, name: Any) -> Iterator[Problem]:
    """`name` must be a record type of the object."""
    known = spot.index.of_object("record_type", object_name)
    if isinstance(name, str) and name not in known:
        yield unknown(spot, msg("record type"), name, known)


def _action(spot: Spot, object_name: str, key: Any) -> Iterator[Problem]:
    named = spot.index.named("action")
    known = {own for own, each in named.items() if each.object is None}
    known |= set(spot.index.of_object("action", object_name)) | set(BUILT_IN_ACTIONS)
    if isinstance(key, str) and key not in known:
        yield unknown(spot, msg("action"), key, known)


def _section(spot: Spot, object_name: str, section: Mapping[str, Any]) -> Iterator[Problem]:
    relation, columns = section.get("lines"), section.get("columns", 2)
    yield from repeated(spot, "items", section)
    for below, item in enumerated(spot, "items", section):
        yield from need_path(below / "field", object_name, item.get("field"))
    if relation is None:
        if isinstance(columns, list):
            reason = msg("Columns of their own belong to lines.")
            yield (spot / "columns").problem("section-shape", reason, msg("Write a number, or name the lines."))
        return
    if "items" in section:
        reason = msg("A section holds either fields or lines.")
        yield (spot / "items").problem("section-shape", reason, msg("Move the fields to a section of their own."))
    yield from need_lines(spot / "lines", object_name, relation)
    if isinstance(columns, list):
        child = str(relation).partition(".")[0]
        yield from repeated(spot, "columns", section)
        for below, each in enumerated(spot, "columns", section):
            yield from need_field(below / "field", child, each.get("field"))


def _related(spot: Spot, object_name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    path = str(body.get("from", "")).split(".")
    child = path[0]
    if child not in spot.index.fields:
        yield from need_object(spot / "from", child)
        return
    here = child
    for name in path[1:]:
        facts = spot.index.field(here, name)
        if facts is None:
            yield missing_field(spot / "from", here, name)
            return
        if spot.index.is_open(facts):
            return
        targets = facts.targets
        if name == path[-1]:
            if object_name not in targets:
                reason = msg("{relation} does not lead to {object}.", relation=".".join(path), object=object_name)
                yield (spot / "from").problem("relation-wrong", reason)
        elif len(targets) != 1:
            reason = msg("{field} leads to no other record.", field=facts.body.get("label") or name)
            yield (spot / "from").problem("path-ends", reason)
            return
        else:
            here = targets[0]
    for below, each in enumerated(spot, "columns", body):
        yield from need_path(below, child, each)
    for below, each in enumerated(spot, "sort", body):
        yield from need_path(below / "field", child, each.get("field"))
    if body.get("filter"):
        yield from need_filter(spot / "filter", child, body["filter"])


def need_filter(spot: Spot, object_name: str, body: Mapping[str, Any], depth: int = 1) -> Iterator[Problem]:
    """A filter must be a condition or a group, over fields that are there, with operators that they offer."""
    keys = set(body)
    if depth > DEEPEST_FILTER:
        yield spot.problem("filter-too-deep", msg("Groups nest deeper than {count} levels.", count=DEEPEST_FILTER))
    elif keys in ({"all"}, {"any"}):
        for below, each in enumerated(spot, keys.pop(), body):
            yield from need_filter(below, object_name, each, depth + 1)
    elif keys == {"not"}:
        yield from need_filter(spot / "not", object_name, body["not"], depth + 1)
    elif {"field", "op"} <= keys <= {"field", "op", "value"}:
        yield from _condition(spot, object_name, body)
    else:
        yield spot.problem(
            "filter-shape",
            msg("This is no condition."),
            msg("A condition has the keys field, op and value; a group has all, any or not."),
        )


def _condition(spot: Spot, object_name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    wrong = list(need_path(spot / "field", object_name, body["field"]))
    yield from wrong
    facts = field_at(spot.index, object_name, body["field"])
    if wrong or facts is None or facts.type is None:
        return
    field = plain_field(spot.index, facts)
    offered = [each.name for each in field.type.operators(field)]
    if body["op"] not in offered:
        reason = msg("{field} cannot be filtered with {op}.", field=field.label or field.name, op=body["op"])
        fix = near(body["op"], offered) or msg("It offers {names}.", names=", ".join(offered))
        yield (spot / "op").problem("operator-unknown", reason, fix)
        return
    yield from _operand(spot, facts, body)


def _operand(spot: Spot, facts: FieldFacts, body: Mapping[str, Any]) -> Iterator[Problem]:
    value = body.get("value")
    listed = value if isinstance(value, list) else [value]
    if facts.type is None or any(each in PLACEHOLDERS for each in listed if isinstance(each, str)):
        return
    given, field = tuple(value) if isinstance(value, list) else value, plain_field(spot.index, facts)
    try:
        field.type.operand(field, body["op"], given, READING)
    except ValueRefused as refused:
        yield (spot / "value").problem(refused.code, refused.reason, refused.fix)


def apps(index: Index) -> Iterator[Problem]:
    """Everything that apps name."""
    for spot, body in spots(index, "app"):
        yield from repeated(spot, "items", body)
        yield from need_people(spot, "for", body)
        for below, item in enumerated(spot, "items", body):
            kinds = [key for key in ("object", "pool", "link", "separator") if key in item]
            if len(kinds) != 1:
                reason = msg("An item is one of: object, pool, link, separator.")
                yield below.problem("item-shape", reason, msg("Give it exactly one of these keys."))
                continue
            yield from need_object(below / "object", item.get("object"))
            if "pool" in item and item["pool"] not in index.named("pool"):
                yield unknown(below / "pool", msg("pool"), str(item["pool"]), index.named("pool"))
            views = index.of_object("list_view", str(item.get("object")))
            if "view" in item and item.get("object") in index.fields and item["view"] not in views:
                yield unknown(below / "view", msg("list view"), item["view"], views)
