"""Three-way merge of trees: what ours and theirs did to a common base, together.

Maps merge per key, lists with keys per element, lists of scalars as sets; texts, numbers and formulas are atoms. A
component that kept its id under another name is the same component. It is a conflict when both sides changed one
atom differently, when one deleted what the other changed, when both moved elements of one list, when both gave one
name to different things. Until somebody decides, a conflict stands as ours has it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from dougong.metadata.component import Component, same
from dougong.metadata.difference import slots
from dougong.metadata.keyed import keyed_elements
from dougong.metadata.positions import escape
from dougong.metadata.tree import Tree

ABSENT: Any = None
"""What stands for a missing value; JSON null occurs in no document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeConflict:
    """Two changes that cannot both stand. `place` is as in `Change`; a value that a side lacks is None."""

    address: str
    place: str
    why: Literal["changed", "deleted", "moved", "named"]
    base: Any
    ours: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged tree, conflicts standing as in ours, and the conflicts."""

    tree: Tree
    conflicts: tuple[MergeConflict, ...]


def merge(base: Tree, ours: Tree, theirs: Tree) -> Merged:
    """What both sides did to `base`, in one tree."""
    merging = _Merging()
    first, second, third = (slots(each, base) for each in (base, ours, theirs))
    found: dict[str, Component] = {}
    for slot in dict.fromkeys((*first, *second, *third)):
        merged = merging.component(slot, first.get(slot), second.get(slot), third.get(slot))
        if merged is None:
            continue
        taken = found.get(merged.address)
        if taken is not None:
            merging.note(merged.address, "", "named", None, taken.body, merged.body)
        else:
            found[merged.address] = merged
    return Merged(Tree(MappingProxyType(found)), tuple(merging.conflicts))


class _Merging:
    """Collects conflicts while values are merged."""

    def __init__(self) -> None:
        self.conflicts: list[MergeConflict] = []
        self.address = ""

    def note(self, address: str, place: str, why: Any, base: Any, ours: Any, theirs: Any) -> None:
        self.conflicts.append(MergeConflict(address=address, place=place, why=why, base=base, ours=ours, theirs=theirs))

    def component(
        self, slot: str, base: Component | None, ours: Component | None, theirs: Component | None
    ) -> Component | None:
        """The merged component; None where it is gone."""
        if _unchanged(ours, theirs) or _unchanged(theirs, base):
            return ours
        if _unchanged(ours, base):
            return theirs
        self.address = (ours or theirs or base).address  # type: ignore[union-attr]
        if ours is None or theirs is None:
            bodies = [each.body if each else None for each in (base, ours, theirs)]
            self.note(self.address, "", "deleted", *bodies)
            return ours
        layer = self.value("layer", base.layer if base else ABSENT, ours.layer, theirs.layer)
        body = self.value("", base.body if base else ABSENT, ours.body, theirs.body)
        return dataclasses.replace(ours, name=str(body["name"]), body=body, layer=layer)

    def value(self, place: str, base: Any, ours: Any, theirs: Any) -> Any:
        """The merged value at `place`; ABSENT where it is gone."""
        if same(ours, theirs) or same(theirs, base):
            return ours
        if same(ours, base):
            return theirs
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            return self._members(place, base if isinstance(base, Mapping) else {}, ours, theirs, "/")
        if isinstance(ours, list) and isinstance(theirs, list):
            return self._list(place, base if isinstance(base, list) else [], ours, theirs)
        self.note(self.address, place, "deleted" if ABSENT in (ours, theirs) else "changed", base, ours, theirs)
        return ours

    def _members(
        self, place: str, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], mark: str
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in dict.fromkeys((*ours, *theirs)):
            sides = (each.get(key, ABSENT) for each in (base, ours, theirs))
            merged = self.value(f"{place}{mark}{escape(key)}", *sides)
            if merged is not ABSENT:
                found[key] = merged
        return found

    def _list(self, place: str, base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
        elements = keyed_elements(base), keyed_elements(ours), keyed_elements(theirs)
        if all(each is not None for each in elements):
            first, second, third = (each or {} for each in elements)
            merged = self._members(place, first, second, third, "#")
            order = self._order(place, list(first), list(second), list(third), set(merged))
            return [merged[key] for key in order]
        if all(isinstance(each, str) for each in (*base, *ours, *theirs)):
            return _set(base, ours, theirs)
        self.note(self.address, place, "changed", base, ours, theirs)
        return ours

    def _order(self, place: str, base: list[str], ours: list[str], theirs: list[str], alive: set[str]) -> list[str]:
        """The keys that are left, in the order that whoever moved them gave; what came in stands where it came in."""
        in_both = alive & set(ours) & set(theirs)
        first, second = ([key for key in side if key in in_both] for side in (ours, theirs))
        known = [key for key in base if key in in_both]
        if first != second and first != known and second != known:
            self.note(self.address, place, "moved", base, ours, theirs)
        spine = second if first == known else first
        return _woven(spine, [[key for key in side if key in alive] for side in (ours, theirs)])


def _unchanged(first: Component | None, second: Component | None) -> bool:
    if first is None or second is None:
        return first is second
    return first == second and same(first.body, second.body)


def _woven(spine: list[str], sides: list[list[str]]) -> list[str]:
    """`spine` with the keys that one side alone has behind the one that they stand behind there."""
    after: dict[str | None, list[list[str]]] = {}
    for side in sides:
        anchor: str | None = None
        run: dict[str | None, list[str]] = {}
        for key in side:
            if key in spine:
                anchor = key
            else:
                run.setdefault(anchor, []).append(key)
        for behind, keys in run.items():
            after.setdefault(behind, []).append(keys)
    found: list[str] = []
    for anchor in (None, *spine):
        found += [anchor] if anchor is not None else []
        for keys in sorted(after.get(anchor, ())):
            found += keys
    return found


def _set(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    """A list of scalars as a set: what either took out is out, what either added is in."""
    gone = {each for each in base if each not in ours or each not in theirs}
    kept = [each for each in dict.fromkeys((*base, *ours, *theirs)) if each not in gone]
    added = sorted((each for each in kept if each not in base), key=str)
    return [each for each in kept if each in base] + added
