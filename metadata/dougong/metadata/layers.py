"""Layers: platform, then packages in the order of what they require, then the company, to one effective tree.

A layer adds components of its own and changes another's only by an `overlay` (`dougong.metadata.overlays`).
The effective tree knows for each place which layer it came from.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from dougong.metadata import completeness, territories
from dougong.metadata.component import COMPANY, OF_LAYER, PLATFORM, Component
from dougong.metadata.documents import read_folder
from dougong.metadata.keyed import element_key
from dougong.metadata.overlays import Misplaced, Origins, apply
from dougong.metadata.positions import escape, steps
from dougong.metadata.tree import Tree

_OPTIONAL = {
    "owner": lambda body: body.get("owner", "user") != "none",
    "life_status": lambda body: body.get("lifecycle", {}).get("effective", False),
    "currency": lambda body: body.get("currency", {}).get("mode") == "record",
}
"""System fields that an object has only under a condition on its document."""


def _step(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return value[int(step)] if step.isdecimal() and int(step) < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def _same(held: list[Any], element: Any) -> int:
    """The number in `held` of the element that has the key of `element`, or is it."""
    key = element_key(element) or element
    return next((at for at, each in enumerate(held) if (element_key(each) or each) == key), 0)


ALWAYS = frozenset(
    {"id", "created_at", "created_by", "updated_at", "updated_by", "version", "record_type", "deleted_at"}
)
"""System fields that every object has."""


@dataclass(frozen=True, slots=True)
class Effective:
    """What a company's metadata come to, overlays applied.

    `components` holds every component but overlays, by address. `provenance` says the layer of each place that is
    not of the component's own layer: address → place (``/tabs#main/label``) → layer; "" is the component's own.
    `origins` says the same for reports: address → place → the overlay and the pointer of the instruction in it.
    """

    components: Mapping[str, Component]
    provenance: Mapping[str, Mapping[str, str]]
    misplaced: tuple[Misplaced, ...] = ()
    origins: Mapping[str, Mapping[str, tuple[Component, str]]] = field(default_factory=dict)
    overlays: tuple[Component, ...] = ()
    plain: Mapping[str, Component] = field(default_factory=dict)
    """The components that overlays change, by address, as they are without."""

    translations: tuple[Component, ...] = ()

    def source(self, component: Component, pointer: str) -> tuple[Component, str]:
        """Where `pointer` of an effective component was written: the overlay or the component itself, and there."""
        plain, origins = self.plain.get(component.address), self.origins.get(component.address, {})
        if plain is None:
            return component, pointer
        keyed, written, value, held = "", (plain, ""), component.body, plain.body
        for step in steps(pointer):
            below = _step(value, step)
            keyed += f"#{element_key(below) or below}" if isinstance(value, list) else f"/{escape(step)}"
            if keyed in origins:
                written, held = origins[keyed], below
            else:
                at = _same(held, below) if isinstance(held, list) else step
                written, held = (written[0], f"{written[1]}/{escape(at)}"), _step(held, str(at))
            value = below
        return written


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


LISTED = ("role", "permission_set", "team_role", "territory")
"""Kinds whose components are the values of a picklist of that name: so that records can name them."""


def listed_components(tree: Tree) -> Iterator[Component]:
    """The picklists of what records may name among the metadata, as components of the platform's layer."""
    for kind in LISTED:
        values = [
            {"value": each.name, "label": each.body.get("label") or {"en": each.name}}
            for each in sorted(tree.of_kind(kind), key=lambda each: each.name)
        ]
        body = {"kind": "picklist", "name": kind, "label": {"en": kind}, "values": values}
        yield Component("picklist", kind, body, PLATFORM)


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
    """The tree with the platform's components beside it, every overlay and every translation applied."""
    found = {each.address: each for each in platform_components()}
    found |= {each.address: each for each in listed_components(tree)}
    found |= {each.address: each for each in tree.components.values() if each.kind not in OF_LAYER}
    for obj in tree.of_kind("object"):
        for each in system_components(obj):
            found.setdefault(each.address, each)
    order = {layer: at for at, layer in enumerate(layer_order(tree))}
    overlays = sorted(tree.of_kind("overlay"), key=lambda each: (order.get(each.layer, len(order)), each.name))
    changes = (*overlays, *_translations(tree))
    origins: dict[str, Origins] = {}
    misplaced: list[Misplaced] = []
    bodies: dict[str, dict[str, Any]] = {}
    for change in changes:
        target = str(change.body.get("target"))
        if target not in found:
            misplaced.append(Misplaced(change, "/target", target))
            continue
        body = bodies.setdefault(target, copy.deepcopy(dict(found[target].body)))
        misplaced += apply(change, body, origins.setdefault(target, {}))
    plain = {address: found[address] for address in bodies}
    for address, body in bodies.items():
        found[address] = dataclasses.replace(found[address], body=body)
    for made in (completeness.components, territories.components):
        found |= {each.address: each for each in made(found)}
    layers = {
        address: {"": each.layer, **{place: overlay.layer for place, (overlay, _) in origins.get(address, {}).items()}}
        for address, each in found.items()
    }
    return Effective(
        MappingProxyType(found),
        MappingProxyType(layers),
        tuple(misplaced),
        MappingProxyType(origins),
        tuple(overlays),
        plain,
        tree.of_kind("translation"),
    )


def _translations(tree: Tree) -> Iterator[Component]:
    """Each translated address as an overlay that sets one language's text."""
    for each in tree.of_kind("translation"):
        language = each.body.get("language")
        for address, texts in each.body.get("texts", {}).items():
            body = {"target": address, "set": {f"{place}/{language}": text for place, text in texts.items()}}
            yield dataclasses.replace(each, body=body)
