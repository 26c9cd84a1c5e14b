"""What the SQL translation takes of the public conformance cases holds on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Select, Text, bindparam, cast, create_engine, false, select
from sqlalchemy.types import TypeEngine

from dougong.base.errors import FormulaError, Problem
from dougong.base.language import msg
from dougong.engine.columns import Clock, Day, Exact, Instant
from dougong.formulas import Context, EvaluationError, Failure, Formula, Path, Type, Value
from dougong.formulas.conformance import Result, run
from dougong.formulas.typed import Field, walk
from tests.formulas.test_conformance import CASES, KNOWN_GAPS

WHOLE, SCALE = 10, 4
"""Digits of the number columns; rows with other numbers are skipped."""

TYPES: Mapping[Type, TypeEngine[Any]] = {
    Type.TEXT: Text(),
    Type.PICKLIST: Text(),
    Type.ID: Text(),
    Type.NUMBER: Exact(WHOLE + SCALE, SCALE),
    Type.BOOLEAN: Boolean(),
    Type.DATE: Day(),
    Type.DATETIME: Instant(),
    Type.TIME: Clock(),
}


class SqlBackEnd:
    """Evaluates formulas by selecting them from parameters in place of columns."""

    def __init__(self, connection: Connection, digits: int) -> None:
        self.connection, self.digits = connection, digits
        self.statements: dict[int, tuple[Formula, Select[Any]]] = {}

    def __call__(self, formula: Formula, values: Mapping[Path, Value], context: Context) -> Value:
        if id(formula) not in self.statements:
            self.statements[id(formula)] = (formula, self.statement(formula, context))
        statement = self.statements[id(formula)][1]
        given = {".".join(path): stored(values.get(path)) for path in formula.references}
        row = self.connection.execute(statement, given).one()
        if row.error:
            raise EvaluationError(Failure.INTERNAL)
        return row.value

    def statement(self, formula: Formula, context: Context) -> Select[Any]:
        infos = {each.path: each.info for each in walk(formula.node) if isinstance(each, Field)}
        columns = {
            path: cast(bindparam(".".join(path), type_=TYPES[info.type]), TYPES[info.type])
            for path, info in infos.items()
        }
        value = formula.sql(columns, context, digits=self.digits)
        error = formula.sql_error(columns, context, digits=self.digits)
        return select(value.label("value"), (false() if error is None else error).label("error"))


def stored(value: Value) -> Value:
    """The value as a column keeps it, or a refusal of what this suite's columns do not keep."""
    if isinstance(value, Decimal):
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int) or -exponent > SCALE or len(digits) + exponent > WHOLE:
            raise FormulaError(Problem(code="formula-no-sql", reason=msg("The value cannot be computed.")))
    return value


@pytest.fixture(scope="module", params=[("sqlite", 18), ("postgresql", 39)], ids=lambda each: str(each[0]))
def results(request: pytest.FixtureRequest, fresh_database_url: Callable[[str], str]) -> Iterator[list[Result]]:
    if not CASES.exists():
        pytest.skip(f"the conformance cases are not at {CASES}")
    kind, digits = request.param
    engine = create_engine(fresh_database_url(kind))
    with engine.connect() as connection, CASES.open(encoding="utf-8") as lines:
        evaluable = (line for line in lines if '"kind": "evaluate"' in line)
        yield list(run(evaluable, SqlBackEnd(connection, digits)))
    engine.dispose()


def test_what_is_translated_holds(results: list[Result]) -> None:
    wrong = [each for each in results if each.outcome == "failed" and each.case not in KNOWN_GAPS]
    assert not wrong, "\n".join(
        f"{each.case}: {each.formula} {dict(each.inputs)}: expected {each.expected}, got {each.found}" for each in wrong
    )


def test_enough_is_translated(results: list[Result]) -> None:
    """What has been translated stays so: about a third of all rows, the others being refused and not counted."""
    counts = Counter(each.outcome for each in results)
    assert counts["passed"] >= 2_500, counts
