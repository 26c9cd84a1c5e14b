"""Tokens: a query finds exactly the texts that hold it, in Chinese and in Latin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from dougong.engine.expressions import Words
from dougong.engine.search.documents import record_words
from dougong.engine.search.tokens import pairs, query_phrases, run_tokens, runs, sort_key, spellings, text_runs


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
    assert expected == tokens_of(text)


def tokens_of(text: str) -> list[str]:
    return [token for run in text_runs(text) for token in run_tokens(run).split()]


def holds(tokens: list[str], phrase: list[str]) -> bool:
    if len(phrase) == 1 and len(phrase[0]) == 1:
        return any(token.startswith(phrase[0]) for token in tokens)
    return any(tokens[at : at + len(phrase)] == phrase for at in range(len(tokens)))


alphabet = st.text(st.sampled_from("ab王伟远1 -"), max_size=8)


@given(alphabet, alphabet)
def test_a_run_is_found_exactly_where_it_stands(text: str, query: str) -> None:
    """Every phrase matches if and only if each run of the query is part of a run of the text."""
    tokens = tokens_of(text)
    expected = all(any(part in run for run in runs(text)) for part in runs(query))
    assert expected == all(holds(tokens, phrase) for phrase in query_phrases(query))


@given(st.lists(st.tuples(alphabet, st.booleans()), max_size=4), alphabet)
def test_a_record_is_found_by_what_stands_in_any_of_its_texts(texts: list[tuple[str, bool]], query: str) -> None:
    """Each run of the query in one text or another, or its spelling; what stands in several is kept once."""
    words = record_words(texts).split()
    spelt = [each for text, pinyin in texts for each in (text, *(spellings(text) if pinyin else ()))]
    parts = [run for text in spelt for run in runs(text)]
    expected = all(any(part in run for run in parts) for part in runs(query))
    assert expected == all(holds(words, phrase) for phrase in query_phrases(query))
    assert words == record_words([*texts, *texts]).split()


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


def test_words_have_places_as_far_as_postgresql_counts() -> None:
    """What stands behind the last place stands there too."""
    said = str(Words().process_bind_param(" ".join(["ab", *["bc"] * 16_384]), postgresql.dialect())).split()
    assert (said[:2], said[-3:]) == (["ab:1", "bc:2"], ["bc:16383"] * 3)
