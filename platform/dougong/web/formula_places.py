"""Every formula of an object that people may open: where it stands, what it says, whose it is, what it must yield."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong.base.errors import FormulaError, NotFound, Problem
from dougong.base.language import Message, label, msg
from dougong.engine.formula_scope import ReadableScope
from dougong.formulas.parser import parse
from dougong.formulas.tree import references
from dougong.metadata.building.fields import yields
from dougong.metadata.component import COMPANY, PLATFORM, Component
from dougong.metadata.index import Index
from dougong.metadata.keyed import element_key
from dougong.metadata.model import Object
from dougong.metadata.positions import escape, steps
from dougong.metadata.scope import FieldScope
from dougong.web.visit import Visit, with_query

EDIT = "/formulas/edit"

CONDITIONS = ("visible_when", "required_when", "read_only_when")
RULE = msg("Validation rule")
PATTERNS: Mapping[str, tuple[tuple[str, Message], ...]] = {
    "field": (
        ("formula", msg("Formula field")),
        ("default", msg("Default")),
        ("compute/formula", msg("Computed value")),
        ("compute/when", msg("When it is computed")),
    ),
    "validation_rule": (("when", RULE),),
    "layout": (
        *((f"tabs/*/{key}", msg("Condition of a layout")) for key in CONDITIONS[:1]),
        *((f"tabs/*/sections/*/{key}", msg("Condition of a layout")) for key in CONDITIONS[:1]),
        *((f"tabs/*/sections/*/items/*/{key}", msg("Condition of a layout")) for key in CONDITIONS),
    ),
    "path": (("stages/*/gate/*/when", msg("Gate of a stage")),),
    "list_view": (("when", msg("Condition of a list view")),),
    "conversion": (("when", msg("Condition of a conversion")),),
    "action": (("visible_when", msg("Condition of an action")),),
    "object": (
        ("constraints/*/when", msg("Constraint")),
        ("constraints/*/formula", msg("Constraint")),
        ("currency/freeze_when", msg("When amounts are frozen")),
        ("retention/*/when", msg("Retention rule")),
    ),
}
"""Where formulas over an object's own record stand in each kind of document, and what they are called."""

KEY_NAMES: Mapping[str, Message] = {
    "visible_when": msg("shown when"),
    "required_when": msg("required when"),
    "read_only_when": msg("locked when"),
}


@dataclass(frozen=True, slots=True)
class FormulaPlace:
    """A formula that stands at `pointer` of `component`, which is as overlays leave it.

    `path` is the place as overlays write it; `returns` the type that the formula must yield ("" where the field's own
    options say it); `layer` who made the component, and `changed` that an overlay of the company changes it.
    """

    component: Component
    pointer: str
    path: str
    kind: Message
    title: str
    text: str
    layer: str
    changed: bool = False

    @property
    def url(self) -> str:
        """Where it is opened."""
        return with_query(EDIT, [("of", self.component.address), ("at", self.pointer)])

    @property
    def fixed(self) -> bool:
        """True for what the platform itself says: nobody changes it."""
        return self.layer == PLATFORM

    @property
    def packaged(self) -> bool:
        """True where a package made it, so that a change of it is an overlay of the company."""
        return self.layer not in (PLATFORM, COMPANY)


def all_of(visit: Visit, index: Index, obj: Object) -> list[FormulaPlace]:
    """Every formula over records of `obj`, by kind and name."""
    found = [each for component in _components(index, obj.name) for each in _of(visit, index, obj, component)]
    order = {called.text: at for at, called in enumerate(said for rows in PATTERNS.values() for _, said in rows)}
    return sorted(found, key=lambda each: (order[each.kind.text], each.title, each.pointer))


def place(visit: Visit, index: Index, address: str, pointer: str) -> FormulaPlace:
    """The formula at `pointer` of the component `address`.

    Raises:
        NotFound: no formula stands there, or the reader may not see its object.
    """
    component = index.components.get(address)
    if component is not None and component.kind in PATTERNS:
        name = component.name if component.kind == "object" else component.object or ""
        obj = visit.object(name)
        for each in _of(visit, index, obj, component):
            if each.pointer == pointer:
                return each
    raise NotFound(
        Problem(code="formula-unknown", reason=msg("There is no formula here."), thing=f"{address}{pointer}")
    )


def _components(index: Index, name: str) -> Iterator[Component]:
    for component in index.components.values():
        if component.kind in PATTERNS:
            own = component.name if component.kind == "object" else component.object
            if own == name:
                yield component


def _of(visit: Visit, index: Index, obj: Object, component: Component) -> Iterator[FormulaPlace]:
    if component.kind == "field":
        known = obj.fields.get(component.own_name)
        if known is None or not visit.unit.access.may_field("read", obj, known):
            return
    for pattern, called in PATTERNS[component.kind]:
        for pointer, path, text, around in _matches(component.body, pattern.split("/"), "", "", ()):
            if any(_hides(visit, obj, element) for element in around):
                continue
            title = _title(visit, obj, component, pointer, around)
            changed = _is_changed(index, component)
            if is_readable(visit, index, obj.name, text):
                yield FormulaPlace(component, pointer, path, called, title, text, component.layer, changed)


def is_readable(visit: Visit, index: Index, object_name: str, text: str) -> bool:
    """Whether the reader may read every field that a formula over records of an object names."""
    try:
        named = references(parse(text))
    except FormulaError:
        return True  # another text, which names nothing
    known = FieldScope(index, object_name)
    readable = ReadableScope(index, object_name, visit.model, visit.unit.access)
    return all(readable.resolve(path) is not None or known.resolve(path) is None for path in named)


def _is_changed(index: Index, component: Component) -> bool:
    written = index.effective.overlays
    return any(each.layer == COMPANY and each.body.get("target") == component.address for each in written)


def _matches(
    value: Any, pattern: list[str], pointer: str, path: str, around: tuple[Any, ...]
) -> Iterator[tuple[str, str, str, tuple[Any, ...]]]:
    """Pointer, place, text and what stands around it of each formula that the pattern leads to."""
    if not pattern:
        if isinstance(value, str):
            yield pointer, path, value, around
        return
    step, rest = pattern[0], pattern[1:]
    if step == "*" and isinstance(value, list):
        for at, element in enumerate(value):
            key = element_key(element)
            if key is not None:
                yield from _matches(element, rest, f"{pointer}/{at}", f"{path}#{key}", (*around, element))
    elif step == "*" and isinstance(value, Mapping):
        for name, element in value.items():
            under = f"{path}/{escape(name)}" if path else escape(name)
            yield from _matches(element, rest, f"{pointer}/{escape(name)}", under, (*around, {"key": name}))
    elif isinstance(value, Mapping) and step in value:
        yield from _matches(value[step], rest, f"{pointer}/{step}", f"{path}/{step}" if path else step, around)


def _hides(visit: Visit, obj: Object, element: Any) -> bool:
    """Whether what stands around a formula is a field that the reader may not see."""
    known = obj.fields.get(element_key(element) or "") if "field" in element else None
    return known is not None and visit.unit.access.seen(obj, known) is None


def _title(visit: Visit, obj: Object, component: Component, pointer: str, around: tuple[Any, ...]) -> str:
    """What the formula is about, in the reader's words."""
    own = label(component.body.get("label"), visit.language) or component.own_name
    parts = [own] if component.kind != "object" else []
    for element in around:
        key = element_key(element) or ""
        field = obj.fields.get(key) if "field" in element else None
        parts.append(label(field.label if field else element.get("label"), visit.language) or key)
    last = steps(pointer)[-1]
    said = visit.say(KEY_NAMES[last]) if last in KEY_NAMES and component.kind == "layout" else ""
    return " › ".join(each for each in (*parts, said) if each)


@dataclass(frozen=True, slots=True)
class Due:
    """What a formula must yield: the type of a field that holds it, or a type of the language; how it is kept."""

    returns: str = ""
    result: str | None = None
    scale: int | None = None
    blanks: str = "blank"


def due(index: Index, found: FormulaPlace) -> Due:
    """What the formula at a place must yield."""
    if found.component.kind != "field" or found.pointer == "/compute/when":
        return Due("boolean")
    body = found.component.body
    scale = body.get("scale") if isinstance(body.get("scale"), int) else None
    if found.pointer == "/formula":
        return Due(str(body.get("returns", "")), None, scale, str(body.get("blanks", "blank")))
    facts = index.fields[found.component.object or ""][found.component.own_name]
    return Due("", yields(index, facts), scale)
