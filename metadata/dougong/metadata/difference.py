"""What differs between two trees, in the terms of documents: components, keys, elements and their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong.metadata.component import Component, same
from dougong.metadata.keyed import element_key, keyed_elements
from dougong.metadata.positions import escape
from dougong.metadata.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `place` is empty for a whole component, else names elements by key (``/tabs#main/label``).

    "renamed" has the addresses before and after; "moved" the keys of a list in their order before and after.
    """

    address: str
    action: Literal["added", "removed", "renamed", "changed", "moved"]
    place: str = ""
    before: Any = None
    after: Any = None


def diff(before: Tree, after: Tree) -> tuple[Change, ...]:
    """Every change that leads from one tree to the other, by address. Equal trees give none."""
    first, second = slots(before, before), slots(after, before)
    found: list[Change] = []
    for slot in dict.fromkeys((*first, *second)):
        found.extend(_components(first.get(slot), second.get(slot)))
    return tuple(sorted(found, key=lambda each: (each.address, each.place, each.action)))


def slots(tree: Tree, base: Tree) -> Mapping[str, Component]:
    """The components by the address that they have in `base`: one that was renamed keeps its place."""
    known = {(each.kind, each.body["id"]): each.address for each in base.components.values() if "id" in each.body}
    found: dict[str, Component] = {}
    for address, each in tree.components.items():
        identity = each.body.get("id")
        same = base.components.get(address)
        slot = known.get((each.kind, identity), address)
        if slot == address and same is not None and identity and same.body.get("id") not in (None, identity):
            slot = f"{address}#{identity}"  # a freed name, taken by another thing
        found[slot] = each
    return found


def _components(old: Component | None, new: Component | None) -> Iterator[Change]:
    if old is None or new is None:
        if old is not None:
            yield Change(address=old.address, action="removed", before=old.body)
        elif new is not None:
            yield Change(address=new.address, action="added", after=new.body)
        return
    if new.address != old.address:
        yield Change(address=new.address, action="renamed", before=old.address, after=new.address)
    if new.layer != old.layer:
        yield Change(address=new.address, action="changed", place="layer", before=old.layer, after=new.layer)
    yield from _values(new.address, "", old.body, new.body)


def _values(address: str, place: str, before: Any, after: Any) -> Iterator[Change]:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (*before, *(each for each in after if each not in before)):
            yield from _member(address, f"{place}/{escape(key)}", key, before, after)
        return
    old, new = keyed_elements(before), keyed_elements(after)
    if old is None or new is None:
        yield Change(address=address, action="changed", place=place, before=before, after=after)
        return
    for key in (*old, *(each for each in new if each not in old)):
        yield from _member(address, f"{place}#{key}", key, old, new)
    common = [key for key in old if key in new]
    if common != [key for key in new if key in old]:
        keys = [element_key(each) for each in before], [element_key(each) for each in after]
        yield Change(address=address, action="moved", place=place, before=keys[0], after=keys[1])


def _member(
    address: str, place: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    if key not in after:
        yield Change(address=address, action="removed", place=place, before=before[key])
    elif key not in before:
        yield Change(address=address, action="added", place=place, after=after[key])
    else:
        yield from _values(address, place, before[key], after[key])
