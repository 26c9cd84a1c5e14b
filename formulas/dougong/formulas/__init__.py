"""The formula language: text, checked against a scope, becomes a Python function and an SQL expression.

from dougong.formulas import Context, compile
formula = compile("amount * (1 - discount)", scope, "currency")
formula.evaluate({("amount",): Decimal(100), ("discount",): Decimal(5)})
"""

from dougong.formulas import functions as _functions  # noqa: F401  fills the registry
from dougong.formulas.definition import FUNCTIONS, Function, function
from dougong.formulas.evaluation import Context, EvaluationError, Failure
from dougong.formulas.formula import RESULT_TYPES, Formula, compile
from dougong.formulas.scopes import NamedFields
from dougong.formulas.types import Blanks, FieldInfo, Path, Scope, Type, Value
from dougong.formulas.working_days import MONDAY_TO_FRIDAY, WorkingCalendar

__all__ = [
    "FUNCTIONS",
    "MONDAY_TO_FRIDAY",
    "RESULT_TYPES",
    "Blanks",
    "Context",
    "EvaluationError",
    "Failure",
    "FieldInfo",
    "Formula",
    "Function",
    "NamedFields",
    "Path",
    "Scope",
    "Type",
    "Value",
    "WorkingCalendar",
    "compile",
    "function",
]
