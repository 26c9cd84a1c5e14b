"""What is known of customers: how good they are by what they buy, and whether the numbers given for them can be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from dougong.base.language import msg
from dougong.formulas.annotations import Boolean, LiteralText, Number, Text
from dougong.formulas.checks import Finding
from dougong.formulas.definition import function
from dougong.formulas.sql import customers
from dougong.formulas.typed import Constant, TypedNode

_STEP = re.compile(r"\s*([+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?)\s*")
STEPS = 4
"""Thresholds between five scores."""


def steps_of(text: str) -> tuple[Decimal, ...]:
    """The thresholds that a text lists.

    Raises:
        ValueError: they are not four numbers between commas, each larger than the one before.
    """
    found = [_STEP.fullmatch(each) for each in text.split(",")]
    steps = tuple(Decimal(each[1]) for each in found if each is not None)
    if len(found) != STEPS or len(steps) != STEPS or any(left >= right for left, right in pairwise(steps)):
        raise ValueError(text)
    return steps


def _rising_steps(arguments: Sequence[TypedNode]) -> Iterator[Finding]:
    """Each of the three lists holds four thresholds."""
    for index, argument in enumerate(arguments[3:], start=3):
        text = argument.value if isinstance(argument, Constant) else None
        try:
            steps_of(str(text or ""))
        except ValueError:
            reason = msg("{text} is no list of thresholds.", text=str(text or ""))
            fix = msg("Write four numbers, each larger than the one before: {example}.", example="'30, 90, 180, 365'")
            yield Finding(index, "formula-wrong-argument", reason, fix)


_RFM = "RFM_SCORE({}, '30, 90, 180, 365', '2, 4, 8, 12', '1000, 5000, 20000, 100000')"


@function(
    "RFM_SCORE",
    sql=customers.rfm_score,
    check=_rising_steps,
    examples=(
        (_RFM.format("12, 9, 7800.50"), "543"),
        (_RFM.format("0, 12, 100000"), "555"),
        (_RFM.format("366, 1, 999.99"), "111"),
        (_RFM.format("NULL, 3, 100"), None),
    ),
)
def rfm_score(
    days: Number,
    orders: Number,
    amount: Number,
    days_steps: LiteralText,
    orders_steps: LiteralText,
    amount_steps: LiteralText,
) -> Text:
    """How recently, how often and for how much a customer buys, 1 to 5 each, 5 the best, as a text such as 543. The
    days since the last order, TODAY() - last_order_on, score 5 up to the first threshold with it, and 1 beyond the
    fourth; orders and amount score 1 below the first, and 5 from the fourth on. Blank where one of the three is:
    BLANKVALUE decides what those who never bought get."""
    recent = 5 - sum(days > step for step in steps_of(days_steps))
    often, much = (
        1 + sum(value >= step for step in steps_of(steps))
        for value, steps in ((orders, orders_steps), (amount, amount_steps))
    )
    return f"{recent}{often}{much}"


# -- numbers that registers give out ----------------------------------------------------------------------
_IDENTITY = re.compile("[0-9]{17}[0-9Xx]")


@function(
    "IDCARD_VALID",
    sql=customers.is_identity,
    examples=(
        ("IDCARD_VALID('11010519491231002X')", True),
        ("IDCARD_VALID('110105194912310021')", False),
        ("IDCARD_VALID('客户')", False),
    ),
)
def is_identity(number: Text) -> Boolean:
    """Whether a text is a resident identity number of 18 digits (GB 11643): its birthday exists and its last sign
    proves the others."""
    if not _IDENTITY.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, customers.IDENTITY_WEIGHTS, strict=False))
    return number[17].upper() == customers.IDENTITY_SIGNS[total % 11]


_CREDIT_CODE = re.compile(f"[{customers.CREDIT_SIGNS}]{{18}}")


@function(
    "USCC_VALID",
    sql=customers.is_credit_code,
    examples=(
        ("USCC_VALID('91350100M000100Y43')", True),
        ("USCC_VALID('91350100M000100Y44')", False),
        ("USCC_VALID('91350100m000100y43')", False),
    ),
)
def is_credit_code(code: Text) -> Boolean:
    """Whether a text is a unified social credit code (GB 32100): 18 digits and capitals, the last of which proves the
    others. It does not say that a company has the code."""
    if not _CREDIT_CODE.fullmatch(code):
        return False
    values = [customers.CREDIT_SIGNS.index(each) for each in code]
    total = sum(value * weight for value, weight in zip(values, customers.CREDIT_WEIGHTS, strict=False))
    rest: int = (total + values[17]) % 31
    return rest == 0
