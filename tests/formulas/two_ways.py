"""A table of formulas, evaluated in Python and in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from dougong.formulas import Context, EvaluationError, FieldInfo, NamedFields, Path, compile
from dougong.formulas.sql.evaluation import SqlEvaluation

Case = tuple[str, Mapping[str, Any], Any]
"""A formula, the values of its fields by name (blank where there is none), and its value or kind of failure."""


def hold(connection: Connection, fields: Mapping[Path, FieldInfo], cases: Iterable[Case]) -> None:
    """Fail where a case has another value, or another failure, in Python or in SQL."""
    in_sql = SqlEvaluation(connection)
    for text, given, expected in cases:
        formula = compile(text, NamedFields(fields))
        values = {(name,): given.get(name) for (name,) in fields}
        for evaluate in (formula.evaluate, lambda row, context, formula=formula: in_sql(formula, row, context)):
            try:
                found = evaluate(values, Context())
            except EvaluationError as error:
                found = error.kind
            assert found == expected, (text, given)
