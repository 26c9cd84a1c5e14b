"""The public conformance cases hold in Python; those that the SQL translation takes hold in SQL."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dougong.formulas.conformance import Result, run

CASES = Path(__file__).parents[3] / "shared" / "formula_conformance" / "cases.jsonl"

KNOWN_GAPS = {
    (
        "unit/TemplateFunctionsTest.testBoundedRegex/002"
    ): "regular expressions are matched in linear time here, so none is stopped; the case before it, with the same "
    "formula, expects the value that is found",
}
"""Rows that do not hold, with the reason; an entry that starts to hold must be removed."""


@pytest.fixture(scope="module")
def results() -> list[Result]:
    if not CASES.exists():
        pytest.skip(f"the conformance cases are not at {CASES}")
    with CASES.open(encoding="utf-8") as lines:
        return list(run(lines))


def test_every_row_holds_but_the_known_gaps(results: list[Result]) -> None:
    failed = {each.case: each for each in results if each.outcome == "failed"}
    assert failed.keys() == KNOWN_GAPS.keys(), "\n".join(
        f"{each.case}: {each.formula} {dict(each.inputs)}: expected {each.expected}, got {each.found}"
        for each in failed.values()
        if each.case not in KNOWN_GAPS
    )


def test_nothing_is_skipped(results: list[Result]) -> None:
    """Rows count only once they were evaluated."""
    counts = Counter(each.outcome for each in results)
    assert counts["skipped"] == 0
    assert counts["passed"] > 250 * counts["contested"]


def test_a_wrong_back_end_fails() -> None:
    """The runner can tell right from wrong."""
    case = (
        '{"id": "x", "kind": "evaluate", "formula": "1 + 1", "result_type": "number", "compare": "number",'
        ' "fields": [], "rows": [{"inputs": {}, "expected": "2"}]}'
    )
    assert [each.outcome for each in run([case])] == ["passed"]
    assert [each.outcome for each in run([case], lambda formula, values, context: 3)] == ["failed"]
