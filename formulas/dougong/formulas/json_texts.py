"""Values within JSON, as they are written there: nothing is computed with them, so nothing can change."""

from __future__ import annotations

import json
import re
from typing import Any

from dougong.formulas.evaluation import EvaluationError, Failure

_STEP = re.compile(r"\.([^.*\[\]]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[([0-9]{1,9})\]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*")
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)


def _refuse(_: str) -> Any:
    raise ValueError


# Numbers are read as text: nobody needs their value.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse)


def checked(text: str) -> str:
    """`text` without the blanks around it.

    Raises:
        EvaluationError: it is no JSON, or holds NUL or half a character.
    """
    stripped = text.strip(" \t\n\r")
    try:
        _DECODER.decode(stripped)
    except (ValueError, RecursionError):
        raise EvaluationError(Failure.OUT_OF_RANGE) from None
    if "\\u" in stripped and not _escapes_are_characters(stripped):
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return stripped


def _escapes_are_characters(text: str) -> bool:
    high_ends = -1
    for found in _ESCAPE.finditer(text):
        code = int(found[1] or "20", 16)
        follows = found.start() == high_ends
        if code == 0 or (code in _LOW) != follows:
            return False
        high_ends = found.end() if code in _HIGH else -1
        if code in _HIGH and not text.startswith("\\u", high_ends):
            return False
    return True


def steps(path: str) -> list[str | int]:
    """The members and positions of ``$.a['b'][0]``.

    Raises:
        EvaluationError: `path` has another form.
    """
    found: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if not step:
            break
        name, single, double, position = step.groups()
        found.append(int(position) if position is not None else name or single or double or "")
        at = step.end()
    if not path.startswith("$") or at < len(path):
        raise EvaluationError(Failure.OUT_OF_RANGE)
    return found


def member(text: str | None, step: str | int) -> str | None:
    """What stands under a name, the last one of that name, or at a position; None where nothing does."""
    if text is None or text[0] != ("{" if isinstance(step, str) else "["):
        return None
    found, at, position = None, _skip(text, 1), 0
    while text[at] not in "}]":
        key: str | int = position
        if isinstance(step, str):
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        if key == step:
            found = text[at:end]
        at = _skip(text, end)
        at, position = _skip(text, at + 1) if text[at] == "," else at, position + 1
    return found


def shown(text: str | None) -> str | None:
    """A value as text: a string without its quotes, anything else as it is written, null as a blank."""
    if text is None or text == "null":
        return None
    return str(json.loads(text)) if text.startswith('"') else text


def _skip(text: str, at: int) -> int:
    blank = _SPACE.match(text, at)
    return blank.end() if blank else at
