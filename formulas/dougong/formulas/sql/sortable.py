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


class _Prefixes(dict[int, str]):
    """Sign and exponent as text, by exponent: numbers of a column share few."""

    def __init__(self, sign: str, direction: int) -> None:
        self._sign, self._direction = sign, direction

    def __missing__(self, exponent: int) -> str:
        found = self[exponent] = f"{self._sign}{_MIDDLE + self._direction * exponent:05}"
        return found


class _Exponents(dict[str, int]):
    """The exponent, by sign and exponent as text."""

    def __missing__(self, prefix: str) -> int:
        exponent = int(prefix[1:]) - _MIDDLE
        found = self[prefix] = exponent if prefix[0] == "1" else -exponent
        return found


_POSITIVE, _NEGATIVE, _EXPONENTS = _Prefixes("1", 1), _Prefixes("-", -1), _Exponents()


def encoded(number: Decimal) -> str:
    """The text of `number`."""
    if not number:
        return "0"
    digits = str(number).partition("E")[0].replace(".", "").strip("-0")
    if number > 0:
        return _POSITIVE[number.adjusted()] + digits
    return f"{_NEGATIVE[number.adjusted()]}{digits.translate(_NINES)}:"


def decoded(text: str) -> Decimal:
    """The number that `encoded` made `text` of."""
    if text[0] == "1":
        return Decimal(f"{text[6:]}E{_EXPONENTS[text[:6]] + 7 - len(text)}")
    if text[0] == "0":
        return Decimal(0)
    return Decimal(f"-{text[6:-1].translate(_NINES)}E{_EXPONENTS[text[:6]] + 8 - len(text)}")
