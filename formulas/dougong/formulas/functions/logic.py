"""Conditions and choices. Most are lazy: what is not needed is not computed."""

from __future__ import annotations

from decimal import Decimal

from dougong.formulas.annotations import (
    Blankable,
    Boolean,
    Chosen,
    Date,
    DateTime,
    LazyBoolean,
    LazyCommon,
    LazyCondition,
    Matched,
    Measured,
    MultiPicklist,
    Number,
    Picklist,
    Place,
    Text,
    Time,
)
from dougong.formulas.checks import known_values, literal_values
from dougong.formulas.definition import function
from dougong.formulas.evaluation import UNDEFINED, Code, Failure, Row
from dougong.formulas.sql import logic
from dougong.formulas.types import Value


@function("AND", sql=logic.all_of, lazy=True, examples=(("AND(TRUE, 1 = 1)", True), ("AND(FALSE, 1/0 = 0)", False)))
def and_(*conditions: LazyBoolean) -> LazyBoolean:
    """True where every condition is true. Stops at the first that is not; a blank one counts as false."""

    def run(row: Row) -> Value:
        return all(condition(row) for condition in conditions)

    return run


@function("OR", sql=logic.any_of, lazy=True, examples=(("OR(FALSE, 1 = 1)", True), ("OR(TRUE, 1/0 = 0)", True)))
def or_(*conditions: LazyBoolean) -> LazyBoolean:
    """True where at least one condition is true. Stops at the first that is; a blank one counts as false."""

    def run(row: Row) -> Value:
        return any(condition(row) for condition in conditions)

    return run


@function("&&", sql=logic.all_of, lazy=True, examples=(("TRUE && FALSE", False),))
def both(left: LazyBoolean, right: LazyBoolean) -> LazyBoolean:
    """True where both sides are true; the same as AND."""
    return lambda row: bool(left(row)) and bool(right(row))


@function("||", sql=logic.any_of, lazy=True, examples=(("TRUE || FALSE", True),))
def either(left: LazyBoolean, right: LazyBoolean) -> LazyBoolean:
    """True where at least one side is true; the same as OR."""
    return lambda row: bool(left(row)) or bool(right(row))


@function(
    "NOT", sql=logic.negated, examples=(("NOT(TRUE)", False), ("NOT ISBLANK('a')", True), ("NOT(1 = NULL)", None))
)
def not_(condition: Boolean) -> Boolean:
    """True where the condition is false; blank where it is blank. May be written without brackets."""
    return not condition


@function(
    "IF", sql=logic.if_, lazy=True, examples=(("IF(2 > 1, 'more', 'less')", "more"), ("IF(1 > NULL, 1, 2)", Decimal(2)))
)
def if_(condition: LazyCondition, then: LazyCommon, otherwise: LazyCommon) -> LazyCommon:
    """The second argument where the condition is true, else the third. A blank condition counts as false."""
    return lambda row: then(row) if condition(row) else otherwise(row)


@function(
    "IFS",
    sql=logic.ifs,
    lazy=True,
    examples=(("IFS(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"), ("IFS(FALSE, 1, 2)", Decimal(2))),
)
def ifs(condition: tuple[LazyCondition, ...], value: tuple[LazyCommon, ...], otherwise: LazyCommon) -> LazyCommon:
    """The value after the first condition that is true; the last argument where none is."""
    choices = tuple(zip(condition, value, strict=True))

    def run(row: Row) -> Value:
        for test, chosen in choices:
            if test(row):
                return chosen(row)
        return otherwise(row)

    return run


@function(
    "CASE",
    sql=logic.case_,
    examples=(
        ("CASE(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("CASE(NULL, NULL, 1, 2)", Decimal(2)),
        ("CASE(1, 2, 1/0, 3)", Failure.DIVISION_BY_ZERO),
    ),
)
def case(
    expression: Measured | None,
    value: tuple[Measured | None, ...],
    result: tuple[Chosen | None, ...],
    otherwise: Chosen | None,
) -> Chosen:
    """The result that follows the first value equal to the expression; the last argument where none is equal.

    All arguments are computed first, so an error in any of them is an error of the whole. It never yields true/false.
    """
    if expression is None:
        return otherwise
    return next((then for each, then in zip(value, result, strict=True) if each == expression), otherwise)


@function("CASE", sql=logic.case_, check=literal_values, examples=(("CASE('', NULL, 'blank', 'other')", "blank"),))
def case_text(
    expression: Text | Picklist | None,
    value: tuple[Text | None, ...],
    result: tuple[Chosen | None, ...],
    otherwise: Chosen | None,
) -> Chosen:
    """As above, for text and picklists: a blank equals a blank."""
    return next((then for each, then in zip(value, result, strict=True) if each == expression), otherwise)


@function(
    "IN",
    check=known_values,
    sql=logic.in_,
    examples=(("IN('b', 'a', 'b')", True), ("IN(4, 1, 2)", False), ("IN(NULL, 1)", False)),
)
def in_(expression: Matched | None, *values: Matched | None) -> Boolean:
    """True where the first argument equals one of the others. A blank one equals none."""
    return expression is not None and expression in values


@function(
    "ISBLANK", sql=logic.is_blank, examples=(("ISBLANK('')", True), ("ISBLANK(NULL)", True), ("ISBLANK(0)", False))
)
def is_blank(value: Blankable | None) -> Boolean:
    """True where the value is blank. A number field that counts blanks as zero is never blank."""
    return value is None


@function(
    "ISNULL", sql=logic.is_blank, examples=(("ISNULL(NULL)", True), ("ISNULL(NULL + 1)", True), ("ISNULL(1)", False))
)
def is_null(value: Number | Date | DateTime | Time | Picklist | MultiPicklist | Place | None) -> Boolean:
    """True where the value is blank, but never for text. Kept for old formulas: use ISBLANK."""
    return value is None


@function("ISNULL", sql=logic.never, examples=(("ISNULL(NULL & NULL)", False),))
def is_null_text(value: Text | None) -> Boolean:
    """Text is never null."""
    return False


@function(
    "BLANKVALUE",
    sql=logic.or_substitute,
    lazy=True,
    examples=(("BLANKVALUE('', 'none')", "none"), ("BLANKVALUE(3, 4)", Decimal(3))),
)
def blank_value(value: LazyCommon, substitute: LazyCommon) -> LazyCommon:
    """The value, or the substitute where the value is blank."""

    def run(row: Row) -> Value:
        found = value(row)
        return substitute(row) if found is None else found

    return run


@function("NULLVALUE", sql=logic.or_null_substitute, examples=(("NULLVALUE(NULL, 4)", Decimal(4)),))
def null_value(value: Measured | None, substitute: Measured | None) -> Measured:
    """The value, or the substitute where the value is blank; never replaces text. Use BLANKVALUE instead."""
    return substitute if value is None else value


@function("NULLVALUE", sql=logic.first_of, examples=(("NULLVALUE('', 'none')", None),))
def null_value_text(value: Text | None, substitute: Text | None) -> Text | None:
    """The text, even where it is blank."""
    return value


@function(
    "IFERROR",
    sql=logic.unless_error,
    lazy=True,
    examples=(("IFERROR(1/0, 7)", Decimal(7)), ("IFERROR(1/2, 7)", Decimal("0.5"))),
)
def if_error(value: LazyCommon, substitute: LazyCommon) -> LazyCommon:
    """The value, or the substitute where computing the value fails."""
    return _guarded(value, substitute)


def _guarded(value: Code, substitute: Code) -> Code:
    def run(row: Row) -> Value:
        try:
            return value(row)
        except UNDEFINED:
            return substitute(row)

    return run
