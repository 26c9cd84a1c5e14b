"""Numbers out of what people type and files hold: full-width digits, groups, signs, 万 and 亿."""

from __future__ import annotations

import re
import unicodedata
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from dougong.base.field_types import Reading, ValueRefused
from dougong.base.language import msg
from dougong.engine.fields.operators import clip, wrong_kind

_UNITS = {"千": 3, "万": 4, "萬": 4, "百万": 6, "千万": 7, "亿": 8, "億": 8}
_UNIT = re.compile("(百万|千万|千|万|萬|亿|億)$")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_FRACTION = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,4}(?:,\d{4})+)(?:\.\d*)?", re.ASCII)
_SPACES = re.compile(r"[\s'’]+")
LONGEST = 60
EXACT = Context(prec=120)
"""Arithmetic that never rounds a number that may come in."""


def read_number(value: Any, reading: Reading) -> Decimal | None:
    """The number that `value` says; None for blank.

    A binary fraction is taken at its 15 sure digits. `reading.decimal_mark` decides what a comma means.

    Raises:
        ValueRefused: it is no number.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise wrong_kind(value, msg("a number"))
    if isinstance(value, int):
        return Decimal(value) if abs(value) < 10**LONGEST else _refuse(value)
    if isinstance(value, float):
        value = Decimal(format(value, ".15g"))
    if isinstance(value, Decimal):
        return value if value.is_finite() and abs(value.adjusted()) < LONGEST else _refuse(value)
    if not isinstance(value, str):
        raise wrong_kind(value, msg("a number"))
    return _from_text(value, reading)


def is_plain(text: str) -> bool:
    """Whether a text is digits with at most one point: as files and programs write numbers."""
    return _FRACTION.fullmatch(text) is not None


def _from_text(typed: str, reading: Reading) -> Decimal | None:
    if reading.decimal_mark != "," and is_plain(typed):
        return Decimal(typed)
    text = _SPACES.sub("", unicodedata.normalize("NFKC", typed)).replace("−", "-")
    if not text:
        return None
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    if reading.decimal_mark == ",":
        text = text.translate({ord(","): ".", ord("."): ","})
    places = 0
    unit = _UNIT.search(text)
    if unit:
        places, text = _UNITS[unit[1]], text[: unit.start()]
    if len(text) > LONGEST or not (_PLAIN.fullmatch(text) or _GROUPED.fullmatch(text)):
        return _refuse(typed)
    try:
        number = Decimal(text.replace(",", "")).scaleb(places, EXACT)
    except InvalidOperation:
        return _refuse(typed)
    return number if abs(number.adjusted()) < LONGEST or not number else _refuse(typed)


def _refuse(value: Any) -> Decimal:
    raise ValueRefused(
        "value-not-number",
        msg("“{value}” is not a number.", value=clip(value)),
        msg("Write digits, for example 1,234.50."),
    )


def write_number(number: Decimal | int, scale: int, grouping: bool = True, trim: bool = False) -> str:
    """`number` with `scale` decimals, in groups of three unless told otherwise; a real minus sign.

    `trim` leaves out zeros at the end that say nothing: 19.000 is 19.
    """
    text = format(number, f",.{scale}f" if grouping else f".{scale}f")
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    return "−" + text[1:] if text.startswith("-") else text
