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
_JAVA = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\u(?P<code>[0-9A-Fa-f]{4})"
    r"|\\(?P<p>[pP])\{(?P<posix>ASCII|Al(?:num|pha)|Blank|Cntrl|X?Digit|Graph|Lower|Print|Punct|Space|Upper)\}"
    r"|\\(?P<space>[sS])|\\.|\[:\^?[a-z]+:\]|(?P<open>\[\^?\]?)|(?P<close>\])|(?P<both>&&)",
    re.DOTALL,
)
"""The signs of a pattern whose meaning depends on whether they stand in brackets, or that RE2 spells otherwise."""
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
    """`pattern` with Java's ``\\u4E00``, ``\\p{Alpha}`` and ``\\s`` in RE2's spelling.

    Raises:
        EvaluationError: a class within a class (``[a-z&&[^b]]``, ``[a-d[m-p]]``), which RE2 would take for
            something else.
    """
    in_brackets = False

    def spelt(found: re.Match[str]) -> str:
        nonlocal in_brackets
        if in_brackets and (found["both"] or found["open"]):
            raise EvaluationError(Failure.REGEX)
        if found["open"] or found["close"]:
            in_brackets = not found["close"]
        if found["code"]:
            return f"\\x{{{found['code']}}}"
        name = found["posix"] or (found["space"] and "space")
        if name:
            named = f"[:{'^' * ((found['p'] or found['space']).isupper())}{name.lower()}:]"
            return named if in_brackets else f"[{named}]"
        return found[0]

    return _JAVA.sub(spelt, pattern)


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
