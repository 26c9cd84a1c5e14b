"""Upper and lower case, letter by letter, so that databases can do the same from a table of letters.

Unicode's full mappings (ß becomes SS) but one rule less: whether a capital sigma ends a word is told from the
letters right beside it alone.
"""

from __future__ import annotations

import re

_TURKIC = ("tr", "az")
_WORD = re.compile(r"[^\W_]+")


def upper(text: str, locale: str | None = None) -> str:
    """`text` in capitals; İ of i where the locale's language is tr or az."""
    return (text.replace("i", "İ") if _is_turkic(locale) else text).upper()


def lower(text: str, locale: str | None = None) -> str:
    """`text` in small letters; ı of I and i of İ where the locale's language is tr or az."""
    if _is_turkic(locale):
        text = text.replace("İ", "i").replace("I", "ı")
    if "Σ" in text:
        text = re.sub("Σ", _sigma, text)
    return text.lower()


def initial_capitals(text: str) -> str:
    """Each word of letters and digits with a capital first letter and small ones after it."""
    return _WORD.sub(lambda word: upper(word[0][0]) + lower(word[0][1:]), text)


def has_case(sign: str) -> bool:
    """True for a letter that has another case."""
    return sign.lower() != sign.upper()


def _sigma(found: re.Match[str]) -> str:
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return "ς" if has_case(before) and not has_case(after) else "σ"


def _is_turkic(locale: str | None) -> bool:
    return locale is not None and locale.replace("-", "_").split("_")[0].lower() in _TURKIC
