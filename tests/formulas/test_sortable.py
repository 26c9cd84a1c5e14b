"""Exact decimals as texts that sort as the numbers do."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from dougong.formulas.sql.sortable import decoded, encoded

NUMBERS = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(-(10**27), 10**27), st.integers(-400, 400)
)


@given(NUMBERS)
@example(Decimal("-0"))
@example(Decimal("1.50"))
@example(Decimal("-1E+308"))
@example(Decimal("1" * 60 + "E-1900"))
def test_the_number_comes_back(number: Decimal) -> None:
    assert decoded(encoded(number)) == number


@given(NUMBERS, NUMBERS | st.integers(-20, 20).map(Decimal))
@example(Decimal("-1.2"), Decimal("-1.23"))
@example(Decimal("1.2"), Decimal("1.20"))
@example(Decimal("0"), Decimal("1E-1900"))
def test_texts_compare_as_the_numbers_do(left: Decimal, right: Decimal) -> None:
    """Equal numbers have one text, whatever zeros they are written with."""
    assert (encoded(left) < encoded(right)) == (left < right)
    assert (encoded(left) == encoded(right)) == (left == right)
