"""Where in a JSON text a value stands: JSON pointer (RFC 6901) to line and column.

The standard library's parser forgets positions, so the text is scanned a second time, and only when there is
a problem to be reported. The text is known to parse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def escape(key: str | int) -> str:
    """`key` as one step of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def steps(pointer: str) -> tuple[str, ...]:
    """The keys of a JSON pointer, unescaped; none for the whole document."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column, counted from 1, of the character at `offset`."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def offsets(text: str) -> Mapping[str, int]:
    """The offset of every member's key, every list element and of the whole value, by JSON pointer."""
    found: dict[str, int] = {}
    tokens = _TOKEN.finditer(text)
    first = next(tokens, None)
    if first is not None:
        _value(first, tokens, "", found)
        found[""] = first.start()
    return found


def _value(token: re.Match[str], tokens: Iterator[re.Match[str]], pointer: str, found: dict[str, int]) -> None:
    found.setdefault(pointer, token.start())
    if token.group() == "{":
        _members(tokens, pointer, found)
    elif token.group() == "[":
        _elements(tokens, pointer, found)


def _members(tokens: Iterator[re.Match[str]], pointer: str, found: dict[str, int]) -> None:
    for token in tokens:
        if token.group() == "}":
            return
        if token.group() == ",":
            continue
        below = f"{pointer}/{escape(json.loads(token.group()))}"
        found[below] = token.start()
        next(tokens)  # the colon
        _value(next(tokens), tokens, below, found)


def _elements(tokens: Iterator[re.Match[str]], pointer: str, found: dict[str, int]) -> None:
    at = 0
    for token in tokens:
        if token.group() == "]":
            return
        if token.group() == ",":
            continue
        _value(token, tokens, f"{pointer}/{at}", found)
        at += 1
