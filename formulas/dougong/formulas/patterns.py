"""Regular expressions and LIKE patterns, matched in linear time whatever the pattern."""

from __future__ import annotations

import functools
import re
from typing import Any

import re2  # type: ignore[import-untyped]

from dougong.formulas.evaluation import EvaluationError, Failure

_MEMORY = 8 << 20
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)
_SPECIAL = re.compile(r"([.^$*+?{}\[\]()|\\])")


def matches(text: str, pattern: str) -> bool:
    """True where the whole of `text` matches `pattern`, an RE2 expression (Java's syntax without look-around).

    Raises:
        EvaluationError: the pattern is not valid, or too large.
    """
    return compiled(pattern).fullmatch(text) is not None


def is_like(text: str, pattern: str) -> bool:
    """True where the whole of `text` matches: ``%`` any run, ``_`` one character, a backslash quotes."""
    return compiled(_from_like(pattern)).fullmatch(text) is not None


def in_re2(pattern: str) -> str:
    """`pattern` with Java's ``\\u4E00`` in RE2's spelling."""
    return _ESCAPE.sub(lambda found: f"\\x{{{found[1]}}}" if found[1] else found[0], pattern)


@functools.lru_cache(maxsize=256)
def _from_like(pattern: str) -> str:
    parts, is_escaped = ["(?s)"], False
    for sign in pattern:
        if not is_escaped and sign == "\\":
            is_escaped = True
            continue
        wild = {"%": ".*", "_": "."}.get(sign) if not is_escaped else None
        parts.append(wild or _SPECIAL.sub(r"\\\1", sign))
        is_escaped = False
    return "".join(parts) + ("\\\\" if is_escaped else "")


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
