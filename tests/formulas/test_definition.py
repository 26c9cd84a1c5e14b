"""Every definition is whole; and the list of functions is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dougong.formulas import FUNCTIONS
from dougong.formulas.annotations import Number, Text
from dougong.formulas.definition import function
from dougong.formulas.elsewhere import NOT_SUPPORTED

LIST = Path(__file__).parents[3] / "shared" / "formula_conformance" / "functions.md"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_is_in_both_languages(name: str) -> None:
    text = FUNCTIONS[name].help
    assert text.to("en").endswith(".")
    assert text.to("zh-CN").endswith(("。", "）。"))


def test_every_known_function_is_defined_or_refused_by_name() -> None:
    if not LIST.exists():
        pytest.skip(f"the list of functions is not at {LIST}")
    rows = [line.split("|")[1] for line in LIST.read_text("utf-8").splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9]+)\b", row)}
    assert len(named) > 90
    trigonometry = {"SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN"}
    assert trigonometry | {"LABEL"} <= FUNCTIONS.keys() | NOT_SUPPORTED.keys()
    assert named - FUNCTIONS.keys() - NOT_SUPPORTED.keys() == set()


def test_nothing_is_both_defined_and_refused() -> None:
    assert not FUNCTIONS.keys() & NOT_SUPPORTED.keys()


def test_a_definition_without_example_is_refused() -> None:
    def shout(text: Text) -> Text:
        """The text, louder."""
        return text + "!"

    with pytest.raises(TypeError, match="SHOUT needs a docstring and an example"):
        function("SHOUT", examples=())(shout)
    assert "SHOUT" not in FUNCTIONS


def test_an_annotation_must_name_a_type() -> None:
    def count(text: str) -> Number:
        """Nothing."""
        raise AssertionError

    with pytest.raises(TypeError, match="names no type"):
        function("COUNT", examples=(("COUNT('a')", 1),))(count)


def test_there_are_functions_enough() -> None:
    """Operators that are signs are not counted, and each function has its examples (see test_examples)."""
    assert sum(each[0].isalpha() for each in FUNCTIONS) >= 120
