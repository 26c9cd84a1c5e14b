"""Who names whom: every reference in a tree, with the characters that it is made of.

Where names stand is said by `dougong.metadata.reference_table`. Where-used lists, renames and the rule that packages
refer only to what they require read this graph.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import FormulaError
from dougong.formulas.parser import parse
from dougong.formulas.tree import Call, Node
from dougong.formulas.tree import Reference as FormulaReference
from dougong.metadata.building.steps import Place, places
from dougong.metadata.component import Component
from dougong.metadata.index import Index
from dougong.metadata.message_template import places_in
from dougong.metadata.positions import escape, steps
from dougong.metadata.reference_table import STEPS, TABLE, Found, From
from dougong.metadata.rights import EVERY
from dougong.metadata.schema import step_schema


@dataclass(frozen=True, slots=True)
class Reference:
    """Characters `start` to `end` of the text at `pointer` of `component` name `target`.

    `in_key` is true where the text is the last step of the pointer itself, a key of a map.
    """

    component: Component
    pointer: str
    start: int
    end: int
    target: str
    in_key: bool = False


def references(index: Index, component: Component) -> Iterator[Reference]:
    """Every reference in one component, as it stands there."""
    for pointer, bodies in lists_of_steps(component):
        for place in places(bodies, component.object or "", pointer):
            yield from _in_step(index, component, place)
    for way, sort, seen_from in _ways(component.kind):
        if way[0] not in component.body and way[0] not in ANY:
            continue
        for found in _matches(component, component.body, way, "", ()):
            if found.text == EVERY or (
                sort == "people" and not found.text.startswith(("role:", "queue:", "territory:"))
            ):
                continue  # who else a rule names are records
            yield from _resolved(index, found, sort, seen_from(index, found))


ANY = frozenset({"*", "**", "@"})
"""Steps of patterns that are no keys."""


@functools.cache
def _ways(kind: str) -> tuple[tuple[tuple[str, ...], str, From], ...]:
    """The patterns of a kind of document, in steps."""
    return tuple((tuple(pattern.split("/")), sort, seen_from) for pattern, sort, seen_from in TABLE.get(kind, ()))


def _matches(
    component: Component, value: Any, steps: tuple[str, ...], pointer: str, around: tuple[Mapping[str, Any], ...]
) -> Iterator[Found]:
    if not steps:
        if isinstance(value, str):
            yield Found(component, pointer, value, around, False)
        return
    step, rest = steps[0], steps[1:]
    inside = (*around, value) if isinstance(value, Mapping) else around
    if step == "**":
        yield from _matches(component, value, rest, pointer, around)
        for key, below in _members(value):
            yield from _matches(component, below, steps, f"{pointer}/{escape(key)}", inside)
    elif step == "@" and isinstance(value, Mapping):
        for key in value:
            yield Found(component, f"{pointer}/{escape(key)}", key, inside, True)
    elif step == "*":
        for key, below in _members(value):
            yield from _matches(component, below, rest, f"{pointer}/{escape(key)}", inside)
    elif isinstance(value, Mapping) and step in value:
        yield from _matches(component, value[step], rest, f"{pointer}/{step}", inside)


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def lists_of_steps(component: Component) -> Iterator[tuple[str, list[Any]]]:
    """Every list of steps of a document with its pointer; lists inside steps belong to these."""
    for pattern in STEPS.get(component.kind, ()):
        yield from _lists(component.body, pattern.split("/"), "")


def _lists(value: Any, way: list[str], pointer: str) -> Iterator[tuple[str, list[Any]]]:
    """The lists that a pattern of keys and ``*`` leads to."""
    if not way:
        if isinstance(value, list):
            yield pointer, value
        return
    for key, below in value.items() if isinstance(value, Mapping) else ():
        if way[0] in ("*", key):
            yield from _lists(below, way[1:], f"{pointer}/{escape(key)}")


def _in_step(index: Index, component: Component, place: Place) -> Iterator[Reference]:
    """What one step names; nothing where it is not given what its kind asks for."""
    for number, branch in enumerate(place.body.get("branches", ())):
        when = Found(component, f"{place.pointer}/branches/{number}/when", str(branch.get("when")), (), False)
        yield from _formula(index, when, place.object)
    if place.kind is None or not step_schema(place.kind)[1].is_valid(place.given):
        return
    for each in place.formulas():
        found = Found(component, f"{place.pointer}/with{each.pointer}", each.text, (), False)
        before = len(_text_at(place.given, each.pointer)) - len(each.text)  # ``field:``, where people are named
        for one in _formula(index, found, each.object or place.object):
            yield dataclasses.replace(one, start=one.start + before, end=one.end + before)
        if each.fills is not None and steps(each.pointer)[-1] == each.fills[1]:
            key = Found(component, found.pointer, each.fills[1], (), True)
            yield from _path(index, key, each.fills[0], [each.fills[1]], 0)
    for pointer, address in place.kind.references(place.given, place.object):
        text, name = _text_at(place.given, pointer), address.partition(":")[2]
        yield from _named(Found(component, f"{place.pointer}/with{pointer}", text, (), False), address, name)


def _text_at(given: Any, pointer: str) -> str:
    """The text at a JSON pointer."""
    for step in steps(pointer):
        given = given[int(step) if isinstance(given, list) else step]
    return str(given)


def _named(found: Found, address: str, name: str) -> Iterator[Reference]:
    """The characters at the end of a text that name a component: all of them, or what follows ``role:``."""
    if found.text == address:
        yield _reference(found, 0, len(found.text), address)
    elif address.startswith("field:"):
        yield from _relation_of(found, name)
    elif found.text.endswith(name):
        yield _reference(found, len(found.text) - len(name), len(found.text), address)
    else:
        yield _reference(found, 0, len(found.text), address)


def _relation_of(found: Found, name: str) -> Iterator[Reference]:
    """``child.field``: the object and the field."""
    child, _, field = name.partition(".")
    yield _reference(found, 0, len(child), f"object:{child}")
    yield _reference(found, len(child) + 1, len(found.text), f"field:{child}.{field}")


def _resolved(index: Index, found: Found, sort: str, origin: str) -> Iterator[Reference]:
    whole = (0, len(found.text))
    if sort in WALKS:
        yield from WALKS[sort](index, found, origin)
    elif sort in ("object", "picklist", "package"):
        yield _reference(found, *whole, f"{sort}:{found.text}")
    elif sort in ("address", "people"):
        yield _reference(found, *whole, found.text)
    elif sort.endswith(" of"):
        yield _reference(found, *whole, f"{sort.removesuffix(' of')}:{found.text}")
    elif sort == "action" and found.text not in index.of_object("action", origin):
        yield _reference(found, *whole, f"action:{found.text}")
    else:
        yield _reference(found, *whole, f"{sort}:{origin}.{found.text}")


def _relation(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """A field of another object: ``child.field``."""
    child, _, rest = found.text.partition(".")
    yield _reference(found, 0, len(child), f"object:{child}")
    if rest:
        yield from _path(index, found, child, rest.split("."), len(child) + 1)


def _place(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """A field of the object, or lines (``child.field``)."""
    yield from (_relation if "." in found.text else _whole_path)(index, found, origin)


def _row(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    if origin:
        name = found.text if found.text.startswith("row:") else f"row:{origin}.{found.text}"
        yield _reference(found, 0, len(found.text), name)


def _whole_path(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    yield from _path(index, found, origin, found.text.split("."), 0)


def _component(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """A component, or an element of it (``approval:quote.special_price#stale``); codes of problems name none."""
    address = found.text.partition("#")[0]
    if ":" in address:
        yield _reference(found, 0, len(address), address)


def _starter(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """Who may start an approval: ``role:sales``, ``team:editor``."""
    kind, _, name = found.text.partition(":")
    if kind == "role":
        yield _reference(found, 0, len(found.text), found.text)
    elif kind == "team":
        yield _reference(found, len("team:"), len(found.text), f"team_role:{name}")


def _recipient(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """Among whom a record is given: ``role:sales``, ``territory:north``, ``field:account.owner``."""
    kind, _, name = found.text.partition(":")
    if kind in ("role", "queue", "territory") and name:
        yield _reference(found, 0, len(found.text), found.text)
    elif kind == "field":
        yield from _path(index, found, origin, name.split("."), len("field:"))


def _runnable(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """What a button sets off: an automation, or an assignment rule."""
    rule = found.text not in index.named("automation") and found.text in index.named("assignment_rule")
    yield _reference(found, 0, len(found.text), f"{'assignment_rule' if rule else 'automation'}:{found.text}")


def _gate(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """What an approval gates: ``action:send``, ``update:amount``."""
    kind, _, name = found.text.partition(":")
    at = len(kind) + 1
    if kind == "action":
        whole = name if "." in name else f"{origin}.{name}"
        yield _reference(found, at, len(found.text), f"action:{whole}")
    elif kind == "update":
        yield from _path(index, found, origin, [name], at)


def _reference(found: Found, start: int, end: int, target: str) -> Reference:
    return Reference(found.component, found.pointer, start, end, target, found.in_key)


def _path(index: Index, found: Found, object_name: str, names: list[str], at: int) -> Iterator[Reference]:
    """The fields that a path goes through, as far as they are there."""
    for name in names:
        facts = index.field(object_name, name) or index.field(object_name, name.lower())
        if facts is None:
            return
        yield _reference(found, at, at + len(name), facts.component.address)
        at += len(name) + 1
        if facts.leads_to is None:
            return
        object_name = facts.leads_to


def _formula(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    try:
        tree = parse(found.text)
    except FormulaError:  # reported by the rule of formulas
        return
    for node in _nodes(tree):
        if not isinstance(node, FormulaReference):
            continue
        names, start, head = list(node.path), node.span.start, node.path[0].lower()
        starts = {"$record": found.own, "$user": "user"}
        if head in starts:
            yield from _path(index, found, starts[head], names[1:], start + len(names[0]) + 1)
        elif head == "$setup":
            yield _reference(found, start + 7, node.span.end, f"setting:{'.'.join(names[1:])}")
        elif head == "$label":
            yield _reference(found, start + 7, node.span.end, f"label:{'.'.join(names[1:])}")
        else:
            yield from _path(index, found, origin, names, start)


def _text(index: Index, found: Found, origin: str) -> Iterator[Reference]:
    """The fields that stand in curly brackets in a text for people, and what formulas there read."""
    for place in places_in(found.text):
        if place.path is not None:
            yield from _path(index, found, origin, place.path.split("."), place.start)
        elif place.formula is not None:
            before = place.end - len(place.formula)
            for one in _formula(index, dataclasses.replace(found, text=place.formula), origin):
                yield dataclasses.replace(one, start=one.start + before, end=one.end + before)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Call):
        for each in node.arguments:
            yield from _nodes(each)


WALKS: Mapping[str, Callable[[Index, Found, str], Iterator[Reference]]] = {
    "path": _whole_path,
    "relation": _relation,
    "place": _place,
    "formula": _formula,
    "text": _text,
    "row": _row,
    "starter": _starter,
    "gate": _gate,
    "recipient": _recipient,
    "runnable": _runnable,
    "component": _component,
}
"""How names of these sorts are found in their text; those of others are the whole text."""


def used_by(index: Index) -> Mapping[str, tuple[Reference, ...]]:
    """By address, the references to it in the effective tree, in overlays and in translations; looked for once."""
    if index.used is None:
        found: dict[str, list[Reference]] = {}
        for component in (*index.components.values(), *index.effective.overlays, *index.effective.translations):
            for each in references(index, component):
                found.setdefault(each.target, []).append(each)
        index.used = {address: tuple(each) for address, each in found.items()}
    return index.used
