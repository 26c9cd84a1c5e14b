"""Where in a JSON text a value stands: JSON pointer (RFC 6901) to line and column.

The standard library's parser forgets positions, so the text is scanned a second time, and only when there is
a problem to be reported. The text is known to parse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

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


Offsets = dict[str, tuple[int, int]]
"""By JSON pointer, where the member's key begins (of a list's element, the element) and where its value does."""


class _Noting(Offsets):
    """Offsets that remember which pointers came twice."""

    def __init__(self) -> None:
        super().__init__()
        self.repeated: list[tuple[str, int]] = []

    def __setitem__(self, pointer: str, at: tuple[int, int]) -> None:
        if pointer in self:
            self.repeated.append((pointer, at[0]))
        super().__setitem__(pointer, at)


def offsets(text: str) -> Offsets:
    """Where every value of a JSON text stands."""
    return _scanned(text)


def repeated_keys(text: str) -> tuple[tuple[str, int], ...]:
    """The keys of a JSON text that stand in their object a second time: pointer and offset of each."""
    return tuple(_scanned(text).repeated)


def token_offset(text: str, token: str) -> int:
    """Where `token` first stands outside of strings; 0 where it does not."""
    return next((each.start() for each in _TOKEN.finditer(text) if each.group() == token), 0)


def _scanned(text: str) -> _Noting:
    found = _Noting()
    tokens = _TOKEN.finditer(text)
    first = next(tokens, None)
    if first is not None:
        _value(first, tokens, "", found, first.start())
    return found


def inside_text(text: str, start: int, index: int) -> int:
    """The offset, in a JSON text, of character `index` of the string value whose opening quote is at `start`."""
    at = start + 1
    for _ in range(index):
        at += 6 if text.startswith("\\u", at) else 2 if text.startswith("\\", at) else 1
    return at


def _value(token: re.Match[str], tokens: Iterator[re.Match[str]], pointer: str, found: Offsets, start: int) -> None:
    found[pointer] = (start, token.start())
    if token.group() == "{":
        _members(tokens, pointer, found)
    elif token.group() == "[":
        _elements(tokens, pointer, found)


def _members(tokens: Iterator[re.Match[str]], pointer: str, found: Offsets) -> None:
    for token in tokens:
        if token.group() == "}":
            return
        if token.group() == ",":
            continue
        below = f"{pointer}/{escape(json.loads(token.group()))}"
        next(tokens)  # the colon
        _value(next(tokens), tokens, below, found, token.start())


def _elements(tokens: Iterator[re.Match[str]], pointer: str, found: Offsets) -> None:
    at = 0
    for token in tokens:
        if token.group() == "]":
            return
        if token.group() == ",":
            continue
        _value(token, tokens, f"{pointer}/{at}", found, token.start())
        at += 1
