"""Exact decimals as texts that sort as the numbers do: what a number is on SQLite where 64 bits may not hold it.

Equal numbers have equal texts, so that a database which compares texts byte by byte compares, sorts, groups and
indexes these numbers. A text is ``0``, or a sign, the exponent in five digits and the digits: 12.5 is ``1`` ``50001``
``125``. For a negative number, which comes the earlier the larger it is, every digit is subtracted from 9 and a
colon, which comes after all digits, ends the text.
"""

from __future__ import annotations

from decimal import Decimal

_MIDDLE = 50_000
"""What is added to an exponent, so that none is negative."""
_NINES = str.maketrans("0123456789", "9876543210")


def encoded(number: Decimal) -> str:
    """The text of `number`."""
    if not number:
        return "0"
    mantissa, _, exponent = format(number, "E").partition("E")
    digits = mantissa.replace(".", "").rstrip("0")
    if digits[0] != "-":
        return f"1{_MIDDLE + int(exponent):05}{digits}"
    return f"-{_MIDDLE - int(exponent):05}{digits[1:].translate(_NINES)}:"


def decoded(text: str) -> Decimal:
    """The number that `encoded` made `text` of."""
    if text[0] == "1":
        return Decimal(f"{text[6]}.{text[7:]}E{int(text[1:6]) - _MIDDLE}")
    if text[0] == "0":
        return Decimal(0)
    digits = text[6:-1].translate(_NINES)
    return Decimal(f"-{digits[0]}.{digits[1:]}E{_MIDDLE - int(text[1:6])}")
