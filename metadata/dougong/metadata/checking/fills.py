"""Rules of fills: what they name is there and fits, each field is filled by one thing, and nothing fills itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import msg
from dougong.formulas import Formula
from dougong.metadata.building.rules import is_copied
from dougong.metadata.checking.constraints import has_column
from dougong.metadata.checking.formulas import filling, tried
from dougong.metadata.checking.report import (
    Spot,
    enumerated,
    missing_field,
    need_field,
    need_object,
    need_path,
    object_label,
    spots,
    unknown,
)
from dougong.metadata.component import Component
from dougong.metadata.fill import PLACE
from dougong.metadata.index import FieldFacts, Index
from dougong.metadata.model import EFFECTIVE_DATES
from dougong.metadata.positions import steps
from dougong.metadata.references import references
from dougong.metadata.scope import FieldScope, formula_type

Document = Mapping[str, Any]

MATCHED = frozenset({"text", "number", "boolean", "date", "picklist", "id"})
"""The types of what is matched, as formulas know them."""

OF_THE_FIRST = ("again", "watch", "none", "message")
"""The keys that say when something is filled: of several fills asked one after the other, the first says it."""

OF_OBJECTS = ("match", "on", "order")
"""The keys by which one record of many is chosen."""


def fills(index: Index) -> Iterator[Problem]:
    """Everything that is wrong with fills."""
    for spot, body in spots(index, "fill"):
        name = spot.component.object or ""
        if name not in index.fields:
            yield from need_object(spot / "name", name)
            continue
        yield from _source(spot, name, body)
        yield from _again(spot, name, body)
        yield from _otherwise(spot, name, body)
        source = index.fill_source(name, body)
        if source in index.fields:
            yield from _choice(spot, name, source, body)
            yield from _set(spot, name, source, body)
    for name in index.fields:
        yield from _twice(index, name)
        yield from _circle(index, name)


# -- what is chosen ---------------------------------------------------------------------------------------------
def _source(spot: Spot, name: str, body: Document) -> Iterator[Problem]:
    index = spot.index
    if ("from" in body) == ("lookup" in body):
        reason = msg("A fill chooses from an object, or takes what a lookup names.")
        yield spot.problem("fill-source", reason, msg("Give it one of the keys from and lookup."))
        return
    if "from" in body:
        yield from need_object(spot / "from", body["from"])
        source = index.body("object", str(body["from"]))
        if source and "match" not in body and source.get("rows") != "metadata":
            reason = msg("Without match every record of {object} would be read.", object=_label(index, body["from"]))
            yield spot.problem("fill-match-missing", reason, msg("Say under match what must be equal."))
        return
    lookup = index.field(name, str(body["lookup"]))
    if lookup is None:
        yield missing_field(spot / "lookup", name, str(body["lookup"]))
    elif lookup.leads_to is None and not index.is_open(lookup):
        reason = msg("{field} leads to no other record.", field=lookup.body.get("label") or lookup.name)
        yield (spot / "lookup").problem("path-ends", reason, msg("Name a lookup with one target."))
    for key in OF_OBJECTS:
        if key in body:
            reason = msg("A lookup names one record, so there is nothing for {key} to choose from.", key=key)
            yield (spot / key).problem("fill-key", reason, msg("Take the key out."))


def _label(index: Index, name: Any) -> Any:
    return object_label(index, str(name))


def _choice(spot: Spot, name: str, source: str, body: Document) -> Iterator[Problem]:
    index, record = spot.index, FieldScope(spot.index, name)
    chosen = FieldScope(index, source, record=name)
    for field, text in body.get("match", {}).items():
        yield from _matched(spot / "match" / field, record, source, field, text)
    yield from _lasting(spot / "where", body.get("where"), chosen, "boolean")
    yield from _lasting(spot / "on", body.get("on"), record, "date")
    dated = EFFECTIVE_DATES in index.body("object", source)
    if "on" in body and not dated and "from" in body:
        reason = msg("{object} has no effective dates.", object=_label(index, source))
        yield (spot / "on").problem("fill-day", reason, msg("Take the key out, or give the object effective dates."))
    elif dated and "on" not in body and "from" in body:
        reason = msg("Which of the dates of {object} counts?", object=_label(index, source))
        yield spot.problem("fill-day", reason, msg("Say the day under on, for example TODAY()."))
    for below, each in enumerated(spot, "order", body):
        yield from need_path(below / "field", source, each.get("field"))
    for language, said in body.get("reason", {}).items():
        for place in PLACE.findall(said):
            yield from need_path(spot / "reason" / language, source, place)


def _matched(spot: Spot, record: FieldScope, source: str, field: str, text: str) -> Iterator[Problem]:
    facts = spot.index.field(source, field)
    if facts is None:
        yield missing_field(spot, source, field)
        return
    if not has_column(facts):
        reason = msg("{field} has no column of its own.", field=facts.body.get("label") or field)
        yield spot.problem("fill-match-type", reason, msg("Compare it under where."))
        return
    kind = formula_type(spot.index, facts)
    if kind is not None and (kind.value not in MATCHED or (facts.targets and facts.leads_to is None)):
        reason = msg("Nothing can be matched by {field}.", field=facts.body.get("label") or field)
        yield spot.problem("fill-match-type", reason, msg("Compare it under where."))
        return
    yield from filling(spot, record, source, field, text)
    yield from _lasting(spot, text, record, None)


def _lasting(spot: Spot, text: Any, scope: FieldScope, result: str | None) -> Iterator[Problem]:
    """A formula that also forms ask, before anything is saved; mistakes of others are told where they are typed."""
    for found in tried(spot, text, scope, result):
        if isinstance(found, Formula):
            if found.save_only:
                reason = msg("A form fills before anything is saved, so this cannot look at what changed.")
                yield spot.problem("fill-save-only", reason, msg("Compare the fields themselves."))
        elif result is not None:
            yield found


# -- what is filled ---------------------------------------------------------------------------------------------
def _set(spot: Spot, name: str, source: str, body: Document) -> Iterator[Problem]:
    index, scope = spot.index, FieldScope(spot.index, source, record=name)
    for field, text in body["set"].items():
        below, facts = spot / "set" / field, index.field(name, field)
        if facts is None:
            yield missing_field(below, name, field)
            continue
        yield from _fillable(below, facts)
        if not is_copied(index, source, text):
            yield from filling(below, scope, name, field, text)
            yield from _lasting(below, text, scope, None)
            continue
        theirs = index.field(source, text.strip())
        if theirs is not None and theirs.type is not facts.type:
            reason = msg("{field} cannot take over {source}: they are of different types.", field=field, source=text)
            yield below.problem("copy-types", reason)


def _fillable(spot: Spot, facts: FieldFacts) -> Iterator[Problem]:
    label = facts.body.get("label") or facts.name
    computed = "compute" in facts.body or spot.index.template(facts) is not None or spot.index.code(facts) is not None
    if facts.type is not None and (not facts.type.writable or not facts.type.stored or computed):
        reason = msg("{field} gets its value by itself.", field=label)
        yield spot.problem("fill-computed", reason, msg("Fill another field, or let this one be typed."))


def _again(spot: Spot, name: str, body: Document) -> Iterator[Problem]:
    for below, each in enumerated(spot, "watch", body):
        yield from need_field(below, name, each)
    if "watch" in body and body.get("again", "until_edited") != "until_edited":
        reason = msg("Only what is filled until somebody edits it has fields to watch.")
        yield (spot / "watch").problem("fill-key", reason, msg("Take the key out."))
    refuses = body.get("none") == "refuse"
    if refuses and "message" not in body:
        reason = msg("Nobody would know why the record is refused.")
        yield spot.problem("fill-message", reason, msg("Say it under message."))
    elif not refuses and "message" in body:
        reason = msg("The message is for records that are refused.")
        yield (spot / "message").problem("fill-message", reason, msg('Set none to "refuse", or take the key out.'))


def _otherwise(spot: Spot, name: str, body: Document) -> Iterator[Problem]:
    others, following = spot.index.of_object("fill", name), body.get("otherwise")
    if following is None:
        return
    if following not in others:
        yield unknown(spot / "otherwise", msg("fill"), following, others)
        return
    seen, here = [spot.component.own_name], following
    while here in others and here not in seen:
        seen.append(here)
        here = others[here].body.get("otherwise")
    if here in seen:
        reason = msg("These fills ask one another in a circle: {circle}.", circle=" → ".join((*seen, here)))
        yield (spot / "otherwise").problem("fill-circle", reason)
        return
    other = Spot(spot.index, others[following])
    for key in OF_THE_FIRST:
        if key in other.component.body:
            reason = msg("{fill} is asked by another fill, which says this itself.", fill=following)
            yield (other / key).problem("fill-key", reason, msg("Take the key out."))
    for field in other.component.body.get("set", {}):
        if field not in body["set"]:
            reason = msg("{field} is not filled by {fill}, which asks this one.", field=field, fill=seen[0])
            yield (other / "set" / field).problem("fill-otherwise", reason, msg("Fill it there too, or not here."))


# -- all the fills of an object ---------------------------------------------------------------------------------
def _firsts(index: Index, name: str) -> list[Component]:
    """The fills that no other one asks."""
    its = index.of_object("fill", name)
    asked = {each.body.get("otherwise") for each in its.values()}
    return [each for own, each in its.items() if own not in asked]


def _twice(index: Index, name: str) -> Iterator[Problem]:
    """A field is filled by one fill, and by no lookup that copies into it."""
    by: dict[str, str] = {}
    for facts in index.fields[name].values():
        copies = facts.body.get("copy")
        by |= dict.fromkeys(copies if isinstance(copies, Mapping) else (), facts.name)
    for each in _firsts(index, name):
        for field in each.body.get("set", {}):
            if field in by:
                reason = msg("{field} is filled by {other} already.", field=field, other=by[field])
                fix = msg("Fill it once; name a second way under otherwise.")
                yield (Spot(index, each) / "set" / field).problem("fill-twice", reason, fix)
            by.setdefault(field, each.own_name)


def _circle(index: Index, name: str) -> Iterator[Problem]:
    """What a fill reads of its record may not follow from what it fills."""
    graph: TopologicalSorter[str] = TopologicalSorter()
    its = index.of_object("fill", name)
    if not its:
        return
    for facts in index.fields[name].values():
        if facts.body.get("type") == "formula" or "compute" in facts.body:
            read = _read(index, facts.component, name) - {facts.name}
            graph.add(facts.name, *read)
    for each in its.values():
        for field in each.body.get("set", {}):
            graph.add(field, *_read(index, each, name))
    try:
        graph.prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        for each in its.values():
            if set(each.body.get("set", {})) & set(circle):
                reason = msg("What is filled follows from itself: {circle}.", circle=" → ".join(circle))
                fix = msg("Let the fill read other fields.")
                yield (Spot(index, each) / "set").problem("fill-circle", reason, fix)
                return


_COMPUTED = ("/compute/", "/formula")
_ASKED = ("/match/", "/on", "/lookup")
_CHOSEN = ("/where", "/set/")
"""Where the references stand that a value is made of: of computed fields, and of fills."""


def _read(index: Index, component: Component, name: str) -> set[str]:
    """The fields of a record that one of its computed fields, or a fill, is made of."""
    prefix = f"field:{name}."
    found = set()
    for each in references(index, component):
        if each.in_key or not each.target.startswith(prefix):
            continue
        before = _text(component, each.pointer)[: each.start].lower()
        if each.pointer.startswith(_CHOSEN):
            own = before.endswith("$record.")
        else:
            own = each.pointer.startswith((*_COMPUTED, *_ASKED)) and not before.endswith(".")
        if own:
            found.add(each.target.removeprefix(prefix))
    return found


def _text(component: Component, pointer: str) -> str:
    here: Any = component.body
    for step in steps(pointer):
        here = here[int(step) if isinstance(here, list) else step]
    return str(here)
