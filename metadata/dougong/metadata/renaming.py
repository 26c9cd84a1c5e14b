"""Renaming a component: its references follow, in keys, paths and formulas, and the old name stays known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dougong.base.errors import MetadataError, NotFound, Problem
from dougong.base.language import msg
from dougong.metadata.component import Component
from dougong.metadata.following import Versions, followed, place_after
from dougong.metadata.index import Index, texts
from dougong.metadata.layers import Effective, effective
from dougong.metadata.positions import steps
from dougong.metadata.references import Reference, references
from dougong.metadata.tree import Tree


def rename(tree: Tree, address: str, new_name: str) -> Tree:
    """The tree with the component at `address` called `new_name` (its own name, without its object).

    What stands below a renamed object moves along. Whoever names the component names it anew, overlays included.

    Raises:
        NotFound: there is no such component.
        MetadataError: the new name is taken.
    """
    component = tree.components.get(address)
    if component is None:
        raise NotFound(
            Problem(code="component-unknown", reason=msg("There is no component {address}.", address=address))
        )
    above, dot, _ = component.name.rpartition(".")
    full = f"{above}{dot}{new_name}"
    if f"{component.kind}:{full}" in tree:
        reason = msg("The name {name} is taken.", name=full)
        raise MetadataError(Problem(code="name-taken", reason=reason, thing=address))
    moves = dict(_moves(tree, component, full))
    found = [_rewritten(each, moves.get(each.address)) for each in _referring(tree, moves)]
    return Tree.of(each if each.address != f"{component.kind}:{full}" else _known(each, component) for each in found)


def _moves(tree: Tree, component: Component, full: str) -> Iterator[tuple[str, str]]:
    """Old address to new name: of the component and of what stands below it."""
    yield component.address, full
    if component.kind == "object":
        for each in tree.components.values():
            if each.name.startswith(f"{component.name}."):
                yield each.address, full + each.name.removeprefix(component.name)


def _known(component: Component, before: Component) -> Component:
    """The renamed component, with the old name among its former ones."""
    former = [each for each in texts(before.body.get("formerly")) if each != component.own_name]
    body = {**component.body, "formerly": list(dict.fromkeys((*former, before.own_name)))}
    return dataclasses.replace(component, body=body)


Edits = dict[str, list[tuple[Reference, str]]]
"""By address, the references in a component that are to name something else, and what."""


def _referring(tree: Tree, moves: Mapping[str, str]) -> Iterator[Component]:
    """Every component of the tree, its references to what moves rewritten."""
    whole = effective(tree)
    written, seen = _edits(whole, moves)
    for address, component in tree.components.items():
        body = _all_edited(component.body, written.get(address, ()))
        targets = [component.body.get("target")] if component.kind == "overlay" else component.body.get("texts", ())
        for target in targets:
            before = whole.components.get(str(target))
            if before is not None and (before.address in seen or before.address in written):
                plain = tree.components.get(before.address, before)
                versions = (
                    (before.body, _all_edited(before.body, seen.get(before.address, ()))),
                    (plain.body, _all_edited(plain.body, written.get(before.address, ()))),
                )
                body = _followed(component, body, before, versions, moves)
        yield dataclasses.replace(component, body=body)


def _edits(whole: Effective, moves: Mapping[str, str]) -> tuple[Edits, Edits]:
    """What is to be edited where it is written, and the same in the effective components."""
    index = Index(whole)
    written: Edits = {}
    seen: Edits = {}
    for each in (*whole.components.values(), *whole.overlays, *whole.translations):
        for reference in references(index, each):
            if reference.target in moves:
                name = moves[reference.target]
                seen.setdefault(each.address, []).append((reference, name))
                source, pointer = whole.source(each, reference.pointer)
                if source.address not in whole.plain:
                    there = dataclasses.replace(reference, pointer=pointer)
                    written.setdefault(source.address, []).append((there, name))
    for each in whole.plain.values():  # as they are without overlays: what an overlay hides is renamed too
        found = [(each, moves[each.target]) for each in references(index, each) if each.target in moves]
        written.setdefault(each.address, []).extend(found)
    return written, seen


def _followed(component: Component, body: Any, before: Component, versions: Versions, moves: Mapping[str, str]) -> Any:
    """The document of an overlay or translation, its places in `before` following."""
    if component.kind == "overlay":
        return followed(body, versions)
    kind = before.kind
    address = f"{kind}:{moves[before.address]}" if before.address in moves else before.address
    texts_ = body["texts"][address]
    moved = {place_after(place, versions): text for place, text in texts_.items()}
    return {**body, "texts": {**body["texts"], address: moved}}


def _all_edited(body: Any, edits: Iterable[tuple[Reference, str]]) -> Any:
    for reference, name in _from_behind(edits):
        body = _edited(body, steps(reference.pointer), reference, name)
    return body


def _from_behind(edits: Iterable[tuple[Reference, str]]) -> list[tuple[Reference, str]]:
    """Edits of one text from its end on, keys of maps after what they hold."""
    return sorted(edits, key=lambda each: (not each[0].in_key, each[0].pointer, each[0].start), reverse=True)


def _edited(value: Any, way: tuple[str, ...], reference: Reference, name: str) -> Any:
    """`value` with the reference at `way` naming `name`; what is not on the way is shared."""
    if not way:
        return _replaced(str(value), reference, name)
    step, rest = way[0], way[1:]
    if isinstance(value, list):
        at = int(step)
        return [*value[:at], _edited(value[at], rest, reference, name), *value[at + 1 :]]
    if reference.in_key and not rest:
        return {_replaced(key, reference, name) if key == step else key: each for key, each in value.items()}
    return {key: _edited(each, rest, reference, name) if key == step else each for key, each in value.items()}


def _replaced(text: str, reference: Reference, name: str) -> str:
    """`text` with the new name where the old one stood: in full where it was written in full."""
    written = text[reference.start : reference.end]
    kind = reference.target.partition(":")[0]
    own = name if "." in written else name.rpartition(".")[2]
    said = f"{kind}:{name}" if written.startswith(f"{kind}:") else own
    return text[: reference.start] + said + text[reference.end :]


def _rewritten(component: Component, name: str | None) -> Component:
    """The component under its new name, where it has one."""
    if name is None:
        return component
    return dataclasses.replace(component, name=name, body={**component.body, "name": name})
