"""Formulas however long or deep become SQL that both databases take, in steps where nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from sqlalchemy import select

from dougong.base.errors import FormulaError
from dougong.formulas import compile
from dougong.formulas.sql import steps
from tests.formulas.sql_rows import CONTEXT, SCOPE, Database, filled, rows, table

DEPTH = 110


def nested(pattern: str, innermost: str, times: int = DEPTH) -> str:
    """`pattern` around itself."""
    for _ in range(times):
        innermost = pattern.format(innermost)
    return innermost


FORMULAS = {
    "sums": " + ".join(["amount"] * DEPTH),
    "products": " * ".join(["discount"] * DEPTH),
    "joins": " & ".join(["name"] * DEPTH),
    "alternatives": " || ".join(["1 / count > 1"] * 40),
    "conditions": f"AND({', '.join(['1 / count < 1'] * DEPTH)})",
    "choices": "IFS(" + ", ".join(f"count = {each}, 1 / count" for each in range(DEPTH)) + ", 0)",
    "cases": nested("CASE({}, 1, 2, 3, 4, 5)", "count"),
    "conditions of choices": nested("IF({} > 1, 1 / discount, 2)", "amount", DEPTH // 2),
    "branches": nested("IF(active, {}, 1 / discount)", "amount"),
    "substitutes": nested("BLANKVALUE({}, 1 / discount)", "amount"),
    "rescues": nested("IFERROR({} / discount, 1)", "amount", 30),
    "roundings": nested("ROUND({} * discount, 1)", "amount", DEPTH // 2),
    "extremes": nested("MAX({}, discount)", "amount"),
    "remainders": nested("MOD({}, discount)", "amount"),
    "powers": nested("({} ^ 2)", "amount"),
    "comparisons": nested('IF({} = city, "a", name)', "name", DEPTH // 2),
}


@pytest.fixture(scope="module", params=[("sqlite", 18), ("postgresql", 39)], ids=lambda each: str(each[0]))
def database(request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str]) -> Iterator[Database]:
    kind, digits = request.param
    made = filled(fresh_database_url(kind), digits, table(), rows(20))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("name", FORMULAS)
def test_a_long_formula_agrees(database: Database, name: str) -> None:
    formula = compile(FORMULAS[name], SCOPE)
    for row, expected, found in database.compare(formula):
        assert (expected, type(expected)) == (found, type(found)), row


def test_the_sql_grows_as_the_formula_does(database: Database) -> None:
    """Twice the levels make hardly more than twice the SQL."""
    for pattern, innermost in product(("IF({} > 1, 1 / discount, 2)", "BLANKVALUE({}, 1 / count)"), ("amount",)):
        short, long = (len(sql(database, nested(pattern, innermost, times))) for times in (20, 40))
        assert long < 2.5 * short


def sql(database: Database, text: str) -> str:
    formula = compile(text, SCOPE)
    columns = {path: database.table.c[path[0]] for path in formula.references}
    value = formula.sql(columns, CONTEXT, digits=database.digits)
    return str(select(value).compile(dialect=database.engine.dialect))


def test_what_is_too_long_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the database has to say so."""
    monkeypatch.setattr(steps, "MOST_STEPS", 3)
    formula = compile(FORMULAS["alternatives"], SCOPE)
    with pytest.raises(FormulaError, match="too long"):
        formula.sql({path: database.table.c[path[0]] for path in formula.references}, CONTEXT)
