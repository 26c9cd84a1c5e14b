"""Patterns that consultants write, matched within a time limit: a bad one may not stop the server."""

from __future__ import annotations

import functools

import regex

from dougong.base.field_types import ValueRefused
from dougong.base.language import msg

SECONDS = 0.1
"""How long one match may take."""


@functools.lru_cache(maxsize=1024)
def compiled(pattern: str) -> regex.Pattern[str]:
    """The compiled `pattern`.

    Raises:
        regex.error: it is no regular expression.
    """
    return regex.compile(pattern)


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` describes all of `text`.

    Raises:
        ValueRefused: it takes too long to tell.
    """
    try:
        return compiled(pattern).fullmatch(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise ValueRefused(
            "pattern-too-slow",
            msg("The pattern of this field takes too long on this text."),
            msg("Write a simpler pattern without nested repetition."),
        ) from None
