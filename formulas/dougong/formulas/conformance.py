"""Runs suites of conformance cases: JSON lines that state a formula, its fields, rows of inputs and the results.

The schema is that of the public cases for the language that this one follows (docs/formulas.md, Conformance).
Nothing here knows a case by its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dougong.base.errors import BadRequest, FormulaError, Place, Problem
from dougong.base.language import msg
from dougong.formulas.evaluation import Context, EvaluationError
from dougong.formulas.formula import Formula, compile
from dougong.formulas.parser import parse
from dougong.formulas.scopes import NamedFields
from dougong.formulas.tree import to_prefix
from dougong.formulas.types import FieldInfo, Path, Type, Value

Outcome = Literal["passed", "failed", "contested", "skipped"]
Case = Mapping[str, Any]

_NOW = datetime(2024, 2, 9, 8, 5, tzinfo=UTC)
"""The few cases that mention the clock do not depend on it."""

_TYPES = {"currency": Type.NUMBER, "percent": Type.NUMBER} | {str(each): each for each in Type}
_ABSOLUTE, _RELATIVE = Decimal("1e-15"), Decimal("1e-14")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one row; a case of kind parse or compile_error counts as one row.

    Skipped is what the back end refuses as not yet supported. It never counts as passed.
    """

    case: str
    formula: str
    outcome: Outcome
    inputs: Mapping[str, Any]
    expected: Any
    found: Any


Evaluate = Callable[[Formula, Mapping[Path, Value], Context], Value]
"""A back end: the value of a formula for a row.

It raises `EvaluationError` where there is none, and `FormulaError` (formula-no-sql) for what it cannot do.
"""


def evaluate_in_python(formula: Formula, values: Mapping[Path, Value], context: Context) -> Value:
    """The Python back end."""
    return formula.evaluate(values, context)


def run(lines: Iterable[str], evaluate: Evaluate = evaluate_in_python) -> Iterator[Result]:
    """The results of every row of every case, in order.

    Raises:
        BadRequest: a line holds no case.
    """
    for case in cases_in(lines, ("id", "kind", "formula")):
        yield from run_case(case, evaluate)


def cases_in(lines: Iterable[str], keys: Iterable[str]) -> Iterator[Case]:
    """The cases of a file, one JSON object a line, each with these keys.

    Raises:
        BadRequest: a line holds something else.
    """
    needed = frozenset(keys)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
        except (ValueError, RecursionError):
            case = None
        if not isinstance(case, dict) or not needed <= case.keys():
            reason = msg("This line is no case: a JSON object with {keys}.", keys=", ".join(sorted(needed)))
            raise BadRequest(Problem(code="case-unread", place=Place(line=number), reason=reason))
        yield case


def run_case(case: Case, evaluate: Evaluate = evaluate_in_python) -> Iterator[Result]:
    """The results of one case."""
    if case["kind"] == "parse":
        yield _result(case, {}, case["tree"], _outcome(lambda: to_prefix(parse(case["formula"]))), str.__eq__)
    elif case["kind"] == "compile_error":
        found = _outcome(lambda: _compiled(case))
        is_refused = isinstance(found, FormulaError)
        yield Result(
            case["id"], case["formula"], "passed" if is_refused else "failed", {}, case["compile_error"], found
        )
    else:
        yield from _rows(case, evaluate)


def _rows(case: Case, evaluate: Evaluate) -> Iterator[Result]:
    formula = _outcome(lambda: _compiled(case))
    zone = ZoneInfo(case["timezone"]) if case.get("timezone") else UTC
    context = Context(now=_NOW, timezone=zone)
    kinds = {each["name"]: each["type"] for each in case["fields"]}
    for row in case["rows"]:
        values = {_path(name): _value(kinds[name], given) for name, given in row["inputs"].items()}
        found = formula
        if isinstance(formula, Formula):
            found = _outcome(lambda formula=formula, values=values: evaluate(formula, values, context))  # type: ignore[misc]
        yield _result(case, row, row["expected"], found, lambda a, b: _agree(case, a, b))


def _result(case: Case, row: Case, expected: Any, found: Any, agree: Callable[[Any, Any], bool]) -> Result:
    outcome: Outcome = "passed" if agree(expected, found) else "contested" if row.get("contested") else "failed"
    if isinstance(found, FormulaError) and {each.code for each in found.problems} == {"formula-no-sql"}:
        outcome = "skipped"
    return Result(case["id"], case["formula"], outcome, row.get("inputs", {}), expected, found)


def _outcome(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except (FormulaError, EvaluationError) as error:
        return error


# -- compiling a case -------------------------------------------------------------------------------------
def _compiled(case: Case) -> Formula:
    blanks = case.get("treat_blanks_as", "blank")
    fields: dict[Path, FieldInfo] = {}
    for each in case["fields"]:
        formula = None
        if each.get("formula"):
            # A formula field passes its fraction on unchanged, so percent is no unit inside.
            formula = compile(each["formula"], NamedFields(fields), None, blanks)
        kind = each["type"]
        fields[_path(each["name"])] = FieldInfo(
            _TYPES[kind],
            each.get("precision"),
            each.get("scale"),
            kind == "percent",
            tuple(each.get("values", ())),
            formula,
        )
    # Of the declared type only the unit matters: some cases declare a date where a date and time results.
    result = "percent" if case.get("result_type") == "percent" else None
    return compile(case["formula"], NamedFields(fields), result, blanks)


def _path(name: str) -> Path:
    return tuple(name.split("."))


# -- values -----------------------------------------------------------------------------------------------
def _value(kind: str, given: Any) -> Value:
    if given is None or given == "":
        return None
    read = _READ.get(kind)
    return read(given) if read else given


_READ: Mapping[str, Callable[[Any], Value]] = {
    "number": Decimal,
    "currency": Decimal,
    "percent": Decimal,
    "date": date.fromisoformat,
    "datetime": lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")),
    "time": time.fromisoformat,
}


def _agree(case: Case, expected: Any, found: Any) -> bool:
    if isinstance(expected, Mapping):
        return isinstance(found, EvaluationError)
    if isinstance(found, Exception):
        return False
    compare = case["compare"]
    if compare == "text":
        return bool((expected or None) == found)
    if compare == "boolean_null_is_false":
        return bool(expected) == bool(found)
    if compare in ("number", "approximate"):
        return _agree_on_number(case, expected, found)
    wanted = _value(compare, expected)
    return type(found) is type(wanted) and bool(found == wanted)


def _agree_on_number(case: Case, expected: Any, found: Any) -> bool:
    if expected is None or found is None:
        return expected is None and found is None
    wanted = Decimal(expected)
    slack = max(_ABSOLUTE, abs(wanted) * _RELATIVE)
    if case["compare"] == "approximate":
        slack = max(slack, Decimal(1).scaleb(-int(case["scale"])))
    return bool(abs(wanted - found) <= slack)
