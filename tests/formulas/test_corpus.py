"""Formulas that people wrote: they parse, and those whose references are known pass the checker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dougong.base.errors import FormulaError
from dougong.formulas import compile
from dougong.formulas.corpus import CorpusScope, measure
from dougong.formulas.formatting import formatted
from dougong.formulas.parser import parse
from dougong.formulas.tree import to_prefix

FILE = Path(__file__).parents[3] / "shared" / "sfdx_sample" / "formulas.jsonl"

NOT_FORMULAS = {"ProgramEngagement__c.CreateServiceDelivery/Contact__c"}
"""Names whose text holds marks of a build tool, to be replaced before it is a formula."""


@pytest.fixture(scope="module")
def corpus() -> list[dict[str, Any]]:
    if not FILE.exists():
        pytest.skip(f"the sample of formulas is not at {FILE}")
    with FILE.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [each for each in found if each["name"] not in NOT_FORMULAS]


def test_all_parse_and_survive_formatting(corpus: list[dict[str, Any]]) -> None:
    """Formatting changes neither meaning nor, done again, itself."""
    for each in corpus:
        tree = parse(each["formula"])
        text = formatted(tree)
        again = parse(text)
        assert formatted(again) == text
        assert to_prefix(again).upper().replace("( ! ", "( NOT ") == _canonical(to_prefix(tree))


def _canonical(shape: str) -> str:
    return shape.upper().replace("( ! ", "( NOT ").replace("( == ", "( = ").replace("( != ", "( <> ")


def test_all_whose_references_are_known_type_check(corpus: list[dict[str, Any]]) -> None:
    failures = []
    checked = 0
    for each in corpus:
        if each["unresolved"]:
            continue
        checked += 1
        try:
            compile(each["formula"], CorpusScope(each["fields"]))
        except FormulaError as error:
            failures.append(f"{each['name']}: {each['formula']}\n{error}")
    assert checked > 500
    assert not failures, "\n".join(failures)


def test_all_that_pass_the_checker_have_sql(corpus: list[dict[str, Any]]) -> None:
    found = measure(map(json.dumps, corpus))
    assert found.tried["sqlite"] > 450
    assert not found.failures
