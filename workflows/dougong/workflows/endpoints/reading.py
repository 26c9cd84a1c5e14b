"""What stands at a JSON pointer (RFC 6901) of a document."""

from __future__ import annotations

from typing import Any

MISSING: Any = object()
"""What is found where nothing stands."""


def at(document: Any, pointer: str) -> Any:
    """The value at `pointer`; `MISSING` where there is none."""
    found = document
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and name.isascii() and int(name) < len(found):
            found = found[int(name)]
        else:
            return MISSING
    return found


def text(value: Any) -> str | None:
    """A value as formulas get it; None for nothing, and for lists and objects."""
    if value is MISSING or value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:4000]
