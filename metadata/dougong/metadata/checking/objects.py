"""Rules of objects: title, access, tree, currency, lines, cycles of master-detail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.metadata.checking.report import (
    Spot,
    enumerated,
    missing_field,
    need_object,
    need_path,
    repeated,
    spots,
)
from dougong.metadata.index import FieldFacts, Index

TITLE_TYPES = ("text", "auto_number", "person_name", "email", "phone", "barcode")
"""Types of field that can be what a record is called."""


def objects(index: Index) -> Iterator[Problem]:
    """Everything that an object's own document names."""
    for spot, body in spots(index, "object"):
        name = spot.component.name
        yield from _title(spot, name, body)
        for key in ("highlights", "search"):
            yield from repeated(spot, key, body)
            for below, each in enumerated(spot, key, body):
                yield from need_path(below / "field", name, each.get("field"))
        yield from _access(spot, name, body)
        yield from _hierarchy(spot, name, body)
        yield from _currency(spot, name, body)
        yield from _lines(spot, name, body)


def _title(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    title = body.get("title", {})
    field = title.get("field")
    if isinstance(field, str):
        facts = spot.index.field(name, field)
        if facts is None:
            yield missing_field(spot / "title" / "field", name, field)
        elif facts.type is not None and facts.type.name not in TITLE_TYPES:
            yield (spot / "title" / "field").problem(
                "title-type",
                msg("{field} cannot be a title: it is {type}.", field=field, type=facts.type.name),
                msg("Choose a field that is one of: {types}.", types=", ".join(TITLE_TYPES)),
            )
        elif "template" in title:
            yield from _template(spot / "title" / "template", facts)
    for below, path in enumerated(spot / "title", "subtitle", title):
        yield from need_path(below, name, path)


def _template(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    """A title that a formula fills: a text to which nothing else gives a value."""
    called = facts.body.get("label") or facts.name
    if facts.type is not None and facts.type.name != "text":
        reason = msg("{field} cannot be filled by a template: it is {type}.", field=called, type=facts.type.name)
        yield spot.problem("title-template", reason, msg("Choose a field of type text as the title."))
    for key in ("compute", "default"):
        if facts.body.get(key):
            reason = msg("{field} is filled by the template of the title, so {key} has no use.", field=called, key=key)
            yield spot.problem("title-template", reason, msg("Take {key} out of the field.", key=key))


def _access(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    access = body.get("access", {})
    parent = access.get("parent")
    if parent is not None:
        yield from _lookup(spot / "access" / "parent", name, parent)
    elif access.get("default") == "by_parent":
        reason = msg("Access by parent needs to know the parent.")
        yield (spot / "access").problem("access-parent", reason, msg("Name a lookup of the object under parent."))
    for below, relation in enumerated(spot / "access", "children_follow", access):
        yield from _follower(below, name, relation)


def _follower(spot: Spot, parent: str, relation: Any) -> Iterator[Problem]:
    """``child.lookup`` must lead to `parent`, whatever else it may lead to."""
    child, _, field = str(relation).partition(".")
    if child not in spot.index.fields:
        yield from need_object(spot, child)
        return
    facts = spot.index.field(child, field)
    if facts is None:
        yield missing_field(spot, child, field)
    elif not spot.index.is_open(facts) and parent not in facts.targets:
        reason = msg("{relation} does not lead to {object}.", relation=relation, object=parent)
        yield spot.problem("relation-wrong", reason, msg("Name a lookup of the child whose target is this object."))


def _lookup(spot: Spot, object_name: str, name: str) -> Iterator[Problem]:
    facts = spot.index.field(object_name, name)
    if facts is None:
        yield missing_field(spot, object_name, name)
    elif facts.type is not None and not facts.type.refers:
        reason = msg("{field} is no lookup.", field=facts.body.get("label") or name)
        yield spot.problem("field-type-wrong", reason, msg("Name a lookup or master-detail field."))


def _hierarchy(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    parent = body.get("hierarchy", {}).get("parent")
    if parent is None:
        return
    facts, where = spot.index.field(name, parent), spot / "hierarchy" / "parent"
    yield from _lookup(where, name, parent)
    if facts is not None and facts.type is not None and facts.type.refers and facts.targets != (name,):
        reason = msg("{field} does not lead to the object itself.", field=facts.body.get("label") or parent)
        yield where.problem(
            "hierarchy-target", reason, msg("A tree needs a lookup whose target is {object}.", object=name)
        )


def _currency(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    currency = body.get("currency", {})
    if currency.get("mode") == "parent" and not masters(spot.index, name):
        reason = msg("There is no master record to take the currency from.")
        yield (spot / "currency" / "mode").problem("currency-parent", reason, msg("Add a master-detail field."))
    date = currency.get("rate_date")
    if isinstance(date, str):
        facts, where = spot.index.field(name, date), spot / "currency" / "rate_date"
        if facts is None:
            yield missing_field(where, name, date)
        elif facts.type is not None and facts.type.formula_type not in ("date", "datetime"):
            yield where.problem("field-type-wrong", msg("{field} is no date.", field=facts.body.get("label") or date))


def _lines(spot: Spot, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    yield from repeated(spot, "lines", body)
    for below, each in enumerated(spot, "lines", body):
        yield from need_lines(below / "field", name, each.get("field"))


def need_lines(spot: Spot, parent: str, relation: Any) -> Iterator[Problem]:
    """``child.field`` must be a master-detail field that leads to `parent`."""
    if not isinstance(relation, str):
        return
    child, _, field = relation.partition(".")
    if child not in spot.index.fields:
        yield from need_object(spot, child)
        return
    facts = spot.index.field(child, field)
    if facts is None:
        yield missing_field(spot, child, field)
    elif not spot.index.is_open(facts) and (facts.body.get("type") != "master_detail" or facts.targets != (parent,)):
        reason = msg("{relation} is no master-detail field of {object}.", relation=relation, object=parent)
        yield spot.problem("relation-wrong", reason, msg("Lines are children in a master-detail relation."))


def masters(index: Index, name: str) -> tuple[FieldFacts, ...]:
    """The master-detail fields of an object."""
    found = index.fields.get(name, {}).values()
    return tuple(each for each in found if each.type is not None and each.type.name == "master_detail")


def master_detail(index: Index) -> Iterator[Problem]:
    """A record has at most one master, and following masters ends somewhere."""
    above = {name: masters(index, name) for name in index.fields}
    for its in above.values():
        for second in its[1:]:
            reason = msg("A record cannot have two masters.")
            fix = msg("Make {field} a lookup.", field=second.body.get("label") or second.name)
            yield (Spot(index, second.component) / "type").problem("master-detail-twice", reason, fix)
    reported: set[str] = set()
    for name in above:
        chain: list[str] = []
        here = name
        while here in above and above[here] and here not in chain and above[here][0].targets:
            chain.append(here)
            here = above[here][0].targets[0]
        if here in chain and here not in reported:
            circle = chain[chain.index(here) :]
            reported.update(circle)
            reason = msg("Master-detail goes in a circle: {circle}.", circle=" → ".join((*circle, here)))
            fix = msg("Make one of these fields a lookup.")
            yield (Spot(index, above[here][0].component) / "target").problem("master-detail-cycle", reason, fix)
