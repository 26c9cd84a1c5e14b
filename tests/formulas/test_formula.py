"""A compiled formula: what it knows of itself, and how it evaluates."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dougong.base.errors import FormulaError
from dougong.formulas import (
    Blanks,
    Context,
    EvaluationError,
    Failure,
    FieldInfo,
    Formula,
    NamedFields,
    Path,
    Type,
    compile,
)

NUMBER, TEXT = FieldInfo(Type.NUMBER), FieldInfo(Type.TEXT)


def formula(text: str, *, blanks: Blanks = "blank", result: str | None = None, **fields: FieldInfo) -> Formula:
    known = {tuple(name.split("__")): info for name, info in fields.items()}
    return compile(text, NamedFields(known), result, blanks)


def test_it_knows_what_it_reads() -> None:
    made = formula("Amount * account.RATE + amount", amount=NUMBER, account__rate=NUMBER)
    assert made.references == (("amount",), ("account", "rate"))
    assert made.functions == {"*", "+"}
    assert made.type is Type.NUMBER
    assert made.source == "Amount * account.RATE + amount"


def test_text_is_canonical() -> None:
    made = formula("/* why */ if( (a=1)&&not b ,(a+1)*2,a-(a-1))", a=NUMBER, b=FieldInfo(Type.BOOLEAN))
    assert made.text == "IF(a = 1 && NOT(b), (a + 1) * 2, a - (a - 1))"


@pytest.mark.parametrize(
    ("text", "uses_clock", "uses_user", "save_only"),
    [
        ("amount", False, False, False),
        ("TODAY()", True, True, False),
        ("NOW()", True, False, False),
        ("$user.name", False, True, False),
        ("ISNEW()", False, False, True),
        ("ISCHANGED(amount)", False, False, True),
    ],
)
def test_it_knows_what_it_depends_on(text: str, uses_clock: bool, uses_user: bool, save_only: bool) -> None:
    made = compile(text, NamedFields({("amount",): NUMBER, ("$user", "name"): TEXT}))
    assert (uses_clock, uses_user, save_only) == (made.uses_clock, made.uses_user, made.save_only)


def test_formula_fields_are_put_in_their_place() -> None:
    """Over a relation too: what the inner formula reads is read from the parent."""
    net = formula("gross - gross * tax", gross=NUMBER, tax=NUMBER)
    total = formula("order.net * count", count=NUMBER, order__net=FieldInfo(Type.NUMBER, formula=net))
    outer = formula("line.total + 1", line__total=FieldInfo(Type.NUMBER, formula=total))
    assert outer.references == (("line", "order", "gross"), ("line", "order", "tax"), ("line", "count"))
    values = {
        ("line", "order", "gross"): Decimal(100),
        ("line", "order", "tax"): Decimal("0.2"),
        ("line", "count"): 3,
    }
    assert outer.evaluate(values) == 241


def test_a_formula_field_keeps_its_own_blanks() -> None:
    inner = formula("a + 1", a=NUMBER)
    assert formula("f", f=FieldInfo(Type.NUMBER, formula=inner)).evaluate({}) is None
    assert formula("f", blanks="zero", f=FieldInfo(Type.NUMBER, formula=inner)).evaluate({}) == 0
    zero = formula("a + 1", blanks="zero", a=NUMBER)
    assert formula("f", f=FieldInfo(Type.NUMBER, formula=zero)).evaluate({}) == 1


def test_expansion_is_limited() -> None:
    """Formula fields that double at each step are refused before they fill the memory."""
    made = formula("a", a=NUMBER)
    with pytest.raises(FormulaError, match="formula-too-large"):
        for _ in range(40):
            made = formula("f + f", f=FieldInfo(Type.NUMBER, formula=made))


def test_a_deep_chain_of_formula_fields_is_limited() -> None:
    made = formula("a", a=NUMBER)
    with pytest.raises(FormulaError, match="formula-too-large"):
        for _ in range(400):
            made = formula("ABS(f)", f=FieldInfo(Type.NUMBER, formula=made))
    assert made.evaluate({("a",): -1}) == 1


def test_a_long_chain_evaluates() -> None:
    """Two thousand terms are no recursion."""
    made = formula("+".join(["a"] * 2000), a=NUMBER)
    assert made.evaluate({("a",): 2}) == 4000
    outer = formula("p.f", p__f=FieldInfo(Type.NUMBER, formula=made))
    assert outer.evaluate({("p", "a"): 2}) == 4000


def test_percent_points_at_the_border() -> None:
    """A field in percent points is a fraction inside; a percent formula yields points."""
    made = formula("amount * rate", amount=NUMBER, rate=FieldInfo(Type.NUMBER, percent=True))
    assert made.evaluate({("amount",): 50, ("rate",): 10}) == 5
    assert formula("a / b", result="percent", a=NUMBER, b=NUMBER).evaluate({("a",): 1, ("b",): 4}) == 25


def test_numbers_are_rounded_at_the_end_only() -> None:
    scope = NamedFields({("a",): NUMBER})
    assert compile("a / 3 * 3", scope, scale=2).evaluate({("a",): 1}) == 1
    assert str(compile("a / 8", scope, scale=2).evaluate({("a",): 1})) == "0.13"
    assert str(compile("-a / 8", scope, scale=2).evaluate({("a",): 1})) == "-0.13"
    assert str(compile("a / 3", scope).evaluate({("a",): 1})) == "0." + "3" * 32


@pytest.mark.parametrize("value", [1.5, True, "1"])
def test_a_number_field_must_give_an_exact_number(value: Any) -> None:
    """Binary fractions never come in unseen."""
    with pytest.raises(TypeError, match="Decimal or int"):
        formula("a + 1", a=NUMBER).evaluate({("a",): value})


@pytest.mark.parametrize(
    ("text", "blank", "zero"),
    [
        ("a", None, 0),
        ("ISBLANK(a)", True, False),
        ("BLANKVALUE(a, 7)", 7, 0),
        ("a + NULL", None, None),
        ("a = 0", None, True),
        ("ISBLANK(t)", True, True),
    ],
)
def test_blanks(text: str, blank: Any, zero: Any) -> None:
    assert formula(text, a=NUMBER, t=TEXT).evaluate({}) == blank
    assert formula(text, blanks="zero", a=NUMBER, t=TEXT).evaluate({}) == zero


def test_values_may_be_a_function() -> None:
    assert formula("a & 'x'", a=TEXT).evaluate(lambda path: path[0] * 2) == "aax"


def test_empty_text_is_blank() -> None:
    assert formula("a", a=TEXT).evaluate({("a",): ""}) is None


def test_a_multi_picklist_may_come_in_any_order() -> None:
    made = formula("INCLUDES(m, 'x')", m=FieldInfo(Type.MULTI_PICKLIST))
    assert made.evaluate({("m",): ("y", "x")}) is True
    assert made.evaluate({("m",): ()}) is False


def test_the_day_is_the_users() -> None:
    moment = datetime(2024, 2, 9, 20, 0, tzinfo=UTC)
    shanghai = Context(now=moment, timezone=ZoneInfo("Asia/Shanghai"))
    assert formula("TODAY()").evaluate({}, shanghai) == date(2024, 2, 10)
    assert formula("DATEVALUE(NOW())").evaluate({}, shanghai) == date(2024, 2, 10)
    assert formula("TEXT(NOW())").evaluate({}, shanghai) == "2024-02-09 20:00:00Z"


def test_the_clock_must_be_given() -> None:
    with pytest.raises(ValueError, match="depends on the clock"):
        formula("TODAY()").evaluate({})


def test_stored_values() -> None:
    made = formula("ISCHANGED(a) && PRIORVALUE(a) < a && NOT ISNEW()", a=NUMBER)
    assert made.evaluate({("a",): 2}, Context(prior={("a",): 1})) is True
    assert made.evaluate({("a",): 2}, Context(prior={("a",): 2})) is False
    assert made.evaluate({("a",): 2}, Context(is_new=True)) is False


def test_line_ends_are_no_change() -> None:
    made = formula("ISCHANGED(t)", t=TEXT)
    assert made.evaluate({("t",): "a\r\nb"}, Context(prior={("t",): "a\nb"})) is False


def test_failures_say_why() -> None:
    with pytest.raises(EvaluationError) as caught:
        formula("1 / a", a=NUMBER).evaluate({("a",): 0})
    assert caught.value.kind is Failure.DIVISION_BY_ZERO
    assert caught.value.kind.reason.to("zh-CN") == "除数为零。"


def test_regular_expressions_take_linear_time() -> None:
    """A pattern that stops backtracking engines for minutes."""
    made = formula("REGEX(t, '(a*)*b')", t=TEXT)
    assert made.evaluate({("t",): "a" * 50_000}) is False


def test_a_huge_result_is_an_error_not_a_hang() -> None:
    nines = "*".join(["a"] * 300)
    huge: dict[Path, Decimal] = {("a",): Decimal("9" * 39)}
    with pytest.raises(EvaluationError):
        formula(nines, a=NUMBER).evaluate(huge)
    assert formula(f"IFERROR({nines}, 7)", a=NUMBER).evaluate(huge) == 7
    with pytest.raises(EvaluationError):
        formula("LPAD('x', 1000000000)").evaluate({})
