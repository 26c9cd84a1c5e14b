"""The pages of functions are those that the definitions make."""

from __future__ import annotations

from pathlib import Path

import pytest

from dougong.formulas import FUNCTIONS
from dougong.formulas.reference import page

FOLDER = Path(__file__).parents[2] / "docs/reference"


@pytest.mark.parametrize(("file", "language"), [("functions.md", "en"), ("functions.zh-CN.md", "zh-CN")])
def test_the_reference_is_current(file: str, language: str) -> None:
    """`make reference` writes it anew."""
    assert (FOLDER / file).read_text("utf-8") == page(language)


def test_every_function_is_in_it() -> None:
    found = page("en")
    assert [each.name for each in FUNCTIONS.values() if each.name.replace("|", "&#124;") not in found] == []
