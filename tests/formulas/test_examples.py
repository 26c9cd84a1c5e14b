"""Every example of every function holds."""

from __future__ import annotations

from typing import Any

import pytest

from dougong.formulas import FUNCTIONS, EvaluationError, compile
from dougong.formulas.examples import CONTEXT, SCOPE, VALUES

EXAMPLES = [(text, expected) for each in FUNCTIONS.values() for text, expected in each.examples]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_example(text: str, expected: Any) -> None:
    """The formula yields the value, of the type, or fails as the definition says."""
    try:
        found = compile(text, SCOPE).evaluate(VALUES, CONTEXT)
    except EvaluationError as error:
        found = error.kind
    assert (type(expected), expected) == (type(found), found)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_examples_use_their_function(name: str) -> None:
    """An example that does not call its function would prove nothing."""
    for text, _ in FUNCTIONS[name].examples:
        assert name in compile(text, SCOPE).functions
