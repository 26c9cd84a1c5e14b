"""The filter language: what it reads, writes and refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.base.errors import BadRequest
from dougong.engine.query import All, Condition, Either, Not, Sort, Written
from dougong.engine.reading.filters import both, conditions, dump, parse, parse_sort

LEAF = {"field": "stage", "op": "is", "value": "won"}

READ = [
    (None, None),
    ({}, None),
    ([], None),
    (LEAF, Condition("stage", "is", "won")),
    ({"field": "stage", "op": "blank"}, Condition("stage", "blank")),
    ([LEAF], All((Condition("stage", "is", "won"),))),
    ({"any": [LEAF, {"not": LEAF}]}, Either((Condition("stage", "is", "won"), Not(Condition("stage", "is", "won"))))),
    ({"not": {"formula": "amount > 1"}}, Not(Written("amount > 1"))),
    ({"field": "amount", "op": "between", "value": [1, 2]}, Condition("amount", "between", (1, 2))),
]


@pytest.mark.parametrize(("document", "expected"), READ)
def test_documents_are_read(document: Any, expected: Any) -> None:
    assert expected == parse(document)


REFUSED = [
    ("nonsense", ["filter-shape"]),
    ({"field": "stage"}, ["filter-shape"]),
    ({"field": 3, "op": "is"}, ["filter-shape"]),
    ({"all": LEAF}, ["filter-shape"]),
    ({"all": [LEAF], "any": [LEAF]}, ["filter-shape"]),
    ({"all": [1, {"any": [2]}]}, ["filter-shape", "filter-shape"]),
    ({"field": "a", "op": "is", "value": 1, "extra": 2}, ["filter-shape"]),
    ([LEAF] * 101, ["filter-too-long"]),
    ({"formula": 1}, ["filter-shape"]),
    ({"formula": "a", "field": "b"}, ["filter-shape"]),
    ([{"formula": "a"}] * 6, ["filter-too-long"]),
]


@pytest.mark.parametrize(("document", "codes"), REFUSED)
def test_every_mistake_is_named_at_once(document: Any, codes: list[str]) -> None:
    with pytest.raises(BadRequest) as raised:
        parse(document)
    assert codes == [problem.code for problem in raised.value.problems]


def test_deep_nesting_is_refused() -> None:
    """A document of many levels cannot exhaust the stack."""
    document: Any = LEAF
    for _ in range(5000):
        document = {"not": document}
    with pytest.raises(BadRequest) as raised:
        parse(document)
    assert raised.value.problems[0].code == "filter-too-deep"


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)
leaves = st.builds(
    lambda name, op, value: Condition(name, op, tuple(value) if isinstance(value, list) else value),
    st.sampled_from(["a", "b.c"]),
    st.sampled_from(["is", "blank"]),
    values,
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: All(tuple(parts)), st.lists(inner, max_size=3)),
        st.builds(lambda parts: Either(tuple(parts)), st.lists(inner, max_size=3)),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)


@given(trees)
def test_what_is_written_is_read_back(tree: Any) -> None:
    try:
        assert tree == parse(dump(tree))
    except BadRequest as error:
        assert error.problems[0].code == "filter-too-deep"


def test_filters_join() -> None:
    """Joined filters flatten, so that a view's filter and a chip read as one list."""
    one, two = Condition("a", "is", 1), Condition("b", "is", 2)
    assert both(None, None) is None
    assert one == both(None, one)
    assert All((one, two)) == both(All((one,)), two)
    assert [one, two] == list(conditions(both(one, two)))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (["name"], (Sort("name"),)),
        (["-amount", "name"], (Sort("amount", True), Sort("name"))),
        ([{"field": "amount", "dir": "desc"}], (Sort("amount", True),)),
        ([], ()),
    ],
)
def test_sort_keys_are_read(document: Any, expected: Any) -> None:
    assert expected == parse_sort(document)


@pytest.mark.parametrize("document", [[3], ["-"], [{"dir": "asc"}]])
def test_bad_sort_keys_are_refused(document: Any) -> None:
    with pytest.raises(BadRequest):
        parse_sort(document)
