"""What the engine alone writes: auto-numbers and roll-ups; and money in the company's currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dougong.base.field_types import FIELD_TYPES
from dougong.engine.columns import Exact
from dougong.engine.fields.auto_number import counter_scope, parse_pattern, pattern_problems
from dougong.engine.fields.choices import allowed_values, choices
from dougong.engine.fields.money import company_amount
from tests.engine.fields.case import CHINESE, STAGES, Case
from tests.engine.fields.cases import CASES

DAY = date(2026, 11, 2)


def _value(path: str) -> str:
    return {"department.code": "SH"}[path]


@pytest.mark.parametrize(
    ("pattern", "counter", "number"),
    [
        ("HT-{YYYY}{MM}-{0001}", 12, "HT-202611-0012"),
        ("{YY}{MM}{DD}{01}", 345, "261102345"),
        ("{department.code}/{0}", 7, "SH/7"),
    ],
)
def test_numbers_are_written(pattern: str, counter: int, number: str) -> None:
    """The date, the fields, the counter with leading zeros."""
    assert parse_pattern(pattern).write(counter, DAY, _value) == number


@pytest.mark.parametrize(
    ("pattern", "reset", "count"),
    [("HT-{0001}", "never", 0), ("HT", "never", 1), ("{01}{02}", "never", 1), ("{Bad Name}{01}", "never", 1),
     ("{01", "never", 2), ("{MM}{01}", "month", 1), ("{YY}{MM}{01}", "month", 0)],
)  # fmt: skip
def test_wrong_patterns_are_named(pattern: str, reset: str, count: int) -> None:
    """No counter, two, unknown braces; a counter that starts anew must show its period."""
    problems = pattern_problems(pattern, reset)
    assert len(problems) == count
    assert all(problem.to("zh-CN") != problem.to("en") for problem in problems)


def test_counters_run_by_period_and_by_field() -> None:
    """Each month and each department counts its own."""
    field = Case(
        name="auto_number",
        values=("x",),
        operands={},
        options={"pattern": "{department.code}{YYYY}{MM}{01}", "reset": "month"},
    ).field
    pattern = parse_pattern(field.options["pattern"])
    assert counter_scope(field, pattern, DAY, _value) == "202611|SH"
    assert counter_scope(field, pattern, date(2026, 12, 1), _value) == "202612|SH"


@pytest.mark.parametrize(
    ("op", "read", "result"),
    [
        ("count", "money", "integer"),
        ("distinct", "lookup", "integer"),
        ("sum", "money", "money"),
        ("sum", "integer", "integer"),
        ("sum", "rating", "integer"),
        ("avg", "integer", "decimal"),
        ("avg", "percent", "percent"),
        ("max", "datetime", "datetime"),
        ("min", "date", "date"),
        ("first", "picklist", "picklist"),
        ("concat", "text", "long_text"),
    ],
)
def test_rollups_take_over_the_type_of_what_they_read(op: str, read: str, result: str) -> None:
    """So that they are stored, filtered, sorted and shown as that."""
    kind = FIELD_TYPES["rollup"].bound({"op": op}, FIELD_TYPES[read])
    assert (kind.result.name, kind.name, kind.writable) == (result, "rollup", False)  # type: ignore[attr-defined]
    assert (kind.numeric, kind.template) == (FIELD_TYPES[result].numeric, f"fields/{result}.html")


def test_a_sum_has_room_for_more_digits_than_what_it_sums() -> None:
    """A decimal of four digits may add up to one of eighteen."""
    small = next(case for case in CASES if case.id == "decimal").field
    kind = FIELD_TYPES["rollup"].bound({"op": "sum"}, small.type)
    field = Case(name="decimal", values=(1,), operands={}, options={"precision": 4, "scale": 1}).field
    column = kind.parts(field)[0].type
    assert isinstance(column, Exact)
    assert (column.precision, column.scale) == (18, 1)


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [
        ("100.00", "7.1234", "712.34"),
        ("0.005", "1", "0.01"),
        ("-0.005", "1", "-0.01"),
        (None, "7", None),
        ("1", None, None),
    ],
)
def test_company_amounts(amount: str | None, rate: str | None, expected: str | None) -> None:
    """At the rate, halves away from zero; nothing without amount or rate."""
    found = company_amount(*(None if each is None else Decimal(each) for each in (amount, rate)))
    assert found == (None if expected is None else Decimal(expected))


def test_choices_follow_record_type_and_controlling_field() -> None:
    """Only what both leave is offered; a controlling field without value leaves nothing."""
    depends = {"field": "kind", "allow": {"tender": ["qualify", "won"], "true": ["lost"]}}
    field = Case(name="picklist", values=("won",), operands={}, picklist=STAGES, options={"depends_on": depends}).field
    assert [each.value for each in choices(field, "tender", ("won", "lost"))] == ["won"]
    assert choices(field, None) == ()
    assert allowed_values(field, True) == {"lost"}
    assert allowed_values(field, ("tender", "x")) == {"qualify", "won"}


def test_formula_results_are_rounded_to_the_field() -> None:
    """What a formula gives is rounded half up before it is read; what people type is refused instead."""
    field = next(case for case in CASES if case.id == "money").field
    assert field.type.coerce(field, field.type.computed(field, Decimal("1.005")), CHINESE) == Decimal("1.01")
