"""What is known of customers, at its edges: in Python, and in SQL on both databases."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection

from dougong.base.errors import FormulaError
from dougong.formulas import FUNCTIONS, FieldInfo, NamedFields, Path, Type, compile
from dougong.formulas.functions.customers import steps_of
from dougong.formulas.sql.customers import CREDIT_SIGNS, CREDIT_WEIGHTS
from tests.formulas import test_business as business
from tests.formulas.two_ways import hold

FIELDS: dict[Path, FieldInfo] = {
    ("days",): FieldInfo(Type.NUMBER, 18, 4),
    ("orders",): FieldInfo(Type.NUMBER, 18, 0),
    ("amount",): FieldInfo(Type.NUMBER, 18, 2),
    ("t",): FieldInfo(Type.TEXT),
}
SCOPE = NamedFields(FIELDS)
STEPS = "'30, 90, 180, 365', '2,4,8,12', '1000, 5000.50, 20000, 100000'"
RFM = f"RFM_SCORE(days, orders, amount, {STEPS})"

SCORES: list[tuple[str | None, str | None, str | None, str | None]] = [
    # At a threshold the better score holds; a hair beyond it, the other.
    ("30", "2", "1000", "522"), ("30.0001", "1", "999.99", "411"), ("90", "3", "5000.49", "422"),
    ("90.5", "4", "5000.50", "333"), ("180", "7", "19999.99", "333"), ("181", "8", "20000", "244"),
    ("365", "11", "99999.99", "244"), ("365.0001", "12", "100000", "155"), ("99999999999999", "999999", "0", "151"),
    # An order of tomorrow is recent; nobody sold less than nothing, but credit notes may have.
    ("-1", "0", "-0.01", "511"), ("0", "0", "0", "511"), ("0", "-3", "-99999999999999.99", "511"),
    ("0", "99999999999999", "9999999999999999.99", "555"),
    (None, "2", "1000", None), ("30", None, "1000", None), ("30", "2", None, None), (None, None, None, None),
]  # fmt: skip
OTHERS: list[tuple[str, Any]] = [
    ("RFM_SCORE(BLANKVALUE(days, 9999), BLANKVALUE(orders, 0), BLANKVALUE(amount, 0), '1,2,3,4', '1,2,3,4', '1,2,3,4')",
     "111"),
    ("RFM_SCORE(-5, 0.5, -0.25, '-10, -5, 0, 5', '-1.5, +0.5, 0.75, 1', '-1,-0.5,-0.25,0')", "434"),
    ("RFM_SCORE(1 / 3, 1 / 3, 1 / 3, '0.3, 0.33, 0.334, 1', '0.3, 0.33, 0.334, 1', '0.3, 0.33, 0.334, 1')", "333"),
    (f"IFERROR(RFM_SCORE(1 / (days - days), 1, 1, {STEPS}), 'none')", None),
    ("LEFT(RFM_SCORE(3, 2, 1, '1,2,3,4', '1,2,3,4', '1,2,3,4'), 1) & '!'", "3!"),
]  # fmt: skip
IDENTITIES = [
    ("11010519491231002X", True), ("11010519491231002x", True), ("110105194912310021", False),
    ("110105194902300021", False), ("11010520000229003X", True), ("110105190002290021", False),
    ("11010519491231002", False), ("11010519491231002XX", False), ("X1010519491231002X", False),
    (" 11010519491231002X", False), ("1101051949123100２X", False), ("11010519491231002X\n", False),
    ("客户", False), ("1", False), ("110105000012310022", False), ("", None), (None, None),
]  # fmt: skip
CODES = [
    ("91350100M000100Y43", True), ("91350100M000100Y34", False), ("91350100M000100Y4", False),
    ("91350100m000100y43", False), ("91350100M000100Y43 ", False), ("91350100M000100Y43\n", False),
    ("I1350100M000100Y43", False), ("000000000000000000", True), ("000000000000000001", False),
    ("９1350100M000100Y43", False), ("社会信用代码社会信用代码社会信用代码", False), ("YYYYYYYYYYYYYYYYYY", False),
    ("", None), (None, None),
]  # fmt: skip


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


CASES: list[tuple[str, dict[str, Any], Any]] = [
    *((RFM, {"days": _number(one), "orders": _number(two), "amount": _number(three)}, found)
      for one, two, three, found in SCORES),
    *((text, {}, found) for text, found in OTHERS),
    *(("IDCARD_VALID(t)", {"t": text}, found) for text, found in IDENTITIES),
    *(("USCC_VALID(t)", {"t": text}, found) for text, found in CODES),
]  # fmt: skip


def test_in_python_and_in_sql(connection: Connection) -> None:
    """Value, blank and kind of failure are one."""
    hold(connection, FIELDS, CASES)


WRONG_STEPS = (
    "", "1,2,3", "1,2,3,4,5", "1,2,2,3", "4,3,2,1", "1;2;3;4", "1,2,3,x", "1,2,3,", "1,2,3,1e3", "1,2,3,１",
    "1,2,3,4 5", "1,2,3,1234567890123456789",
)  # fmt: skip


@pytest.mark.parametrize("steps", WRONG_STEPS)
def test_thresholds_that_are_none_are_told_where_they_stand(steps: str) -> None:
    with pytest.raises(FormulaError) as caught:
        compile(f"RFM_SCORE(days, orders, amount, '1,2,3,4', '{steps}', '1,2,3,4')", SCOPE)
    (problem,) = caught.value.problems
    assert problem.code == "formula-wrong-argument"
    assert problem.reason.to("zh-CN") == f"{steps} 不是界限列表。"


def test_thresholds_stand_in_the_formula() -> None:
    with pytest.raises(FormulaError):
        compile("RFM_SCORE(days, orders, amount, t, '1,2,3,4', '1,2,3,4')", SCOPE)


def test_scores_of_random_customers_are_those_of_counting() -> None:
    """Each score is one more than the thresholds that are met."""
    random_ = random.Random(5)
    formula, recent, often, much = compile(RFM, SCOPE), *(steps_of(each) for each in STEPS.strip("'").split("', '"))
    for _ in range(300):
        days, orders, amount = (Decimal(random_.randrange(-5, top)) for top in (400, 15, 120_000))
        found = formula.evaluate({("days",): days, ("orders",): orders, ("amount",): amount})
        counted = (sum(days <= each for each in recent), sum(each <= orders for each in often))
        assert found == f"{counted[0] + 1}{counted[1] + 1}{sum(each <= amount for each in much) + 1}"


def test_one_last_sign_proves_a_credit_code() -> None:
    """Of the 31 codes with the same first 17 signs exactly one is valid; a sign changed elsewhere is noticed."""
    formula, random_ = compile("USCC_VALID(t)", SCOPE), random.Random(7)
    for _ in range(20):
        start = "".join(random_.choice(CREDIT_SIGNS) for _ in CREDIT_WEIGHTS)
        (valid,) = [start + each for each in CREDIT_SIGNS if formula.evaluate({("t",): start + each})]
        place = random_.randrange(17)
        other = next(each for each in CREDIT_SIGNS if each != valid[place])
        assert not formula.evaluate({("t",): valid[:place] + other + valid[place + 1 :]})


def test_each_business_function_is_tried_at_ten_edges_or_more() -> None:
    """Besides its examples; readings and regions are tables of arguments."""
    texts = [text for text, _, _ in (*business.CASES, *CASES)] + [text for text, _ in business.STATISTICS]
    tried = {"PINYIN": len(business.READINGS), "PHONE_REGION": len(business.REGIONS)}
    for name in (each.name for each in FUNCTIONS.values() if each.group in ("business", "customers")):
        count = tried.get(name) or sum(f"{name}(" in text for text in texts)
        assert count >= 10, (name, count)
