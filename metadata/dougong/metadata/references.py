"""Who names whom: every reference in a tree, with the characters that it is made of.

The tables say for each kind where names stand. A pattern's steps are keys, ``*`` (each element of a list, each value
of a map) and ``@`` (each key of a map); what is found there is a name of the given sort, seen from an object.
Where-used lists, renames and the rule that packages refer only to what they require read this graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import FormulaError
from dougong.formulas.parser import parse
from dougong.formulas.tree import Call, Node
from dougong.formulas.tree import Reference as FormulaReference
from dougong.metadata.component import Component
from dougong.metadata.fill import PLACE
from dougong.metadata.index import Index
from dougong.metadata.positions import escape, steps
from dougong.metadata.rights import EVERY


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


@dataclass(frozen=True, slots=True)
class Found:
    """A name that a pattern led to: its text, the maps around it (outermost first), its place."""

    component: Component
    pointer: str
    text: str
    around: tuple[Mapping[str, Any], ...]
    in_key: bool

    @property
    def own(self) -> str:
        """The object that the component stands below, or is."""
        return self.component.name if self.component.kind == "object" else self.component.object or ""


From = Callable[[Index, Found], str]
"""The object from which a name is to be understood."""


def _own(index: Index, found: Found) -> str:
    return found.own


def _target(index: Index, found: Found) -> str:
    facts = index.field(found.own, found.component.own_name)
    return facts.targets[0] if facts and facts.targets else ""


def _before_point(key: str, level: int = -1) -> From:
    """The child object that a relation (``child.field``) around the name starts with."""
    return lambda index, found: str(found.around[level].get(key, "")).partition(".")[0]


def _related(index: Index, found: Found) -> str:
    """The child of the related list whose filter the name stands in, however deep."""
    listed = next((each for each in found.around if isinstance(each.get("from"), str)), {})
    return str(listed.get("from", "")).partition(".")[0]


def _named(key: str, level: int = -1) -> From:
    """The object that the map around the name has under `key`."""
    return lambda index, found: str(found.around[level].get(key, ""))


def _looked_up(index: Index, found: Found) -> str:
    facts = index.field(found.own, str(found.around[-1].get("field", "")))
    return (facts.leads_to if facts else None) or ""


def _looked_up_below(index: Index, found: Found) -> str:
    child = _before_point("from", -3)(index, found)
    facts = index.field(child, str(found.around[-1].get("field", "")))
    return (facts.leads_to if facts else None) or ""


def _filled_from(index: Index, found: Found) -> str:
    """The object that a fill chooses from."""
    return index.fill_source(found.own, found.component.body)


def _valued(index: Index, found: Found) -> str:
    """Of a value in a row, the object that its field refers to; "" where it refers to none."""
    facts = index.field(found.own, steps(found.pointer)[1])
    return facts.targets[0] if facts and facts.targets else ""


def _scoped(index: Index, found: Found) -> str:
    """Of a formula in a role's scope, the object whose records it is asked of."""
    return steps(found.pointer)[1]


def _keyed(index: Index, found: Found) -> str:
    """The object that is the key of the name."""
    return steps(found.pointer)[-1]


def _users(index: Index, found: Found) -> str:
    return "user"


Row = tuple[str, str, From]
"""A pattern, the sort of name that stands there, and from where it is seen."""

TABLE: Mapping[str, tuple[Row, ...]] = {
    "package": (("requires/@", "package", _own),),
    "object": (
        ("title/field", "path", _own),
        ("title/template", "formula", _own),
        ("title/subtitle/*", "path", _own),
        ("highlights/*/field", "path", _own),
        ("search/*/field", "path", _own),
        ("access/parent", "path", _own),
        ("access/children_follow/*", "relation", _own),
        ("hierarchy/parent", "path", _own),
        ("effective_dates/from", "path", _own),
        ("effective_dates/to", "path", _own),
        ("effective_dates/keys/*", "path", _own),
        ("constraints/*/fields/*", "path", _own),
        ("constraints/*/keys/*", "path", _own),
        ("constraints/*/range/from", "path", _own),
        ("constraints/*/range/to", "path", _own),
        ("constraints/*/field", "path", _own),
        ("constraints/*/at/*", "path", _own),
        ("constraints/*/when", "formula", _own),
        ("constraints/*/formula", "formula", _own),
        ("retention/*/since", "path", _own),
        ("retention/*/when", "formula", _own),
        ("currency/rate_date", "path", _own),
        ("currency/freeze_when", "formula", _own),
        ("lines/*/field", "relation", _own),
        ("completeness/*/field", "path", _own),
        ("completeness/*/when", "formula", _own),
    ),
    "field": (
        ("target", "object", _own),
        ("targets/*", "object", _own),
        ("picklist", "picklist", _own),
        ("through", "object", _own),
        ("depends_on/field", "path", _own),
        ("other/text", "path", _own),
        ("from", "relation", _own),
        ("field", "path", _before_point("from")),
        ("where", "formula", _before_point("from")),
        ("order/*/field", "path", _before_point("from", -2)),
        ("window/field", "path", _before_point("from", -2)),
        ("filter", "formula", _target),
        ("default", "formula", _own),
        ("compute/formula", "formula", _own),
        ("compute/when", "formula", _own),
        ("formula", "formula", _own),
        ("copy/@", "path", _own),
        ("copy/*/from", "path", _target),
        ("tests/*/given/@", "formula", _own),
        ("tests/*/before/@", "formula", _own),
    ),
    "record_type": (
        ("object", "object", _own),
        ("values/@", "path", _own),
        ("defaults/@", "path", _own),
        ("defaults/*", "formula", _own),
        ("path", "path of", _own),
        ("layouts/*", "layout of", _own),
        ("switch_to/*", "record_type", _own),
    ),
    "path": (
        ("object", "object", _own),
        ("field", "path", _own),
        ("record_types/*", "record_type", _own),
        ("stages/*/required/*", "path", _own),
        ("stages/*/gate/*/when", "formula", _own),
    ),
    "validation_rule": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("active", "formula", _own),
        ("at/*", "place", _own),
        ("record_types/*", "record_type", _own),
        ("tests/*/given/@", "formula", _own),
        ("tests/*/before/@", "formula", _own),
    ),
    "fill": (
        ("object", "object", _own),
        ("from", "object", _own),
        ("lookup", "path", _own),
        ("match/@", "path", _filled_from),
        ("match/*", "formula", _own),
        ("where", "formula", _filled_from),
        ("on", "formula", _own),
        ("order/*/field", "path", _filled_from),
        ("set/@", "path", _own),
        ("set/*", "formula", _filled_from),
        ("watch/*", "path", _own),
        ("otherwise", "fill", _own),
        ("reason/*", "text", _filled_from),
    ),
    "layout": (
        ("object", "object", _own),
        ("for/record_types/*", "record_type", _own),
        ("for/roles/*", "role of", _own),
        ("highlights/*/field", "path", _own),
        ("actions/*/key", "action", _own),
        ("tabs/*/visible_when", "formula", _own),
        ("tabs/*/sections/*/visible_when", "formula", _own),
        ("tabs/*/sections/*/items/*/field", "path", _own),
        ("tabs/*/sections/*/items/*/visible_when", "formula", _own),
        ("tabs/*/sections/*/items/*/required_when", "formula", _own),
        ("tabs/*/sections/*/items/*/read_only_when", "formula", _own),
        ("tabs/*/sections/*/lines", "relation", _own),
        ("tabs/*/sections/*/columns/*/field", "path", _before_point("lines", -2)),
        ("tabs/*/sections/*/columns/*/visible_when", "formula", _before_point("lines", -2)),
        ("tabs/*/sections/*/columns/*/required_when", "formula", _before_point("lines", -2)),
        ("tabs/*/sections/*/columns/*/read_only_when", "formula", _before_point("lines", -2)),
        ("related/*/from", "relation", _own),
        ("related/*/columns/*", "path", _before_point("from")),
        ("related/*/sort/*/field", "path", _before_point("from", -2)),
        ("related/*/filter/**/field", "path", _related),
    ),
    "list_view": (
        ("object", "object", _own),
        ("columns/*/field", "path", _own),
        ("sort/*/field", "path", _own),
        ("filter/**/field", "path", _own),
        ("when", "formula", _own),
        ("shared_with/*", "people", _own),
    ),
    "app": (
        ("for/*", "people", _own),
        ("items/*/object", "object", _own),
        ("items/*/view", "list_view", _named("object")),
    ),
    "action": (
        ("object", "object", _own),
        ("does/create/object", "object", _own),
        ("does/create/layout", "layout of", _own),
        ("does/create/record_type", "record_type", _named("object")),
        ("does/create/prefill/@", "path", _named("object", -2)),
        ("does/create/prefill/*", "formula", _own),
        ("does/edit/fields/*", "path", _own),
        ("does/edit/set/@", "path", _own),
        ("does/edit/set/*", "formula", _own),
        ("does/convert", "conversion of", _own),
        ("visible_when", "formula", _own),
    ),
    "conversion": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("into/*/object", "object", _own),
        ("into/*/record_type", "record_type", _named("object")),
        ("into/*/find/same/*", "path", _named("object", -2)),
        ("into/*/map/@", "path", _named("object", -2)),
        ("into/*/map/*", "formula", _own),
        ("into/*/link/@", "path", _named("object", -2)),
        ("into/*/children/*/from", "relation", _own),
        ("into/*/children/*/into", "relation", _own),
        ("into/*/children/*/map/@", "path", _before_point("into", -2)),
        ("into/*/children/*/map/*", "formula", _before_point("from", -2)),
        ("after/set/@", "path", _own),
        ("after/set/*", "formula", _own),
    ),
    "row": (
        ("object", "object", _own),
        ("values/@", "path", _own),
        ("values/*", "row", _valued),
        ("values/*/*", "row", _valued),
    ),
    "import_mapping": (
        ("object", "object", _own),
        ("key/*", "path", _own),
        ("columns/*/field", "path", _own),
        ("columns/*/look_up/*", "path", _looked_up),
        ("set/@", "path", _own),
        ("children/*/from", "relation", _own),
        ("children/*/key/*", "path", _before_point("from")),
        ("children/*/set/@", "path", _before_point("from", -2)),
        ("children/*/columns/*/field", "path", _before_point("from", -3)),
        ("children/*/columns/*/look_up/*", "path", _looked_up_below),
    ),
    "permission_set": (
        ("objects/@", "object", _own),
        ("fields/@", "relation", _own),
        ("record_types/@", "record_type of", _own),
        ("apps/@", "app of", _own),
        ("actions/@", "action of", _own),
        ("requires/*", "permission_set of", _own),
        ("excludes/*", "permission_set of", _own),
    ),
    "role": (
        ("parent", "role of", _own),
        ("permission_sets/*", "permission_set of", _own),
        ("scope/@", "object", _own),
        ("scope/*/*/when", "formula", _scoped),
    ),
    "sharing_rule": (
        ("object", "object", _own),
        ("when", "formula", _own),
        ("with/*", "object", _own),
        ("to/*", "people", _own),
        ("owned_by/*", "people", _own),
    ),
    "queue": (
        ("objects/*", "object", _own),
        ("members/*", "people", _own),
    ),
    "partition": (
        ("user_field", "path", _users),
        ("objects/@", "object", _own),
        ("objects/*", "path", _keyed),
        ("across/*", "people", _own),
        ("may_move/*", "people", _own),
    ),
    "overlay": (("target", "address", _own),),
    "translation": (("texts/@", "address", _own),),
}
"""Where names stand in each kind of document."""


def references(index: Index, component: Component) -> Iterator[Reference]:
    """Every reference in one component, as it stands there."""
    for pattern, sort, seen_from in TABLE.get(component.kind, ()):
        for found in _matches(component, component.body, pattern.split("/"), "", ()):
            if found.text == EVERY or (sort == "people" and not found.text.startswith(("role:", "queue:"))):
                continue  # who else a rule names are records
            yield from _resolved(index, found, sort, seen_from(index, found))


def _matches(
    component: Component, value: Any, steps: list[str], pointer: str, around: tuple[Mapping[str, Any], ...]
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


def _resolved(index: Index, found: Found, sort: str, origin: str) -> Iterator[Reference]:
    whole = (0, len(found.text))
    if sort == "path":
        yield from _path(index, found, origin, found.text.split("."), 0)
    elif sort == "relation":
        child, _, rest = found.text.partition(".")
        yield _reference(found, 0, len(child), f"object:{child}")
        if rest:
            yield from _path(index, found, child, rest.split("."), len(child) + 1)
    elif sort == "place":
        yield from _resolved(index, found, "relation" if "." in found.text else "path", origin)
    elif sort in ("formula", "text"):
        yield from (_formula if sort == "formula" else _text)(index, found, origin)
    elif sort in ("object", "picklist", "package"):
        yield _reference(found, *whole, f"{sort}:{found.text}")
    elif sort in ("address", "people"):
        yield _reference(found, *whole, found.text)
    elif sort.endswith(" of"):
        yield _reference(found, *whole, f"{sort.removesuffix(' of')}:{found.text}")
    elif sort == "row":
        if origin:
            name = found.text if found.text.startswith("row:") else f"row:{origin}.{found.text}"
            yield _reference(found, *whole, name)
    elif sort == "action" and found.text not in index.of_object("action", origin):
        yield _reference(found, *whole, f"action:{found.text}")
    else:
        yield _reference(found, *whole, f"{sort}:{origin}.{found.text}")


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
    """The fields that stand in curly brackets in a text for people."""
    for place in PLACE.finditer(found.text):
        yield from _path(index, found, origin, place[1].split("."), place.start(1))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Call):
        for each in node.arguments:
            yield from _nodes(each)


def used_by(index: Index) -> Mapping[str, tuple[Reference, ...]]:
    """By address, the references to it in the effective tree, in overlays and in translations."""
    found: dict[str, list[Reference]] = {}
    for component in (*index.components.values(), *index.effective.overlays, *index.effective.translations):
        for each in references(index, component):
            found.setdefault(each.target, []).append(each)
    return {address: tuple(each) for address, each in found.items()}
