"""Places that follow a rename: an overlay names elements by keys that may themselves be names of fields.

A document before a rename and after it have the same shape: element by element, key by key. So a place is followed by
walking both side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong.metadata.keyed import element_key, split

Versions = Sequence[tuple[Any, Any]]
"""A document before and after, as it is with overlays and as it is without: one hides what the other shows."""


def followed(body: Mapping[str, Any], versions: Versions) -> dict[str, Any]:
    """An overlay's document with its places as they are called once its target has changed."""
    found = dict(body)
    for verb in ("set", "add"):
        if isinstance(found.get(verb), Mapping):
            found[verb] = {
                place_after(place, versions): _anchored(value, place, versions) for place, value in found[verb].items()
            }
    if isinstance(found.get("hide"), list):
        found["hide"] = [place_after(place, versions) for place in found["hide"]]
    return found


def place_after(place: str, versions: Versions) -> str:
    """What `place` is called afterwards; as it is from where it leads nowhere."""
    called = [_walked(place, before, after) for before, after in versions]
    return next((name for name, found, _ in called if found is not None), place)


def _walked(place: str, before: Any, after: Any) -> tuple[str, Any, Any]:
    """The place in its new name, and what stands there in both documents; None where nothing does."""
    text = ""
    for step in split(place):
        step, before, after = _stepped(step, before, after)
        text += step if step.startswith("#") or not text else f"/{step}"
    return text, before, after


def _stepped(step: str, before: Any, after: Any) -> tuple[str, Any, Any]:
    if step.startswith("#") and isinstance(before, list):
        for old, new in zip(before, after, strict=True):
            if (element_key(old) or str(old)) == step[1:]:
                return f"#{element_key(new) or new}", old, new
    elif isinstance(before, Mapping) and step in before:
        at = list(before).index(step)
        return list(after)[at], before[step], list(after.values())[at]
    return step, None, None


def _anchored(value: Any, place: str, versions: Versions) -> Any:
    """Elements that come into a list, what they stand after or before in its new name."""
    if not isinstance(value, list):
        return value
    lists = [(old, new) for _, old, new in (_walked(place, *each) for each in versions) if isinstance(old, list)]

    def renamed(name: str) -> str:
        called = (_stepped(f"#{name}", old, new) for old, new in lists)
        return next((step[1:] for step, found, _ in called if found is not None), name)

    return [
        {key: renamed(each) if key in ("after", "before") else each for key, each in one.items()}
        if isinstance(one, Mapping)
        else one
        for one in value
    ]
