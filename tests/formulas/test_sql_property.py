"""Random typed formulas over awkward rows: Python, SQLite and PostgreSQL agree on value, blank and error."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dougong.base.errors import FormulaError
from dougong.formulas import compile
from tests.formulas.sql_rows import SCOPE, Database, filled


@pytest.fixture(scope="module")
def databases(fresh_database_url: Callable[[str], str]) -> Iterator[list[Database]]:
    # Both compute with 18 digits, so that both translate the same formulas.
    made = [filled(fresh_database_url(kind), 18) for kind in ("sqlite", "postgresql")]
    yield made
    for each in made:
        each.engine.dispose()


def calls(pattern: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The pattern with its places filled."""
    return st.tuples(*arguments).map(lambda given: pattern.format(*given))


def layers(depth: int) -> dict[str, st.SearchStrategy[str]]:
    """Formulas by type, at most `depth` levels over fields and literals."""
    numbers = st.sampled_from(["amount", "discount", "count", "0", "1", "2.5", "-0.001", "12.50", "NULL"])
    texts = st.sampled_from(["name", "city", "TEXT(stage)", "$User.name", '"Ada"', '"a"', '" "', '""', '"客"', '"😀"'])
    truths = st.sampled_from(["active", "TRUE", "FALSE", "INCLUDES(colours, 'red')", "ISPICKVAL(stage, 'won')"])
    days = st.sampled_from(["start", "end", "TODAY()", "DATE(2024, 2, 29)"])
    made = {"number": numbers, "text": texts, "boolean": truths, "date": days}
    for _ in range(depth):
        made = {name: found | deeper(name, made) for name, found in made.items()}
    return made


def deeper(name: str, below: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    """One more level over formulas of the types `below`."""
    n, t, b, d = below["number"], below["text"], below["boolean"], below["date"]
    own = below[name]
    small = st.sampled_from(["0", "1", "3"])
    compare = st.sampled_from(["=", "<>", "<", ">", "<=", ">="])
    choices = [
        calls("IF({}, {}, {})", b, own, own),
        calls("IFS({}, {}, {}, {}, {})", b, own, b, own, own),
        calls("IFERROR({}, {})", own, own),
    ]
    if name != "boolean":
        choices += [calls("BLANKVALUE({}, {})", own, own), calls("NULLVALUE({}, {})", own, own)]
        choices += [
            calls("CASE({}, {}, {}, {}, {}, {})", n, n, own, n, own, own),
            calls("CASE({}, {}, {}, {})", t, t, own, own),
            calls("CASE(stage, 'won', {}, 'open', {}, {})", own, own, own),
        ]
    special = {
        "number": [
            calls("({} + {})", n, n),
            calls("({} - {})", n, n),
            calls("({} * {})", n, n),
            calls("MOD({}, {})", n, n),
            calls("(-{})", n),
            calls("ABS({})", n),
            calls("ROUND({}, {})", n, small),
            calls("TRUNC({}, {})", n, small),
            calls("CEILING({})", n),
            calls("FLOOR({})", n),
            calls("MCEILING({})", n),
            calls("MFLOOR({})", n),
            calls("MAX({}, {})", n, n),
            calls("MIN({}, {}, {})", n, n, n),
            calls("({} - {})", d, d),
            calls("YEAR({})", d),
            calls("WEEKDAY({})", d),
            calls("DAYOFYEAR({})", d),
        ],
        "text": [
            calls("({} & {})", t, t),
            calls("SUBSTITUTE({}, {}, {})", t, t, t),
            calls("TRIM({})", t),
        ],
        "boolean": [
            calls("({} {} {})", n, compare, n),
            calls("({} {} {})", t, compare, t),
            calls("({} {} {})", d, compare, d),
            calls("({} = {})", b, b),
            calls("AND({}, {})", b, b),
            calls("OR({}, {})", b, b),
            calls("({} && {} || {})", b, b, b),
            calls("NOT({})", b),
            calls("ISBLANK({})", n),
            calls("ISBLANK({})", t),
            calls("ISNULL({})", d),
            calls("IN({}, {}, {})", n, n, n),
            calls("IN({}, {}, {})", t, t, t),
            calls("CONTAINS({}, {})", t, t),
            calls("BEGINS({}, {})", t, t),
        ],
        "date": [calls("({} + {})", d, n), calls("({} - {})", d, n)],
    }
    return st.one_of(*choices, *special[name])


FORMULAS = st.one_of(*layers(2).values())


@settings(
    max_examples=300,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(FORMULAS, st.sampled_from(["blank", "zero"]))
def test_three_evaluations_agree(databases: list[Database], text: str, blanks: str) -> None:
    formula = compile(text, SCOPE, None, blanks)  # type: ignore[arg-type]
    for database in databases:
        try:
            for row, expected, found in database.compare(formula):
                assert expected == found, (database.engine.dialect.name, text, row)
        except FormulaError as error:
            assert {each.code for each in error.problems} == {"formula-no-sql"}
            assume(False)
