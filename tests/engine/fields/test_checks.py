"""Check digits: numbers that pass, and every single mistyped digit that must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dougong.base.field_types import ValueRefused
from dougong.engine.fields.checks import CHECKS, credit_code_digit
from dougong.engine.fields.codes import ean13_digit

GOOD = [
    ("credit_code", "91330106MA27XL1U5T"[:17] + credit_code_digit("91330106MA27XL1U5"), None),
    ("id_card", "11010519491231002x", "11010519491231002X"),
    ("bank_card", "4111 1111 1111 1111", "4111111111111111"),
    ("tax_no", "110108123456789", None),
    ("tax_no", "11010519491231002X", None),
]


@pytest.mark.parametrize(("check", "text", "canonical"), GOOD)
def test_good_numbers_pass(check: str, text: str, canonical: str | None) -> None:
    """In their canonical form: capitals, no spaces, half width."""
    assert CHECKS[check](text) == (canonical or text)
    assert CHECKS[check](" " + text.lower()) == (canonical or text)


def test_a_time_zone_is_one_of_the_database() -> None:
    """Spelt as there; whoever mistypes one is told the nearest."""
    assert CHECKS["time_zone"]("Europe/Berlin") == "Europe/Berlin"
    for wrong in ("Europe/Berlim", "europe/berlin", "::", "../etc/passwd", "Asia", "x" * 64):
        with pytest.raises(ValueRefused) as refused:
            CHECKS["time_zone"](wrong)
        assert refused.value.code == "check-time-zone"
        assert refused.value.fix is not None
        if "erli" in wrong:
            assert "Europe/Berlin" in str(refused.value.fix.to("en"))


@pytest.mark.parametrize("check", ["credit_code", "id_card", "bank_card"])
def test_a_mistyped_digit_is_found(check: str) -> None:
    """Changing any one digit makes the number wrong."""
    good = CHECKS[check](next(text for name, text, _ in GOOD if name == check))
    for at, digit in ((at, digit) for at in range(len(good)) for digit in "0123456789"):
        wrong = good[:at] + digit + good[at + 1 :]
        if wrong != good:
            with pytest.raises(ValueRefused) as refused:
                CHECKS[check](wrong)
            assert refused.value.code == f"check-{check.replace('_', '-')}"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("credit_code", "9133010"),
        ("credit_code", "O" * 18),
        ("id_card", "110105194913310021"),
        ("bank_card", "41111111111"),
        ("tax_no", "123"),
        ("tax_no", "不是税号"),
    ],
)
def test_bad_numbers_are_refused(check: str, text: str) -> None:
    """Wrong length, letters that do not occur, no such date."""
    with pytest.raises(ValueRefused):
        CHECKS[check](text)


def test_published_examples() -> None:
    """GB 32100-2015's own example, and the EAN of the standard's textbook."""
    assert credit_code_digit("91350100M000100Y4") == "3"
    assert ean13_digit("400638133393") == "1"


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9), st.integers(0, 999999))
def test_credit_codes_that_are_made_pass(organisation: str, region: int) -> None:
    """The digit that is computed is the one that is asked for."""
    first = f"91{region:06d}{organisation}"
    assert CHECKS["credit_code"](first + credit_code_digit(first)) == first + credit_code_digit(first)
