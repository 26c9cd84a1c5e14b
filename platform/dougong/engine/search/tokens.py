"""Search tokens: character pairs, the same on both databases.

A text is folded (NFKC, case) and cut into runs of letters and digits; a run becomes its overlapping pairs and its
last character alone: ``远澜新`` → 远澜 澜新 新. A query becomes phrases of pairs, so a match is an exact
substring of a run, in any script, with two characters already; one character matches as a prefix of a pair.
Why not trigrams or words: neither finds two-character Chinese names (docs/decisions/0003).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from operator import add

LONGEST = 20_000
"""How many characters of a record are indexed."""


_RUN = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """`text` without differences of width and case."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def runs(text: str) -> list[str]:
    """The stretches of letters and digits in folded `text`."""
    return _RUN.findall(text)


def pairs(run: str) -> list[str]:
    """The overlapping pairs of a run, then its last character."""
    return [*map(add, run, run[1:]), run[-1]]


def text_runs(text: str) -> list[str]:
    """The runs of a text that are indexed."""
    return runs(fold(text[:LONGEST]))


def run_tokens(run: str) -> str:
    """The tokens of a run, separated by blanks. Its last character stands alone behind its pairs, so that no phrase
    is found that begins in one run and ends in the next.
    """
    return _known_tokens(run) if len(run) <= WORD else " ".join(pairs(run))


WORD = 40
"""Characters of the longest run whose tokens are remembered: texts are made of few words."""

_known_tokens = functools.lru_cache(maxsize=32768)(lambda run: " ".join(pairs(run)))


def query_phrases(text: str) -> list[list[str]]:
    """The phrases that a query asks for, all of which must match; a one-token phrase of one character is a prefix."""
    return [pairs(run)[:-1] if len(run) > 1 else [run] for run in runs(fold(text))]


@functools.lru_cache(maxsize=8192)
def syllables(han: str) -> tuple[str, ...]:
    """The pinyin of a stretch of Chinese characters, one syllable each, remembered: names are made of few words.

    The tables (56 MB) are loaded when the first Chinese text asks for them.
    """
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(han, errors="ignore"))


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


_HAN = re.compile("[\u3400-\u9fff\U00020000-\U000323af]+")


def spellings(text: str) -> tuple[str, str]:
    """The pinyin of the Chinese characters of `text` and its initials; empty where there are none."""
    return _spellings(_surname(text), tuple(_HAN.findall(text)))


def spelt_tokens(text: str) -> tuple[str, ...]:
    """The tokens of both spellings of `text`."""
    return _spelt_tokens(_surname(text), tuple(_HAN.findall(text)))


def _surname(text: str) -> str:
    """The surname at the head of `text` that is read unlike its characters elsewhere, where there is one."""
    return next((name for name in (text[:2], text[:1]) if name in SURNAMES), "")


def _spellings(surname: str, stretches: tuple[str, ...]) -> tuple[str, str]:
    """The pinyin and the initials of the Chinese `stretches` of a text, the first of which begins with `surname`."""
    found = [SURNAMES[surname]] if surname else []
    for at, stretch in enumerate(stretches):
        found.extend(syllables(stretch if at else stretch[len(surname) :]))
    return "".join(found), "".join(each[0] for each in found if each)


@functools.lru_cache(maxsize=8192)
def _spelt_tokens(surname: str, stretches: tuple[str, ...]) -> tuple[str, ...]:
    """Remembered: names differ in their numbers more than in their words."""
    return tuple(run_tokens(run) for each in _spellings(surname, stretches) for run in text_runs(each))


def sort_key(text: str) -> str:
    """How names sort on both databases: folded, Chinese by pinyin syllable, then the text itself."""
    folded = fold(text)
    if not _HAN.search(folded):
        return folded
    head = _surname(folded)
    rest = _HAN.sub(_spelt, folded[len(head) :])
    return f"{SURNAMES[head]}{rest}"[:200] if head else rest[:200]


def _spelt(stretch: re.Match[str]) -> str:
    return _syllables_of_each(stretch[0])


@functools.lru_cache(maxsize=8192)
def _syllables_of_each(han: str) -> str:
    """Each character's own reading, a blank behind it."""
    return "".join([f"{' '.join(syllables(char))} " for char in han])
