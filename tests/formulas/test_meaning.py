"""What the manual of the language says, statement by statement, in Python, SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection

from dougong.base.errors import FormulaError
from dougong.formulas import Context, EvaluationError, FieldInfo, NamedFields, Path, Type, compile
from dougong.formulas.sql.evaluation import SqlEvaluation
from tests.formulas.manual import COMPARISONS, DATES, LOGIC, NUMBERS, PLUS_MINUS, SYNTAX, TIMES, at, case
from tests.formulas.manual_texts import TEXTS

FIELDS: dict[Path, FieldInfo] = {
    ("n",): FieldInfo(Type.NUMBER, 18, 6),
    ("m",): FieldInfo(Type.NUMBER, 18, 6),
    ("p",): FieldInfo(Type.NUMBER, 7, 2, percent=True),
    ("t",): FieldInfo(Type.TEXT),
    ("u",): FieldInfo(Type.TEXT),
    ("b",): FieldInfo(Type.BOOLEAN),
    ("d",): FieldInfo(Type.DATE),
    ("e",): FieldInfo(Type.DATE),
    ("x",): FieldInfo(Type.DATETIME),
    ("y",): FieldInfo(Type.DATETIME),
    ("c",): FieldInfo(Type.TIME),
    ("k",): FieldInfo(Type.TIME),
    ("s",): FieldInfo(Type.PICKLIST, values=("Hot", "Cold")),
    ("o",): FieldInfo(Type.MULTI_PICKLIST, values=("red", "blue", "light blue")),
}
SCOPE = NamedFields(FIELDS)

CONTEXT = Context(now=at("2024-02-29 08:05:00"))
EVERY = [*SYNTAX, *PLUS_MINUS, *TIMES, *COMPARISONS, *LOGIC, *NUMBERS, *TEXTS, *DATES]


def test_the_manual_holds_everywhere(connection: Connection) -> None:
    """Value, blank and kind of failure."""
    in_sql, wrong = SqlEvaluation(connection), []
    for text, expected, given in EVERY:
        formula = compile(text, SCOPE)
        values = {(name,): given.get(name) for (name,) in FIELDS}
        values[("o",)] = frozenset(given["o"]) if "o" in given else None
        for evaluate in (formula.evaluate, lambda row, context, formula=formula: in_sql(formula, row, context)):
            try:
                found: Any = evaluate(values, CONTEXT)
            except EvaluationError as error:
                found = error.kind
            if found != expected:
                wrong.append((text, given, expected, found))
    assert not wrong


REFUSED = [
    "t & n", '"a" & 1 + 2', "t + n", "n + b", "b < b", "d - x", "n + c", "LEFT(n, 1)", "TEXT(t)", "TEXT(b)",
    "DATEVALUE(d)", "YEAR(x)", "IF(NULL, 1, 2)", "IFS(NULL, 1, 2)", "IFS(b, 1)", "CASE(b, TRUE, 1, 2)",
    "CASE(n, 1, 2)", "CASE(s, t, 1, 2)", "IN(b, TRUE)", "ISBLANK(b)", "ISNUMBER(NULL)", "REGEX(t, NULL)",
    "DATEVALUE(NULL)", "DATETIMEVALUE(NULL)", "TIMEVALUE(NULL)", "ISPICKVAL(s, t)", "INCLUDES(o, t)", "MAX(d, e)",
    "ABS(t)", "NULLVALUE(b, TRUE)", "GEOLOCATION(91, 0)", "GEOLOCATION(0, -181)",
    "GEOLOCATION(n, m) = GEOLOCATION(n, m)", "ISCHANGED(n + 1)", "PRIORVALUE(1)", ".5 + n", "1e3", "'a\nb'", "n +",
    "NOSUCH(n)", "nosuch", "ABS()", "ABS(n, m)", "LEFT(t)", "ROUND(n)", "IF(b, 1)", "IF(b, 1, 'a')", "NOT(n)", "-t",
    "n ^ t", "n && b", "n = t", "b = n", "d = x", "ADDMONTHS(c, 1)", "HOUR(x)", "MOD(n)",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_manual_refuses_is_refused_before_any_record_is_seen(text: str) -> None:
    with pytest.raises(FormulaError):
        compile(text, SCOPE)


IN_A_ZONE = [
    case("DATEVALUE(x)", date(2024, 3, 1), x=at("2024-02-29 16:00:00")),
    case("DATEVALUE(x)", date(2024, 2, 29), x=at("2024-02-29 15:59:59")),
    case("TIMEVALUE(x)", time(16), x=at("2024-02-29 16:00:00")),
    case("ISOWEEK(x)", "#9", x=at("2024-03-03 16:00:00")),
    case("TEXT(x)", "2024-02-29 16:00:00Z", x=at("2024-02-29 16:00:00")),
    case("DATETIMEVALUE(DATEVALUE(x))", at("2024-03-01 00:00:00"), x=at("2024-02-29 16:00:00")),
    case("ADDMONTHS(x, 1)", at("2024-03-31 16:00:00"), x=at("2024-02-29 16:00:00")),
]


def test_the_user_s_zone_decides_the_day_of_a_moment_alone(connection: Connection) -> None:
    """DATEVALUE goes by it; texts, times of day, weeks and months go by GMT."""
    in_sql, context = SqlEvaluation(connection), Context(timezone=ZoneInfo("Asia/Shanghai"))
    for text, expected, given in IN_A_ZONE:
        formula = compile(text, SCOPE)
        row = {(name,): given.get(name) for (name,) in FIELDS}
        assert (formula.evaluate(row, context), in_sql(formula, row, context)) == (expected, expected), (text, given)
