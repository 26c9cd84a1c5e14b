"""Rules of packages and layers: requirements, namespaces, names, languages, overlays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dougong.base.errors import Problem
from dougong.base.language import LANGUAGES, msg
from dougong.metadata.checking.report import Spot, unknown
from dougong.metadata.component import COMPANY, PLATFORM, Component
from dougong.metadata.index import Index, texts
from dougong.metadata.overlays import Misplaced
from dougong.metadata.positions import escape, steps
from dougong.metadata.tree import Tree
from dougong.metadata.versions import platform_version, version, version_range, within
from dougong.metadata.violations import near

WITHOUT_NAMESPACE = frozenset({"base", "sales-core"})
"""Packages whose names need no namespace: every company has them."""

LONGEST_NAME = 40
LONGEST_WITH_NAMESPACE = 50

LABEL_KEYS = frozenset({"label", "help", "placeholder", "message", "guidance", "description"})
"""Keys that hold a text by language."""

FREE_NAMES = frozenset({"package", "overlay", "translation"})
"""Kinds whose names nobody else refers to."""


def packages(index: Index) -> Iterator[Problem]:
    """Requirements are there, of a version that fits, and not in a circle."""
    known = index.named("package")
    for name, component in known.items():
        spot, body = Spot(index, component), component.body
        oldest = version(str(body.get("min_platform", "0")))
        running = version(platform_version())
        if oldest is not None and running is not None and oldest > running:
            reason = msg("The package needs version {needed}; this is {running}.", needed=oldest, running=running)
            yield (spot / "min_platform").problem("platform-too-old", reason, msg("Install a newer version first."))
        for needed, allowed in body.get("requires", {}).items():
            yield from _requirement(spot / "requires" / needed, needed, allowed, known)
        circle = _circle(name, known)
        if circle and min(circle) == name:
            reason = msg("Packages require each other in a circle: {circle}.", circle=" → ".join((*circle, name)))
            yield (spot / "requires").problem("package-cycle", reason, msg("Take one requirement out."))


def _requirement(spot: Spot, needed: str, allowed: str, known: Mapping[str, Component]) -> Iterator[Problem]:
    if version_range(allowed) is None:
        reason = msg("{range} is no range of versions.", range=allowed)
        yield spot.problem("version-range", reason, msg("Write comparisons that all hold: >=1.4 <2."))
    elif needed not in known:
        reason = msg("The package {name} is missing.", name=needed)
        yield spot.problem("package-missing", reason, near(needed, known) or msg("Install it first."))
    elif not within(str(known[needed].body.get("version")), allowed):
        there = known[needed].body.get("version")
        reason = msg("{name} must be {range}, but is {version}.", name=needed, range=allowed, version=there)
        yield spot.problem("package-version", reason, msg("Install a version that fits."))


def _circle(name: str, known: Mapping[str, Component]) -> tuple[str, ...]:
    """The packages on a way of requirements from `name` back to it; none where there is none."""

    def search(here: str, way: tuple[str, ...]) -> tuple[str, ...]:
        for needed in known[here].body.get("requires", {}) if here in known else ():
            if needed == name:
                return way
            if needed not in way:
                found = search(needed, (*way, needed))
                if found:
                    return found
        return ()

    return search(name, (name,))


def required(index: Index, layer: str) -> frozenset[str]:
    """The layers that a package may refer to: its own, the platform's and those that it requires, in turn."""
    found: set[str] = {layer, PLATFORM}
    waiting = [layer]
    while waiting:
        for needed in index.body("package", waiting.pop()).get("requires", {}):
            if needed not in found:
                found.add(needed)
                waiting.append(needed)
    return frozenset(found)


def names(index: Index, tree: Tree) -> Iterator[Problem]:
    """Names are short enough, carry their package's namespace, and agree with the object that they state."""
    packages_ = index.named("package")
    for component in tree.components.values():
        spot = Spot(index, component)
        own = component.own_name
        longest = LONGEST_WITH_NAMESPACE if "__" in own else LONGEST_NAME
        if component.kind != "package" and len(own) > longest:
            reason = msg("The name {name} is longer than {count} characters.", name=own, count=longest)
            yield (spot / "name").problem("name-too-long", reason)
        stated = component.body.get("object")
        if stated is not None and "." in component.name and component.name.rpartition(".")[0] != stated:
            reason = msg("The name says another object than {object}.", object=stated)
            fix = msg("Name it {name}.", name=f"{stated}.{own}")
            yield (spot / "object").problem("object-differs", reason, fix)
        if component.kind not in FREE_NAMES:
            yield from _namespace(spot, component, packages_, tree)


def _namespace(spot: Spot, component: Component, packages_: Mapping[str, Component], tree: Tree) -> Iterator[Problem]:
    layer, holder = component.layer, component.object
    if layer == PLATFORM:
        return
    namespace = packages_[layer].body.get("namespace") if layer in packages_ else None
    above = tree.components.get(f"object:{holder}") if holder else None
    if above is not None and above.layer == layer:
        return
    first = component.own_name if above is not None else component.name.partition(".")[0]
    if namespace is not None and not first.startswith(f"{namespace}__"):
        reason = msg("Names of the package {package} begin with {prefix}.", package=layer, prefix=f"{namespace}__")
        yield (spot / "name").problem("name-namespace", reason, msg("Name it {name}.", name=f"{namespace}__{first}"))
    if namespace is None and "__" in first:
        reason = msg("Two underscores in a name stand after the namespace of a package.")
        fix = msg("Name it {name}.", name=first.replace("__", "_"))
        yield (spot / "name").problem("name-namespace", reason, fix)


def namespaces(index: Index) -> Iterator[Problem]:
    """Packages but the two that everybody has state a namespace, each its own."""
    seen: dict[str, str] = {}
    for name, component in index.named("package").items():
        spot, namespace = Spot(index, component), component.body.get("namespace")
        if namespace is None and name not in WITHOUT_NAMESPACE:
            reason = msg("The package does not state its namespace.")
            yield spot.problem("namespace-missing", reason, msg("Add the key namespace: a short word of its own."))
        elif namespace in seen:
            reason = msg(
                "The namespace {namespace} is that of {package}.", namespace=namespace, package=seen[namespace]
            )
            yield (spot / "namespace").problem("namespace-taken", reason, msg("Choose another one."))
        elif namespace is not None:
            seen[namespace] = name


def languages(index: Index, tree: Tree) -> Iterator[Problem]:
    """The texts of a package are there in all of its languages."""
    for component in tree.components.values():
        if component.layer in (COMPANY, PLATFORM):
            continue
        wanted = texts(index.body("package", component.layer).get("languages")) or LANGUAGES
        for pointer, labels in _labels(component.body, ""):
            missing = [each for each in wanted if each not in labels]
            if missing:
                reason = msg("The text is missing in {languages}.", languages=", ".join(missing))
                spot = Spot(index, component, pointer)
                yield spot.problem("label-missing", reason, msg("Packages say everything in all of their languages."))


def _labels(value: Any, pointer: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every text by language in a document, with its pointer."""
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from _labels(each, f"{pointer}/{at}")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            below = f"{pointer}/{escape(key)}"
            if key in LABEL_KEYS and isinstance(each, Mapping) and all(isinstance(text, str) for text in each.values()):
                yield below, each
            else:
                yield from _labels(each, below)


def overlays(index: Index) -> Iterator[Problem]:
    """Overlays change what is there, of a layer below their own."""
    for each in index.effective.misplaced:
        spot = Spot(index, each.overlay, _pointer(each))
        if each.pointer == "/target":
            yield unknown(spot, msg("component"), each.step, index.components)
        elif each.taken:
            reason = msg("{place} is there already.", place=each.step.lstrip("#"))
            yield spot.problem("overlay-taken", reason, msg("Change it with set."))
        else:
            reason = msg("The component has no place {place}.", place=each.step)
            yield spot.problem("overlay-place", reason, msg("Places are written like tabs#main/sections#deal/items."))
    for name, component in _overlays(index):
        target = index.components.get(str(component.body.get("target")))
        if target is not None and target.layer == component.layer:
            reason = msg("The component is of the same layer.")
            yield Spot(index, component, "/target").problem(
                "overlay-own", reason, msg("Change {name} itself.", name=name)
            )


def _pointer(misplaced: Misplaced) -> str:
    """Where the instruction stands; a translation was read as an overlay that sets texts by address."""
    if misplaced.overlay.kind != "translation":
        return misplaced.pointer
    address, place = str(misplaced.overlay.body.get("target")), "/".join(steps(misplaced.pointer)[1:])
    above = f"/texts/{escape(address)}"
    return above if misplaced.pointer == "/target" else f"{above}/{escape(place.rpartition('/')[0])}"


def _overlays(index: Index) -> Iterable[tuple[str, Component]]:
    return ((str(each.body.get("target")), each) for each in index.effective.overlays)
