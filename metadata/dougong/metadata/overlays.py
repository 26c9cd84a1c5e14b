"""Overlays: one layer's changes to a component of another, by place.

``set`` (place → value), ``add`` (place of a list or map → what comes in; a list's element may say ``after`` or
``before`` which one), ``hide`` (places that are left out). A place that a component does not have is reported, not
made, but for maps on the way to what is set.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from dougong.metadata.component import Component
from dougong.metadata.keyed import element_key, find, keyed_pointer, split
from dougong.metadata.positions import escape

Origins = dict[str, tuple[Component, str]]
"""Place in the changed component → the overlay that it came from, and the pointer of the instruction there."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """An instruction that does not fit: `step` of its place leads nowhere, or is there already (`taken`)."""

    overlay: Component
    pointer: str
    step: str
    taken: bool = False


def apply(overlay: Component, body: dict[str, Any], origins: Origins) -> tuple[Misplaced, ...]:
    """Change `body` as `overlay` says; what came from it is noted in `origins`."""
    misplaced: list[Misplaced] = []
    for place, value in overlay.body.get("set", {}).items():
        _Instruction(overlay, f"/set/{escape(place)}", place, origins, misplaced).set(body, value)
    for place, value in overlay.body.get("add", {}).items():
        _Instruction(overlay, f"/add/{escape(place)}", place, origins, misplaced).add(body, value)
    for at, place in enumerate(overlay.body.get("hide", ())):
        _Instruction(overlay, f"/hide/{at}", place, origins, misplaced).hide(body)
    return tuple(misplaced)


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One line of an overlay: where it stands, and the place that it is about."""

    overlay: Component
    pointer: str
    place: str
    origins: Origins
    misplaced: list[Misplaced]

    def set(self, body: Any, value: Any) -> None:
        *above, last = split(self.place)
        parent = self._find(body, above)
        if isinstance(parent, dict) and not last.startswith("#"):
            parent[last] = copy.deepcopy(value)
            self._note("", *above, last)
        elif parent is not None:
            self._refuse(last)

    def add(self, body: Any, value: Any) -> None:
        *above, last = split(self.place)
        parent = self._find(body, above)
        if parent is None:
            return
        held = parent.setdefault(last, type(value)()) if isinstance(parent, dict) else None
        if isinstance(held, list) and isinstance(value, list):
            for at, element in enumerate(value):
                self._insert(held, copy.deepcopy(element), at, (*above, last))
        elif isinstance(held, dict) and isinstance(value, dict):
            for key, below in value.items():
                if key in held:
                    self._refuse(key, taken=True)
                else:
                    held[key] = copy.deepcopy(below)
                    self._note(f"/{escape(key)}", *above, last, key)
        else:
            self._refuse(last)

    def _insert(self, held: list[Any], element: Any, at: int, steps: tuple[str, ...]) -> None:
        key = element_key(element) or str(element)
        keys = [element_key(each) or str(each) for each in held]
        after, before = (element.pop(each, None) if isinstance(element, dict) else None for each in ("after", "before"))
        if key in keys:
            self._refuse(f"#{key}", taken=True)
        elif (after or before) and (after or before) not in keys:
            self._refuse(f"#{after or before}")
        else:
            held.insert(keys.index(after) + 1 if after else keys.index(before) if before else len(held), element)
            self._note(f"/{at}", *steps, f"#{key}")

    def hide(self, body: Any) -> None:
        *above, last = split(self.place)
        parent = self._find(body, above)
        if parent is None:
            return
        if isinstance(parent, dict) and last in parent:
            del parent[last]
        elif isinstance(parent, list) and f"#{last[1:]}" in [f"#{element_key(each) or each}" for each in parent]:
            parent[:] = [each for each in parent if (element_key(each) or str(each)) != last[1:]]
        else:
            self._refuse(last)
            return
        self._note("", *above, last)

    def _find(self, body: Any, steps: list[str]) -> Any:
        """What stands at `steps`; a missing map on the way is made. None, and a report, where nothing does."""
        for at, step in enumerate(steps):
            try:
                body = find(body, (step,))
            except LookupError:
                leads_into_list = at + 1 < len(steps) and steps[at + 1].startswith("#")
                if step.startswith("#") or leads_into_list or not isinstance(body, dict):
                    self._refuse(step)
                    return None
                body[step] = {}
                body = body[step]
        return body

    def _note(self, below: str, *steps: str) -> None:
        self.origins[keyed_pointer(*steps)] = (self.overlay, self.pointer + below)

    def _refuse(self, step: str, taken: bool = False) -> None:
        self.misplaced.append(Misplaced(self.overlay, self.pointer, step, taken))
