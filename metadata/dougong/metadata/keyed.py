"""Places inside a document, and elements of lists that have keys.

A list of objects is ordered and each element has a key: ``key``, or the natural one, ``field`` or ``value``. So a
place is named without counting: ``tabs#main/sections#deal/items#amount/wide``. Lists of scalars are sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dougong.metadata.positions import escape

KEYS = ("key", "field", "value")


def element_key(element: Any) -> str | None:
    """The key of a list's element; None where it has none."""
    if isinstance(element, Mapping):
        for name in KEYS:
            if isinstance(element.get(name), str):
                return str(element[name])
    return None


def is_keyed(value: Any) -> bool:
    """True for a list of objects of which each has a key of its own."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    keys = [element_key(each) for each in value]
    return bool(keys) and None not in keys and len(set(keys)) == len(keys)


def keyed_pointer(*parts: str) -> str:
    """Steps (``tabs``, ``#main``, ``label``) as one pointer: ``/tabs#main/label``."""
    return "".join(part if part.startswith("#") else f"/{escape(part)}" for part in parts)


def split(path: str) -> tuple[str, ...]:
    """A place as written in overlays to its steps; an element's step begins with ``#``."""
    found: list[str] = []
    for part in path.strip("/").split("/"):
        name, mark, key = part.partition("#")
        found.append(name.replace("~1", "/").replace("~0", "~"))
        if mark:
            found.append(f"#{key}")
    return tuple(found)


def find(value: Any, steps: Sequence[str]) -> Any:
    """What stands at `steps` in `value`.

    Raises:
        LookupError: the first step that leads nowhere.
    """
    for step in steps:
        value = _step(value, step)
    return value


def _step(value: Any, step: str) -> Any:
    if step.startswith("#"):
        for element in value if isinstance(value, list) else ():
            if element_key(element) == step[1:]:
                return element
    elif isinstance(value, Mapping) and step in value:
        return value[step]
    raise LookupError(step)


def places(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every place in `value` with what stands there, the whole first."""
    yield above, value
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from places(below, f"{above}/{escape(key)}")
    elif is_keyed(value):
        for element in value:
            yield from places(element, f"{above}#{element_key(element)}")


def keyed_elements(value: Any) -> Mapping[str, Any] | None:
    """A keyed list as a map by key; None for any other value. An empty list is a keyed one of no elements."""
    if value == [] and isinstance(value, list):
        return {}
    if not isinstance(value, list) or not is_keyed(value):
        return None
    return {str(element_key(each)): each for each in value}
