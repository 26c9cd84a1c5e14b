"""Positions in text as the language counts them: in UTF-16 code units, so that 😀 counts two."""

from __future__ import annotations

from dougong.formulas.evaluation import EvaluationError, Failure


def is_plain(text: str) -> bool:
    """True where characters and code units are the same thing."""
    return text.isascii() or max(text) <= "\uffff"


def length(text: str) -> int:
    """Code units in `text`."""
    return len(text) if not text or is_plain(text) else len(text.encode("utf-16-le")) // 2


def cut(text: str, start: int, end: int) -> str:
    """The code units from `start` to `end`, counted from 0.

    Raises:
        EvaluationError: a cut would split a character in two.
    """
    if not text or is_plain(text):
        return text[start:end]
    try:
        return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")
    except UnicodeDecodeError:
        raise EvaluationError(Failure.OUT_OF_RANGE) from None


def find(text: str, sought: str, start: int) -> int:
    """Where `sought` begins in `text` at or after code unit `start`; -1 where it does not."""
    if not text or is_plain(text):
        return text.find(sought, start)
    encoded = text.encode("utf-16-le")
    rest = encoded[2 * start :].decode(
        "utf-16-le", "ignore"
    )  # where a character is begun with its second half: without
    at = rest.find(sought)
    return len(encoded) // 2 - length(rest[at:]) if at >= 0 else -1
