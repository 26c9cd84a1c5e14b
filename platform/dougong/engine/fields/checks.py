"""Texts that can be told to be wrong: numbers with check digits that Chinese business runs on, and names of zones.

| check | what | source |
|---|---|---|
| `credit_code` | unified social credit identifier, 18 characters | GB 32100-2015 |
| `id_card` | resident identity number, 18 digits or X | GB 11643-1999 |
| `bank_card` | card number, 12 to 19 digits | ISO/IEC 7812-1 (Luhn) |
| `tax_no` | taxpayer number: a credit code, or an old one of 15, 18 or 20 characters | State Taxation Administration |
| `time_zone` | name of a time zone, such as Asia/Shanghai | IANA time zone database |
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from dougong.base.field_types import ValueRefused
from dougong.base.language import Message, msg

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ID_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_ID_DIGITS = "10X98765432"
_NOISE = re.compile(r"[\s-]+")


def _compact(text: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).upper()


def _refuse(check: str, reason: Message, fix: Message) -> ValueRefused:
    return ValueRefused(f"check-{check.replace('_', '-')}", reason, fix)


def credit_code_digit(first: str) -> str:
    """The 18th character that belongs to the first 17 of a unified social credit identifier."""
    total = sum(_CREDIT_ALPHABET.index(sign) * weight for sign, weight in zip(first, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_ALPHABET[-total % 31]


def is_credit_code(text: str) -> bool:
    """Whether `text` is a unified social credit identifier, check digit included."""
    if len(text) != 18 or any(sign not in _CREDIT_ALPHABET for sign in text) or not text[2:8].isdigit():
        return False
    return credit_code_digit(text[:17]) == text[17]


def credit_code(text: str) -> str:
    """The identifier in capitals without spaces.

    Raises:
        ValueRefused: the form or the check digit is wrong.
    """
    code = _compact(text)
    if not is_credit_code(code):
        raise _refuse(
            "credit_code",
            msg("“{code}” is no unified social credit code.", code=code[:40]),
            msg("Compare its 18 characters with the business licence; I, O, S, V and Z never occur in it."),
        )
    return code


def id_card(text: str) -> str:
    """The resident identity number without spaces.

    Raises:
        ValueRefused: the form, the date of birth or the check digit is wrong.
    """
    number = _compact(text)
    if not (re.fullmatch(r"[1-9]\d{16}[\dX]", number, re.ASCII) and _is_day(number[6:14]) and _id_digit(number)):
        raise _refuse(
            "id_card",
            msg("“{number}” is no resident identity number.", number=number[:40]),
            msg("Compare its 18 characters with the card."),
        )
    return number


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _id_digit(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return _ID_DIGITS[total % 11] == number[17]


def passes_luhn(digits: str) -> bool:
    """Whether the last of `digits` is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def bank_card(text: str) -> str:
    """The card number without spaces.

    Raises:
        ValueRefused: the length or the check digit is wrong.
    """
    number = _compact(text)
    if not (re.fullmatch(r"\d{12,19}", number, re.ASCII) and passes_luhn(number)):
        raise _refuse(
            "bank_card",
            msg("“{number}” is no bank card number.", number=number[:40]),
            msg("Compare its digits with the card."),
        )
    return number


def tax_no(text: str) -> str:
    """The taxpayer number in capitals without spaces.

    Raises:
        ValueRefused: it is neither a credit code nor of a form that was given out before 2015.
    """
    number = _compact(text)
    if is_credit_code(number) or re.fullmatch(r"\d{6}[0-9A-Z]{9}|\d{6}[0-9A-Z]{14}", number, re.ASCII):
        return number
    if re.fullmatch(r"[1-9]\d{16}[\dX]", number, re.ASCII) and _is_day(number[6:14]) and _id_digit(number):
        return number
    raise _refuse(
        "tax_no",
        msg("“{number}” is no taxpayer number.", number=number[:40]),
        msg("It has 18 characters with a check digit; old ones have 15 or 20. Compare it with the invoice data."),
    )


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(text: str) -> str:
    """The name of a time zone as the IANA database spells it.

    Raises:
        ValueRefused: it has no zone of this name.
    """
    names = _zones()
    if text not in names:
        near = difflib.get_close_matches(text, names, n=1) or ["Asia/Shanghai"]
        raise _refuse(
            "time_zone",
            msg("“{name}” is not the name of a time zone.", name=text[:40]),
            msg("Write a name of the IANA time zone database, such as {zone}.", zone=near[0]),
        )
    return text


CHECKS: Mapping[str, Callable[[str], str]] = {
    "credit_code": credit_code,
    "id_card": id_card,
    "bank_card": bank_card,
    "tax_no": tax_no,
    "time_zone": time_zone,
}
"""By the value of the key `check`: what gives the text in its canonical form or refuses it."""
