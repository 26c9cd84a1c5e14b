"""Layers: platform, then packages in the order of what they require, then the company, to one effective tree.

A layer adds components of its own. It changes another's only by an `overlay`: ``set`` (place → value), ``add``
(place of a list or map → what comes in, a list's elements with ``after`` or ``before``), ``hide`` (places that are
left out). The effective tree knows for each place which layer it came from.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from dougong.metadata.component import COMPANY, PLATFORM, Component
from dougong.metadata.documents import read_folder
from dougong.metadata.keyed import element_key, find, keyed_pointer, split
from dougong.metadata.trees import Tree

_OPTIONAL = {
    "owner": lambda body: body.get("owner", "user") != "none",
    "life_status": lambda body: body.get("lifecycle", {}).get("effective", False),
    "currency": lambda body: body.get("currency", {}).get("mode") == "record",
}
"""System fields that an object has only under a condition on its document."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """An overlay's instruction that does not fit its target: `step` leads nowhere or `why` says more."""

    overlay: Component
    pointer: str
    place: str
    step: str


@dataclass(frozen=True, slots=True)
class Effective:
    """What a company's metadata come to, overlays applied.

    `components` holds every component but overlays, by address. `provenance` says the layer of each place that is
    not of the component's own layer: address → place (``/tabs#main/label``) → layer; "" is the component's own.
    """

    components: Mapping[str, Component]
    provenance: Mapping[str, Mapping[str, str]]
    misplaced: tuple[Misplaced, ...] = field(default=())


@functools.cache
def platform_components() -> tuple[Component, ...]:
    """The components that every company has: the picklists of system fields."""
    return read_folder(files("dougong.metadata") / "platform", PLATFORM).components


@functools.cache
def system_fields() -> Mapping[str, Mapping[str, Any]]:
    """The fields that records have by themselves, by name, as field documents."""
    text = (files("dougong.metadata") / "system_fields.json").read_text("utf-8")
    found: dict[str, Mapping[str, Any]] = json.loads(text)
    return MappingProxyType(found)


def system_components(obj: Component) -> Iterator[Component]:
    """The system fields of an object, as components of the platform's layer."""
    for name, body in system_fields().items():
        applies = _OPTIONAL.get(name)
        if applies is None or applies(obj.body):
            full = f"{obj.name}.{name}"
            yield Component("field", full, {"kind": "field", "name": full, **body}, PLATFORM)


def package_order(packages: Iterable[Component]) -> tuple[str, ...]:
    """The names of `packages`, each after what it requires; a cycle is cut where it closes."""
    requires = {each.name: tuple(each.body.get("requires", ())) for each in packages}
    found: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in requires and name not in found and name not in above:
            for needed in sorted(requires[name]):
                visit(needed, (*above, name))
            found[name] = None

    for name in sorted(requires):
        visit(name, ())
    return tuple(found)


def layer_order(tree: Tree) -> tuple[str, ...]:
    """Every layer, the lowest first."""
    packages = (name for name in package_order(tree.of_kind("package")) if name not in (PLATFORM, COMPANY))
    return (PLATFORM, *packages, COMPANY)


def effective(tree: Tree) -> Effective:
    """The tree with the platform's components beside it and every overlay applied."""
    found = {each.address: each for each in platform_components()}
    found |= {each.address: each for each in tree.components.values() if each.kind != "overlay"}
    for obj in tree.of_kind("object"):
        for each in system_components(obj):
            found.setdefault(each.address, each)
    order = {layer: at for at, layer in enumerate(layer_order(tree))}
    overlays = sorted(tree.of_kind("overlay"), key=lambda each: (order.get(each.layer, len(order)), each.name))
    provenance = {address: {"": each.layer} for address, each in found.items()}
    misplaced: list[Misplaced] = []
    bodies: dict[str, Any] = {}
    for overlay in overlays:
        target = overlay.body.get("target")
        if target not in found:
            misplaced.append(Misplaced(overlay, "/target", str(target), ""))
            continue
        body = bodies.setdefault(target, copy.deepcopy(dict(found[target].body)))
        _apply(overlay, body, provenance[target], misplaced)
    for address, body in bodies.items():
        known = found[address]
        found[address] = Component(known.kind, known.name, body, known.layer, known.source)
    return Effective(MappingProxyType(found), MappingProxyType(provenance), tuple(misplaced))


def _apply(overlay: Component, body: Any, provenance: dict[str, str], misplaced: list[Misplaced]) -> None:
    for place, value in overlay.body.get("set", {}).items():
        _Instruction(overlay, "set", place, provenance, misplaced).set(body, value)
    for place, value in overlay.body.get("add", {}).items():
        _Instruction(overlay, "add", place, provenance, misplaced).add(body, value)
    for place in overlay.body.get("hide", ()):
        _Instruction(overlay, "hide", place, provenance, misplaced).hide(body)


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One line of an overlay."""

    overlay: Component
    verb: str
    path: str
    provenance: dict[str, str]
    misplaced: list[Misplaced]

    def set(self, body: Any, value: Any) -> None:
        steps = split(self.path)
        parent = self._find(body, steps[:-1], create=True)
        if parent is None:
            return
        if isinstance(parent, dict) and not steps[-1].startswith("#"):
            parent[steps[-1]] = copy.deepcopy(value)
            self.provenance[keyed_pointer(*steps)] = self.overlay.layer
        else:
            self._refuse(steps[-1])

    def add(self, body: Any, value: Any) -> None:
        steps = split(self.path)
        parent = self._find(body, steps[:-1], create=True)
        if not isinstance(parent, dict):
            if parent is not None:
                self._refuse(steps[-1])
            return
        container = parent.setdefault(steps[-1], type(value)())
        if isinstance(container, list) and isinstance(value, list):
            for element in value:
                self._insert(container, copy.deepcopy(element), steps)
        elif isinstance(container, dict) and isinstance(value, dict):
            for key, below in value.items():
                container[key] = copy.deepcopy(below)
                self.provenance[keyed_pointer(*steps, key)] = self.overlay.layer
        else:
            self._refuse(steps[-1])

    def _insert(self, container: list[Any], element: Any, steps: tuple[str, ...]) -> None:
        key = element_key(element)
        if key is None:
            if element not in container:
                container.append(element)
                self.provenance[keyed_pointer(*steps, f"#{element}")] = self.overlay.layer
            return
        after, before = element.pop("after", None), element.pop("before", None)
        keys = [element_key(each) for each in container]
        if key in keys:
            self._refuse(f"#{key}")
            return
        if (after or before) and (after or before) not in keys:
            self._refuse(f"#{after or before}")
            return
        at = keys.index(after) + 1 if after else keys.index(before) if before else len(container)
        container.insert(at, element)
        self.provenance[keyed_pointer(*steps, f"#{key}")] = self.overlay.layer

    def hide(self, body: Any) -> None:
        steps = split(self.path)
        parent = self._find(body, steps[:-1])
        if parent is None:
            return
        last = steps[-1]
        if isinstance(parent, dict) and last in parent:
            del parent[last]
        elif isinstance(parent, list) and last.startswith("#"):
            left = [each for each in parent if (element_key(each) or str(each)) != last[1:]]
            if len(left) == len(parent):
                self._refuse(last)
                return
            parent[:] = left
        else:
            self._refuse(last)
            return
        self.provenance[keyed_pointer(*steps)] = self.overlay.layer

    def _find(self, body: Any, steps: tuple[str, ...], create: bool = False) -> Any:
        """What stands at `steps`; a missing map is made where `create`. None, and a report, where nothing does."""
        for at, step in enumerate(steps):
            try:
                body = find(body, (step,))
            except LookupError:
                if not (create and isinstance(body, dict) and not step.startswith("#")):
                    self._refuse(step)
                    return None
                if at + 1 < len(steps) and steps[at + 1].startswith("#"):
                    self._refuse(steps[at + 1])
                    return None
                body[step] = {}
                body = body[step]
        return body

    def _refuse(self, step: str) -> None:
        self.misplaced.append(Misplaced(self.overlay, f"/{self.verb}", self.path, step))
