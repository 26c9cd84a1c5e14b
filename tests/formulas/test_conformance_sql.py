"""The public conformance cases hold in SQL on both databases, but for what is refused, which is counted by function."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import pytest

from dougong.base.errors import FormulaError
from dougong.formulas.conformance import Result, run
from dougong.formulas.sql.evaluation import SqlEvaluation
from tests.formulas.sql_rows import taught
from tests.formulas.test_conformance import CASES, KNOWN_GAPS

REFUSED: Mapping[str, int] = {"REGEX": 28}
"""Rows that are refused, by the function named first. May only shrink."""

_REFUSAL = re.compile(r": (\S+) (?:is|of) ")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def results(request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str]) -> Iterator[list[Result]]:
    if not CASES.exists():
        pytest.skip(f"the conformance cases are not at {CASES}")
    engine = taught(fresh_database_url(request.param))
    with engine.connect() as connection, CASES.open(encoding="utf-8") as lines:
        evaluable = (line for line in lines if '"kind": "evaluate"' in line)
        yield list(run(evaluable, SqlEvaluation(connection)))
    engine.dispose()


def test_what_is_translated_holds(results: list[Result]) -> None:
    wrong = [each for each in results if each.outcome == "failed" and each.case not in KNOWN_GAPS]
    assert not wrong, f"{len(wrong)} rows\n" + "\n".join(
        f"{each.case}: {each.formula} {dict(each.inputs)}: expected {each.expected}, got {each.found}" for each in wrong
    )


def test_what_is_refused_is_known(results: list[Result]) -> None:
    """The table may only shrink: a function that is translated leaves it."""
    found = Counter(refused(each) for each in results if each.outcome == "skipped")
    assert found == REFUSED, Counter(each.outcome for each in results)


def refused(result: Result) -> str:
    """The function that a refusal names first."""
    assert isinstance(result.found, FormulaError)
    named = _REFUSAL.search(str(result.found))
    return named[1] if named else str(result.found)
