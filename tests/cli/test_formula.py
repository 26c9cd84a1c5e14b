"""`dougong formula`, as somebody types it who wonders what a formula means."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dougong.cli.program import program
from dougong.engine.actor import SYSTEM
from dougong.engine.company import Company
from dougong.engine.saving.batch import Create

Dougong = Callable[..., Result]
FIELDS = ("--field", "amount:number=50", "--field", "name:text=abc", "--field", "due:date=2026-02-28")


@pytest.fixture
def dougong(tmp_path: Path) -> Dougong:
    """A function that runs `dougong formula` and gives what it printed."""

    def run(*arguments: str, status: int = 0, **environment: str) -> Result:
        settings = {"DATA_DIR": str(tmp_path / "data"), "LC_ALL": "C", **environment}
        found = CliRunner().invoke(program, ["formula", *arguments], env=settings, catch_exceptions=False)
        assert found.exit_code == status, found.output
        return found

    return run


def test_check_says_what_a_formula_yields_and_reads(dougong: Dougong) -> None:
    said = dougong("check", "if( amount>10, name ,'x' )", *FIELDS).output
    assert 'IF(amount > 10, name, "x")' in said
    assert "Yields: text" in said
    assert "Reads: amount, name" in said
    assert "Depends on the moment" in dougong("check", "TODAY() - due", *FIELDS).output


def test_check_marks_every_mistake_where_it_is(dougong: Dougong) -> None:
    said = dougong("check", "Amout + LEN(3)", *FIELDS, status=1).output
    assert "Amout + LEN(3)\n^\n" in said
    assert f"Amout + LEN(3)\n{' ' * 12}^\n" in said
    assert "Did you mean amount?" in said
    assert "2 problems" in said


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("amount * 2 - 0.5", "99.5"),
        ("ADDMONTHS(due, 1)", "2026-03-31"),
        ("amount > 49", "true"),
        ('name & "!"', "abc!"),
        ("NULLVALUE(NULL, NULL)", ""),
    ],
)
def test_eval(dougong: Dougong, source: str, expected: str) -> None:
    assert dougong("eval", source, *FIELDS).output == f"{expected}\n"


def test_eval_says_why_there_is_no_value(dougong: Dougong) -> None:
    assert "Division by zero." in dougong("eval", "1 / (amount - 50)", *FIELDS, status=1).output


def test_a_field_that_is_none_is_told(dougong: Dougong) -> None:
    wrong = ("amount:nummer=1", "day:date=tomorrow", "n:number=many", "b:boolean=perhaps")
    said = dougong("eval", "1", *(part for each in wrong for part in ("--field", each)), status=1).output
    assert said.count("names no field") == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--record", "1"), "Name the object with --object."),
        (("--object", "opportunity", "--field", "a:number=1"), "An object has its own fields."),
    ],
)
def test_an_option_without_effect_is_told(dougong: Dougong, options: tuple[str, ...], said: str) -> None:
    assert said in dougong("eval", "1", *options, status=1).output


def test_explain_shows_each_part_with_its_value(dougong: Dougong) -> None:
    said = dougong("explain", 'IF(name = "(", LEN(name), (amount + 1) / (amount - 50))', *FIELDS).output
    assert said.splitlines() == [
        'IF(name = "(", LEN(name), (amount + 1) / (amount - 50))  =  #Error! Division by zero.',
        '  name = "("  =  false',
        "    name  =  abc",
        "  LEN(name)  =  3",
        "    name  =  abc",
        "  (amount + 1) / (amount - 50)  =  #Error! Division by zero.",
        "    amount + 1  =  51",
        "      amount  =  50",
        "    amount - 50  =  0",
        "      amount  =  50",
    ]


def test_a_formula_over_a_record_of_the_company(dougong: Dougong, sales: Company, database_kind: str) -> None:
    """Parents are followed, formula fields too, into their own text."""

    def make(unit: Any) -> str:
        customer = unit.records.save([Create("account", {"name": "Aldgate", "record_type": "enterprise"})])
        deal = {"name": "Roof", "record_type": "standard", "amount": "200", "account": customer.changes[0].id}
        return str(unit.records.save([Create("opportunity", deal)]).changes[0].id)

    deal = sales.write(SYSTEM, make)
    url = sales.database.writers.url.render_as_string(hide_password=False)
    given = ("--object", "opportunity", "--record", deal)
    assert dougong("eval", "account.name & name", *given, DATABASE_URL=url).output == "AldgateRoof\n"
    assert "Name one with --record." in dougong("eval", "amount", *given[:2], DATABASE_URL=url, status=1).output
    assert dougong("eval", "1 + 1", *given[:2], DATABASE_URL=url).output == "2\n"
    said = dougong("explain", "amount + 1", *given, DATABASE_URL=url).output
    assert "amount  =  200" in said
    assert "There is no object job." in dougong("check", "1", "--object", "job", DATABASE_URL=url, status=1).output


CASES: list[dict[str, Any]] = [
    {
        "id": "a", "kind": "evaluate", "formula": "n + 1", "result_type": "number", "compare": "number",
        "treat_blanks_as": "zero", "fields": [{"name": "n", "type": "number"}],
        "rows": [{"inputs": {"n": "1"}, "expected": "2"}, {"inputs": {"n": None}, "expected": "1"}],
    },
    {"id": "b", "kind": "compile_error", "formula": "1 +", "fields": [], "compile_error": {"code": "syntax_error"}},
]  # fmt: skip
WRONG = CASES[0] | {"id": "c", "rows": [{"inputs": {"n": "1"}, "expected": "3"}]}


def lines(folder: Path, *cases: dict[str, Any]) -> str:
    """A file of cases."""
    file = folder / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, cases)), "utf-8")
    return str(file)


def test_conformance_ends_with_the_count(dougong: Dougong, database_url: str, tmp_path: Path) -> None:
    """On each back end; the last line is for programs. A wrong row fails the command and is shown."""
    for backend in ("python", "sqlite", "postgresql"):
        if backend == "postgresql" and not database_url.startswith(backend):
            continue
        options = ("--backend", backend)
        found = dougong("conformance", lines(tmp_path, *CASES), *options, DATABASE_URL=database_url).output
        assert found.splitlines()[-1] == "3 passed, 0 failed, 0 skipped"
        found = dougong(
            "conformance", lines(tmp_path, *CASES, WRONG), *options, status=1, DATABASE_URL=database_url
        ).output
        assert found.splitlines()[-1] == "3 passed, 1 failed, 0 skipped"
        assert "c: n + 1" in found
        assert "expected '3', got Decimal('2" in found


def test_corpus_counts_by_stage(dougong: Dougong, tmp_path: Path) -> None:
    formulas = [
        {"object": "o", "name": "good", "formula": "Amount__c * 2", "fields": {"Amount__c": "Currency"}},
        {"object": "o", "name": "typed", "formula": "LEN(Amount__c)", "fields": {"Amount__c": "Formula(Number)"}},
        {"object": "o", "name": "broken", "formula": "1 +", "fields": {}},
        {"object": "o", "name": "open", "formula": "Other__c", "fields": {}, "unresolved": ["Other__c"]},
    ]
    said = dougong("corpus", lines(tmp_path, *formulas)).output.splitlines()
    assert said[:4] == [
        "3 of 4 parse",
        "1 of 2 pass the checker",
        "1 of 1 have SQL for SQLite",
        "1 of 1 have SQL for PostgreSQL",
    ]
    assert any("LEN needs text" in each for each in said)
    assert any("o/broken" in each for each in said)
