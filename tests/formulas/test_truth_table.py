"""The table of blanks and errors in docs/formulas.md holds in Python, SQLite and PostgreSQL."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

from sqlalchemy import Connection

from dougong.formulas import Context, EvaluationError, FieldInfo, NamedFields, Type, compile
from dougong.formulas.sql.evaluation import SqlEvaluation
from tests.formulas.sql_rows import NOW

PAGE = FilePath(__file__).parents[2] / "docs" / "formulas.md"
STORED = NamedFields({("n",): FieldInfo(Type.NUMBER, 9, 2), ("zero",): FieldInfo(Type.NUMBER, 9, 2)})
"""What `x` is in the columns of the table: a field that is blank, and a formula field that divides by zero."""
BLANK = NamedFields({("x",): FieldInfo(Type.NUMBER, formula=compile("n", STORED))})
FAILING = NamedFields({("x",): FieldInfo(Type.NUMBER, formula=compile("1 / zero", STORED))})
SAID = {"blank": None, "true": True, "false": False, "error": "error", '"a"': "a"}
ROW = {("n",): None, ("zero",): Decimal(0)}


def _rows() -> list[tuple[str, str, str]]:
    table = PAGE.read_text("utf-8").partition("<!-- truth -->")[2].partition("<!-- /truth -->")[0]
    lines = [line.strip("|").split(" | ") for line in table.strip().splitlines()[2:]]
    return [(text, blank.strip(), failing.strip()) for cells, blank, failing in lines for text in _formulas(cells)]


def _formulas(cells: str) -> list[str]:
    return re.findall("`([^`]+)`", cells)


def _meant(said: str) -> Any:
    return SAID[said] if said in SAID else Decimal(said)


def test_the_table_of_blanks_and_errors_holds(connection: Connection) -> None:
    """Each cell, on all three evaluations."""
    rows, in_sql = _rows(), SqlEvaluation(connection)
    assert len(rows) > 30
    for text, *cells in rows:
        for scope, said in zip((BLANK, FAILING), cells, strict=True):
            formula = compile(text, scope)
            for evaluate in (formula.evaluate, lambda row, context, formula=formula: in_sql(formula, row, context)):
                try:
                    found: Any = evaluate(ROW, Context(now=NOW))
                except EvaluationError:
                    found = "error"
                assert found == _meant(said), (text, said)
