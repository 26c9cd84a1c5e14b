"""Tokens: a query finds exactly the texts that hold it, in Chinese and in Latin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.engine.search.tokens import index_tokens, pairs, query_phrases, runs, sort_key, spellings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("远澜新", ["远澜", "澜新", "新"]),
        ("A", ["a"]),
        ("ＡＢＣ 公司", ["ab", "bc", "c", "公司", "司"]),
        ("GTX-Pro 500", ["gt", "tx", "x", "pr", "ro", "o", "50", "00", "0"]),
        ("…!", []),
    ],
)
def test_texts_become_pairs(text: str, expected: list[str]) -> None:
    assert expected == [token for run in index_tokens([text]) for token in run]


def holds(tokens: list[str], phrase: list[str]) -> bool:
    if len(phrase) == 1 and len(phrase[0]) == 1:
        return any(token.startswith(phrase[0]) for token in tokens)
    return any(tokens[at : at + len(phrase)] == phrase for at in range(len(tokens)))


alphabet = st.text(st.sampled_from("ab王伟远1 -"), max_size=8)


@given(alphabet, alphabet)
def test_a_run_is_found_exactly_where_it_stands(text: str, query: str) -> None:
    """Every phrase matches if and only if each run of the query is part of a run of the text."""
    tokens = [token for run in index_tokens([text]) for token in run]
    expected = all(any(part in run for run in runs(text)) for part in runs(query))
    assert expected == all(holds(tokens, phrase) for phrase in query_phrases(query))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王伟", ("wangwei", "ww")),
        ("单雄信", ("shanxiongxin", "sxx")),
        ("曾国藩", ("zengguofan", "zgf")),
        ("Acme", ("", "")),
    ],
)
def test_names_are_spelt(text: str, expected: tuple[str, str]) -> None:
    assert expected == spellings(text)


def test_names_sort_by_pinyin_among_latin() -> None:
    names = ["王伟", "Zeta", "安然", "acme", "陈思远"]
    assert sorted(names, key=sort_key) == ["acme", "安然", "陈思远", "王伟", "Zeta"]


def test_a_run_of_one_is_its_own_token() -> None:
    assert pairs("王") == ["王"]
