"""Regular expressions and LIKE patterns, matched in linear time whatever the pattern."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import re2  # type: ignore[import-untyped]

from dougong.formulas.evaluation import EvaluationError, Failure

_MEMORY = 8 << 20
LONGEST_LIKE = 1_000
"""Characters of a pattern of LIKE; SQLite itself refuses very long ones."""
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)
_SPECIAL = re.compile(r"([.^$*+?{}\[\]()|\\])")


def matches(text: str, pattern: str) -> bool:
    """True where the whole of `text` matches `pattern`, an RE2 expression (Java's syntax without look-around).

    Raises:
        EvaluationError: the pattern is not valid, or too large.
    """
    return compiled(pattern).fullmatch(text) is not None


def is_like(text: str, pattern: str) -> bool:
    """True where the whole of `text` matches: ``%`` any run, ``_`` one character, a backslash quotes.

    Raises:
        EvaluationError: the pattern is too long.
    """
    if len(pattern) > LONGEST_LIKE:
        raise EvaluationError(Failure.REGEX_TOO_COMPLEX)
    return compiled(_from_like(pattern)).fullmatch(text) is not None


def in_re2(pattern: str) -> str:
    """`pattern` with Java's ``\\u4E00`` in RE2's spelling."""
    return _ESCAPE.sub(lambda found: f"\\x{{{found[1]}}}" if found[1] else found[0], pattern)


def signs_of_like(pattern: str) -> Iterator[tuple[str, bool]]:
    """Each sign of a LIKE pattern, and whether it is wild; backslashes that quote are left out."""
    is_quoted = False
    for sign in pattern:
        if not is_quoted and sign == "\\":
            is_quoted = True
            continue
        yield sign, not is_quoted and sign in "%_"
        is_quoted = False
    if is_quoted:
        yield "\\", False


@functools.lru_cache(maxsize=256)
def _from_like(pattern: str) -> str:
    wild = {"%": ".*", "_": "."}
    signs = signs_of_like(pattern)
    return "(?s)" + "".join(wild[sign] if is_wild else _SPECIAL.sub(r"\\\1", sign) for sign, is_wild in signs)


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The program that matches `pattern`.

    Raises:
        EvaluationError: the pattern is not valid, or too large.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(in_re2(pattern), options)
    except re2.error as error:
        is_large = "too large" in str(error)
        raise EvaluationError(Failure.REGEX_TOO_COMPLEX if is_large else Failure.REGEX) from None
