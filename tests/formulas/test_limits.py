"""What a hostile formula can do: be refused, fail with its own error, or be computed. Nothing else ever comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from dougong.base.errors import FormulaError
from dougong.formulas import EvaluationError, Failure, compile
from dougong.formulas.checker import MOST_PROBLEMS
from tests.formulas.sql_rows import CONTEXT, SCOPE, Database, filled, rows, table

VALUES = {("active",): True, ("amount",): Decimal(3), ("name",): "Ada", ("city",): "x"}


@pytest.fixture(scope="module")
def databases(fresh_database_url: Callable[[str], str]) -> Iterator[list[Database]]:
    kinds = (("sqlite", 18), ("postgresql", 39))
    made = [filled(fresh_database_url(kind), digits, table(), rows()[:3]) for kind, digits in kinds]
    yield made
    for each in made:
        each.engine.dispose()


LONG = {
    "or": "||".join(["active"] * 1100),
    "and": "&&".join(["amount > 1"] * 400),
    "both": " || ".join(["active && amount = 3"] * 200),
    "equal": " = ".join(["active"] * 500),
    "sum": "amount" + "".join(f"{'+-'[each % 2]}{each % 7}" for each in range(1100)),
    "product": " * ".join(["1"] * 1100) + " * amount",
    "text": "name" + "&city" * 100,
    "most": f"MAX({','.join(['amount'] * 1500)})",
    "among": f"IN(name, {','.join(repr(str(each)) for each in range(1100))})",
    "among fields": f"IN(name, {','.join(['city'] * 1200)})",
    "any": f"OR({','.join(['amount = 1'] * 1200)})",
    "all": f"AND({','.join(['amount < 10'] * 1200)})",
    "case": f"CASE(amount, {','.join(f'{each},{each}' for each in range(400))}, 0)",
    "ifs": f"IFS({','.join(f'amount={each},{each}' for each in range(200))}, 0)",
    "nested": "IF(active, 1, " * 110 + "2" + ")" * 110,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_what_is_long_is_computed_everywhere(databases: list[Database], text: str) -> None:
    """Evaluated, formatted, explained and translated, however long a chain or a list is."""
    formula = compile(text, SCOPE)
    formula.evaluate(VALUES, CONTEXT)
    assert compile(formula.text, SCOPE).text == formula.text
    assert formula.explain(VALUES, CONTEXT).value == formula.evaluate(VALUES, CONTEXT)
    for database in databases:
        for row, expected, found in database.compare(formula):
            assert expected == found, (database.engine.dialect.name, row)


BRACKETS = {
    "or and": ("active", "({}||active)", "({}&&active)"),
    "comparisons": ("active", "({}=active)", "({}&&active)"),
    "sums and products": ("amount", "({}+1)", "({}*2)"),
}


@pytest.mark.parametrize(("start", "odd", "even"), BRACKETS.values(), ids=BRACKETS)
def test_brackets_in_a_chain_are_levels(start: str, odd: str, even: str) -> None:
    """A chain that goes to and fro between weak and strong operators is deep."""
    text = start
    for index in range(600):
        text = (odd, even)[index % 2].format(text)
    with pytest.raises(FormulaError, match="formula-too-deep"):
        compile(text, SCOPE)


TEXT = 'LPAD(name, 100000, "a")'
HUGE = {
    "joined": ("&".join([TEXT] * 11), Failure.OUT_OF_RANGE),
    "joined just so": (f"LEN({'&'.join([TEXT] * 10)})", None),
    "added": ("+".join([TEXT] * 11), Failure.OUT_OF_RANGE),
    "link": (f"LEN(HYPERLINK({'&'.join([TEXT] * 5)}, {'&'.join([TEXT] * 5)}))", Failure.OUT_OF_RANGE),
    "page": (f"LEN(HTMLENCODE(SUBSTITUTE({'&'.join([TEXT] * 2)}, 'a', '<')))", None),
    "pattern": (f"LIKE(name, {TEXT})", Failure.REGEX_TOO_COMPLEX),
    "pattern given": (f'LIKE(name, "{"%a" * 501}")', Failure.REGEX_TOO_COMPLEX),
}


@pytest.mark.parametrize(("text", "failure"), HUGE.values(), ids=HUGE)
def test_no_text_becomes_longer_than_any_may(databases: list[Database], text: str, failure: Failure | None) -> None:
    formula = compile(text, SCOPE)
    try:
        formula.evaluate(VALUES, CONTEXT)
        found = None
    except EvaluationError as error:
        found = error.kind
    assert found == failure
    for database in databases:
        for row, expected, computed in database.compare(formula):
            assert expected == computed, (database.engine.dialect.name, row)


def test_a_dictionary_is_asked_for_short_texts() -> None:
    assert compile('PINYIN("中" & city)', SCOPE).evaluate(VALUES) == "zhong x"
    with pytest.raises(EvaluationError, match=Failure.OUT_OF_RANGE):
        compile(f"PINYIN({TEXT})", SCOPE).evaluate(VALUES)


def test_not_every_mistake_is_said() -> None:
    with pytest.raises(FormulaError) as caught:
        compile("Amout + " * 2000 + "1", SCOPE)
    assert len(caught.value.problems) == MOST_PROBLEMS


WORK = {
    "measured": (f"{'+'.join(['LEN(city & city & city & city)'] * 30)}", 50_000),
    "given to functions": (f"{'&'.join(['LEFT(UPPER(city), 1)'] * 60)}", 50_000),
    "looked up": (f"{'&'.join(['LEFT(PINYIN(city), 1)'] * 50)}", 900),
    "matched": ("OR(" + ",".join(["CONTAINS(city, 'y')"] * 60) + ")", 100_000),
}


@pytest.mark.parametrize(("text", "length"), WORK.values(), ids=WORK)
def test_no_evaluation_handles_more_text_than_any_may(text: str, length: int) -> None:
    """Many functions over long texts end in time; explained part by part, each has the whole measure to itself."""
    formula = compile(text, SCOPE)
    formula.evaluate({("city",): "x" * (length // 100)}, CONTEXT)
    with pytest.raises(EvaluationError, match=Failure.OUT_OF_RANGE):
        formula.evaluate({("city",): "x" * length}, CONTEXT)
    explained = formula.explain({("city",): "x" * length}, CONTEXT)
    assert explained.failure is Failure.OUT_OF_RANGE
    assert all(step.failure is None for depth, step in explained.lines() if depth > 1 and not step.steps)


def test_a_text_is_found_in_linear_time_among_pairs() -> None:
    """A text of halves that match everywhere between the characters of another is not looked for again and again."""
    found = compile("FIND(city, name)", SCOPE).evaluate(
        {("name",): "\U0001f600" + "\u4142" * 90_000, ("city",): "\u4241" * 45_000}, CONTEXT
    )
    assert found == 0
