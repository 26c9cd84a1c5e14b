"""Search tokens: character pairs, the same on both databases.

A text is folded (NFKC, case) and cut into runs of letters and digits; a run becomes its overlapping pairs and its
last character alone: ``远澜新`` → 远澜 澜新 新. A query becomes phrases of pairs, so a match is an exact
substring of a run, in any script, with two characters already; one character matches as a prefix of a pair.
Why not trigrams or words: neither finds two-character Chinese names (docs/decisions/0003).
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable

LONGEST = 20_000
"""How many characters of a record are indexed."""


def fold(text: str) -> str:
    """`text` without differences of width and case."""
    return unicodedata.normalize("NFKC", text).casefold()


def runs(text: str) -> list[str]:
    """The stretches of letters and digits in folded `text`."""
    found: list[str] = []
    start = -1
    for at, char in enumerate(text):
        if char.isalnum():
            if start < 0:
                start = at
        elif start >= 0:
            found.append(text[start:at])
            start = -1
    if start >= 0:
        found.append(text[start:])
    return found


def pairs(run: str) -> list[str]:
    """The overlapping pairs of a run, then its last character."""
    return [run[at : at + 2] for at in range(len(run) - 1)] + [run[-1]]


def index_tokens(texts: Iterable[str]) -> list[list[str]]:
    """The tokens of a record: one list a run. Positions between lists must not be adjacent."""
    return [pairs(run) for text in texts for run in runs(fold(text[:LONGEST]))]


def query_phrases(text: str) -> list[list[str]]:
    """The phrases that a query asks for, all of which must match; a one-token phrase of one character is a prefix."""
    return [pairs(run)[:-1] if len(run) > 1 else [run] for run in runs(fold(text))]


@functools.lru_cache(maxsize=1)
def _pinyin():  # type: ignore[no-untyped-def]
    """The pinyin tables (56 MB), loaded when the first Chinese text asks for them."""
    from pypinyin import Style, lazy_pinyin

    return lambda text: lazy_pinyin(text, errors="ignore"), lambda text: lazy_pinyin(
        text, style=Style.FIRST_LETTER, errors="ignore"
    )


SURNAMES = {
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "查": "zha",
    "盖": "ge",
    "区": "ou",
    "朴": "piao",
    "任": "ren",
    "华": "hua",
    "洗": "xian",
    "冼": "xian",
    "覃": "qin",
    "翟": "zhai",
    "尉迟": "yuchi",
    "万俟": "moqi",
    "乐": "yue",
    "缪": "miao",
    "员": "yun",
    "纪": "ji",
    "种": "chong",
    "繁": "po",
    "燕": "yan",
    "召": "shao",
}
"""Surnames whose reading differs from the common one; applied to the head of a text."""


def _is_han(char: str) -> bool:
    return "㐀" <= char <= "鿿" or "\U00020000" <= char <= "\U000323af"


def spellings(text: str) -> tuple[str, str]:
    """The pinyin of the Chinese characters of `text` and its initials; empty where there are none."""
    if not any(map(_is_han, text)):
        return "", ""
    full, _ = _pinyin()
    head = next((name for name in (text[:2], text[:1]) if name in SURNAMES), "")
    syllables = ([SURNAMES[head]] if head else []) + full(text[len(head) :])
    return "".join(syllables), "".join(each[0] for each in syllables if each)


def sort_key(text: str) -> str:
    """How names sort on both databases: folded, Chinese by pinyin syllable, then the text itself."""
    folded = fold(text)
    if not any(map(_is_han, folded)):
        return folded
    full, _ = _pinyin()
    head = next((name for name in (folded[:2], folded[:1]) if name in SURNAMES), "")
    parts = [SURNAMES[head]] if head else []
    for char in folded[len(head) :]:
        parts.append(" ".join(full(char)) if _is_han(char) else char)
        if _is_han(char):
            parts.append(" ")
    return "".join(parts)[:200]
