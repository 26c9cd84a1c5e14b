"""What an evaluation is given, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType

from dougong.base.language import Message, msg
from dougong.formulas.types import Path, Value
from dougong.formulas.working_days import MONDAY_TO_FRIDAY, WorkingCalendar

ReadValue = Callable[[Path], Value]
"""From a field's path to its value; None where blank or where a parent is missing."""

Values = Mapping[Path, Value] | ReadValue


class Failure(StrEnum):
    """Why a formula has no value for a row. People see ``#Error!`` for all of them."""

    DIVISION_BY_ZERO = "division_by_zero"
    NOT_FINITE = "not_a_finite_number"
    OUT_OF_RANGE = "argument_out_of_range"
    DATE_TEXT = "invalid_date_text"
    NUMBER_TEXT = "invalid_number_text"
    TIME_RANGE = "time_out_of_range"
    REGEX = "invalid_regex"
    REGEX_TOO_COMPLEX = "regex_too_complex"
    INTERNAL = "internal"

    @property
    def reason(self) -> Message:
        """The failure in a sentence."""
        return _REASONS[self]


_REASONS = {
    Failure.DIVISION_BY_ZERO: msg("Division by zero."),
    Failure.NOT_FINITE: msg("The result is not a finite number."),
    Failure.OUT_OF_RANGE: msg("An argument is outside the range that its function accepts."),
    Failure.DATE_TEXT: msg("The text is not a date or time in the expected form."),
    Failure.NUMBER_TEXT: msg("The text is not a number."),
    Failure.TIME_RANGE: msg("The time is outside the day."),
    Failure.REGEX: msg("The regular expression is not valid."),
    Failure.REGEX_TOO_COMPLEX: msg("The regular expression is too complex."),
    Failure.INTERNAL: msg("The value cannot be computed."),
}


class EvaluationError(Exception):
    """A formula has no value for this row. `kind` says why."""

    def __init__(self, kind: Failure) -> None:
        """Carry the `kind` of failure."""
        super().__init__(kind.value)
        self.kind = kind


MOST_HANDLED = 5_000_000
"""Characters that the functions of one evaluation may be given and make, all together: some 20 milliseconds of work."""

UNDEFINED = (EvaluationError, ArithmeticError)
"""What compiled code raises where a row has no value: its own error, or one of Python's for an overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a formula may know beside the record.

    `now` is an aware datetime, fixed for one save or one query; needed by TODAY, NOW and TIMENOW alone.
    `timezone` is the user's: it decides TODAY and the day of DATEVALUE(datetime).
    `variables` answers what begins with ``$``: ``("$User", "department")``, ``("$Setup", …)``, ``("$Label", …)``.
    `is_new`, `is_clone` and `prior` (the stored values, None where nothing is stored) come from the save.
    `lookup` answers VLOOKUP: (field to return, field to match, value) to the value found, None where nothing is.
    `currency_rate` answers CURRENCYRATE by ISO code; None for an unknown one.
    `calendar` decides which days are worked and when the fiscal year begins.
    """

    now: datetime | None = None
    timezone: tzinfo = UTC
    variables: Values = field(default_factory=lambda: MappingProxyType({}))
    is_new: bool = False
    is_clone: bool = False
    prior: Values | None = None
    lookup: Callable[[Path, Path, Value], Value] | None = None
    currency_rate: Callable[[str], Value] | None = None
    calendar: WorkingCalendar = MONDAY_TO_FRIDAY


@dataclass(slots=True)  # not frozen: one is made for every evaluation, and a frozen one takes thrice as long
class Row:
    """One evaluation: the record's values, the variables, the stored values and the context, ready to read."""

    read: ReadValue
    read_variable: ReadValue
    read_prior: ReadValue | None
    context: Context
    handled: int = 0
    """Characters that functions have been given and have made so far."""

    def handle(self, characters: int) -> None:
        """Count `characters` more.

        Raises:
            EvaluationError: they are more than one evaluation may take time for.
        """
        self.handled += characters
        if self.handled > MOST_HANDLED:
            raise EvaluationError(Failure.OUT_OF_RANGE)

    @property
    def now(self) -> datetime:
        """The context's moment.

        Raises:
            ValueError: the caller gave none, though the formula says that it `uses_clock`.
        """
        if self.context.now is None:
            raise ValueError("this formula depends on the clock: evaluate it with Context(now=…)")
        return self.context.now


def reader(values: Values) -> ReadValue:
    """`values` as a function."""
    return values if callable(values) else values.get


def row(values: Values, context: Context) -> Row:
    """The row that compiled code reads."""
    prior = None if context.prior is None else reader(context.prior)
    return Row(reader(values), reader(context.variables), prior, context)


Code = Callable[[Row], Value]
"""A compiled expression."""


@dataclass(frozen=True, slots=True)
class FieldCode:
    """What a function receives for a parameter that must be a field of the record itself."""

    path: Path
    read: Code
    read_prior: Code
    """The stored value; None where nothing is stored."""
